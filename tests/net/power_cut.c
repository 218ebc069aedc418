/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into the agent: keeps, in the folder $RILL_SHADOW, what storage is bound to hold at
 * any instant: the content of each file at its last fsync() or fdatasync(), and the names in each
 * folder at its last fsync(). A test that kills the agent and then puts this in the place of
 * what is there has seen a power cut that loses all that may be lost.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* FOLDER/PATH with '%' for each '/', and a name for it while it is not whole. */
static void shadow_of(const char *path, char *to, char *unfinished)
{
	int n = snprintf(to, PATH_MAX, "%s/", getenv("RILL_SHADOW"));

	snprintf(to + n, PATH_MAX - (size_t)n, "%s", path);
	for (char *slash = to + n; *slash; slash++)
		if (*slash == '/')
			*slash = '%';
	snprintf(unfinished, PATH_MAX, "%.*s/.unfinished", n - 1, to);
}

static void copy_file(const char *path, FILE *to)
{
	FILE *from = fopen(path, "rb");
	char block[65536];
	size_t n;

	while (from && (n = fread(block, 1, sizeof block, from)) > 0)
		fwrite(block, 1, n, to);
	if (from)
		fclose(from);
}

static void list_folder(const char *path, FILE *to)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		fprintf(to, "%s\n", entry->d_name);
	if (folder)
		closedir(folder);
}

static void keep(int fd)
{
	char link[64], path[PATH_MAX], to[PATH_MAX], unfinished[PATH_MAX];
	struct stat st;
	ssize_t n;
	FILE *file;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0 || fstat(fd, &st) != 0)
		return;
	path[n] = 0;
	shadow_of(path, to, unfinished);
	file = fopen(unfinished, "wb");
	if (!file)
		abort();
	if (S_ISDIR(st.st_mode))
		list_folder(path, file);
	else
		copy_file(link, file);
	fclose(file);
	rename(unfinished, to);
}

static int sync_and_keep(const char *name, int fd)
{
	int (*original)(int) = NULL;
	int result;

	*(void **)&original = dlsym(RTLD_NEXT, name);
	result = original(fd);
	if (result == 0)
		keep(fd);
	return result;
}

int fsync(int fd)
{
	return sync_and_keep("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_and_keep("fdatasync", fd);
}
