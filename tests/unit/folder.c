/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof *folder);

	*state = folder;
	if (!folder)
		return -1;
	strcpy(folder->path, "/tmp/rill-test.XXXXXX");
	return mkdtemp(folder->path) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int remove_folder(void **state)
{
	struct folder *folder = *state;
	int result = nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(folder);
	return result;
}

const char *folder_path(struct folder *folder, const char *name)
{
	char *path = folder->names[folder->next++ % 8];

	size_t n = strlen(folder->path), length = strlen(name);

	assert_true(n + 1 + length < FOLDER_PATH);
	memcpy(path, folder->path, n);
	path[n] = '/';
	memcpy(path + n + 1, name, length + 1);
	return path;
}

void put_file(const char *path, const void *bytes, size_t n)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	if (n)
		assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

char *get_file(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	char *bytes;

	if (!file)
		fail_msg("there is no %s", path);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*n = (size_t)st.st_size;
	bytes = malloc(*n + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *n, file), *n);
	bytes[*n] = 0;
	fclose(file);
	return bytes;
}

void assert_file(const char *path, const void *bytes, size_t n)
{
	size_t length;
	char *is = get_file(path, &length);

	assert_int_equal(length, n);
	assert_memory_equal(is, bytes, n);
	free(is);
}

bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

unsigned count_files(const char *path)
{
	DIR *folder = opendir(path);
	unsigned count = 0;
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return count;
}
