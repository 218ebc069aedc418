/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_store.h"

#include "host/scratch.h"
#include "host/tar.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Archives of images hold few members: 127 layers of docker's make under 1000. A tar with more
 * than this is something else. */
enum { MEMBERS_MAX = 100000, LINKS_MAX = 8 };

struct entry {
	char *name;
	char *link; /* where it leads, as a name in the archive; NULL for a file */
	const uint8_t *bytes;
	size_t length;
};

struct image_store {
	char *path;
	enum image_kind kind;
	struct image_bytes archive;
	struct entry *entries; /* by name; of equal names the last in the archive */
	size_t entry_count, entry_capacity;
};

void image_bytes_close(struct image_bytes *bytes)
{
	if (bytes->mapping)
		munmap(bytes->mapping, bytes->mapped);
	*bytes = (struct image_bytes){0};
}

static enum rill_code failed(const char *path, const char *what, struct rill_error *error)
{
	return rill_fail(error, RILL_IO, "%s: %s: %s", path, what, strerror(errno));
}

static enum rill_code map_path(const char *path, struct image_bytes *bytes,
			       struct rill_error *error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not hold us */
	void *mapping = NULL;
	enum rill_code code = RILL_OK;
	struct stat st;

	*bytes = (struct image_bytes){0};
	if (fd < 0)
		return failed(path, "open", error);
	if (fstat(fd, &st) != 0)
		code = failed(path, "stat", error);
	else if (!S_ISREG(st.st_mode))
		code = rill_fail(error, RILL_IO, "%s: not a regular file", path);
	else if (st.st_size > 0)
		mapping = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mapping == MAP_FAILED)
		code = failed(path, "map", error);
	close(fd);
	if (code == RILL_OK && mapping)
		*bytes = (struct image_bytes){.bytes = mapping,
					      .length = (size_t)st.st_size,
					      .mapping = mapping,
					      .mapped = (size_t)st.st_size};
	return code;
}

/* Makes "./a//b" and "c/../a/b" to "a/b" in place; false for what leads out of the archive. */
static bool tidy_name(char *name)
{
	char *to = name, *at = name;

	if (*name == '/')
		return false;
	while (*at) {
		size_t n = strcspn(at, "/");
		bool more = at[n] != 0;

		if (n == 2 && memcmp(at, "..", 2) == 0) {
			if (to == name)
				return false;
			while (to > name && *--to != '/')
				;
		} else if (n > 0 && !(n == 1 && *at == '.')) {
			if (to > name)
				*to++ = '/'; /* never ahead of `at` */
			memmove(to, at, n);
			to += n;
		}
		at += n + more;
	}
	*to = 0;
	return to > name;
}

/* The name that a link's text means: symbolic ones count from the folder they are in. */
static char *link_target(const struct tar_entry *member)
{
	const char *slash = strrchr(member->name, '/');
	int folder = member->type == '2' && slash ? (int)(slash - member->name) + 1 : 0;
	char *target;

	if (asprintf(&target, "%.*s%s", folder, member->name, member->link) < 0)
		return NULL;
	if (member->link[0] == '/' || !tidy_name(target))
		*target = 0; /* leads nowhere */
	return target;
}

static enum rill_code add_entry(struct image_store *store, const struct tar_entry *member,
				struct rill_error *error)
{
	bool link = member->type == '1' || member->type == '2';
	struct entry entry = {.bytes = store->archive.bytes + member->data, .length = member->size};
	char *name;

	if (!link && member->type != '0' && member->type != '7')
		return RILL_OK;
	if (store->entry_count == store->entry_capacity) {
		size_t capacity = 2 * store->entry_capacity + 64;
		void *grown = realloc(store->entries, capacity * sizeof *store->entries);

		if (!grown)
			return rill_fail(error, RILL_MEMORY, "%s: no memory", store->path);
		store->entries = grown;
		store->entry_capacity = capacity;
	}
	name = strdup(member->name);
	if (name && !tidy_name(name)) {
		free(name);
		return RILL_OK; /* no name that anybody asks for */
	}
	entry.name = name;
	entry.link = link && name ? link_target(member) : NULL;
	if (!name || (link && !entry.link)) {
		free(name);
		return rill_fail(error, RILL_MEMORY, "%s: no memory", store->path);
	}
	store->entries[store->entry_count++] = entry;
	return RILL_OK;
}

/* The later member is the greater one. */
static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static const struct entry *find_entry(const struct image_store *store, const char *name)
{
	size_t low = 0, high = store->entry_count; /* all below low are <= name */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(store->entries[middle].name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || strcmp(store->entries[low - 1].name, name) != 0)
		return NULL;
	return &store->entries[low - 1];
}

/* Docker's: [{"Config": ..., "Layers": [...]}]. Other things have a manifest.json as well. */
static bool is_docker_manifest(const struct entry *entry)
{
	struct rill_json json = {0};
	struct rill_error ignored;
	uint32_t first = 0;
	bool is;

	if (!entry || rill_oci_parse(&json, entry->bytes, entry->length, &ignored) != RILL_OK)
		return false;
	if (rill_json_is(&json, RILL_JSON_ROOT, RILL_JSON_ARRAY))
		first = rill_json_first(&json, RILL_JSON_ROOT);
	is = rill_json_get(&json, first, "Config") && rill_json_get(&json, first, "Layers");
	rill_json_free(&json);
	return is;
}

static enum rill_code index_archive(struct image_store *store, struct rill_error *error)
{
	struct tar_walker walker;
	struct tar_entry member;
	enum tar_result result;
	enum rill_code code = RILL_OK;
	size_t n = 0;

	tar_start(&walker, store->archive.bytes, store->archive.length);
	while (code == RILL_OK && (result = tar_next(&walker, &member)) != TAR_END) {
		if (result == TAR_DAMAGED)
			return rill_fail(error, RILL_CORRUPT, "%s: offset %zu: %s", store->path,
					 walker.at, walker.why);
		if (++n > MEMBERS_MAX)
			return rill_fail(error, RILL_CORRUPT, "%s: over %d members", store->path,
					 MEMBERS_MAX);
		code = add_entry(store, &member, error);
	}
	if (store->entry_count)
		qsort(store->entries, store->entry_count, sizeof *store->entries, by_name);
	if (find_entry(store, "oci-layout") && find_entry(store, "index.json"))
		store->kind = IMAGE_OCI_ARCHIVE;
	else if (is_docker_manifest(find_entry(store, "manifest.json")))
		store->kind = IMAGE_DOCKER_ARCHIVE;
	return code;
}

static enum rill_code put_scratch(void *context, const uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	return scratch_write(*(int *)context, bytes, n, error);
}

static void ignore_consumed(void *context, const uint8_t *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
}

/* Replaces a compressed archive by its plain bytes. */
static enum rill_code decompress_archive(struct image_store *store, const char *scratch,
					 struct rill_error *error)
{
	struct image_bytes *archive = &store->archive;
	enum compression compression = compression_of(archive->bytes, archive->length);
	struct unpack_sink sink = {.put = put_scratch, .consumed = ignore_consumed};
	struct image_bytes plain = {0};
	enum rill_code code;
	int fd;

	if (compression == COMPRESSION_NONE)
		return RILL_OK;
	code = scratch_open(&fd, scratch, error);
	if (code != RILL_OK)
		return code;
	sink.context = &fd;
	code = unpack(compression, archive->bytes, archive->length, &sink, error);
	if (code == RILL_OK)
		code = scratch_map(fd, &plain, error);
	else
		close(fd);
	if (code != RILL_OK) {
		rill_error_in(error, "%s", store->path);
		return code;
	}
	image_bytes_close(archive);
	*archive = plain;
	return RILL_OK;
}

static enum rill_code open_archive(struct image_store *store, const char *scratch,
				   struct rill_error *error)
{
	enum rill_code code = map_path(store->path, &store->archive, error);

	if (code == RILL_OK)
		code = decompress_archive(store, scratch, error);
	if (code == RILL_OK)
		code = index_archive(store, error);
	if (code == RILL_OK && store->kind == IMAGE_NONE)
		code = rill_fail(error, RILL_CORRUPT,
				 "%s: no image archive: no index.json, no manifest.json of docker",
				 store->path);
	return code;
}

enum rill_code image_store_open(struct image_store **store, const char *path, const char *scratch,
				struct rill_error *error)
{
	struct image_store *it = calloc(1, sizeof *it);
	struct stat st;

	*store = it;
	if (it)
		it->path = strdup(path);
	if (!it || !it->path)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", path);
	if (stat(path, &st) != 0)
		return failed(path, "open", error);
	if (!S_ISDIR(st.st_mode))
		return open_archive(it, scratch, error);
	it->kind = IMAGE_LAYOUT;
	return RILL_OK;
}

void image_store_close(struct image_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < store->entry_count; i++) {
		free(store->entries[i].name);
		free(store->entries[i].link);
	}
	free(store->entries);
	image_bytes_close(&store->archive);
	free(store->path);
	free(store);
}

enum image_kind image_store_is(const struct image_store *store)
{
	return store->kind;
}

/* Whether a compressed tar begins as an archive of an image does. */
static bool begins_as_image(const char *name)
{
	static const char *const names[] = {"blobs/", "oci-layout", "index.json", "manifest.json",
					    "repositories"};

	if (strncmp(name, "./", 2) == 0)
		name += 2;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return strspn(name, "0123456789abcdef") == RILL_SHA256_HEX - 1; /* a layer or config */
}

/* Takes the first block; then stops by an error. */
static enum rill_code put_head(void *context, const uint8_t *bytes, size_t n,
			       struct rill_error *error)
{
	struct buffer *head = context;
	size_t room = TAR_BLOCK - head->length;
	enum rill_code code = buffer_append(head, bytes, n < room ? n : room, error);

	return n < room ? code : rill_fail(error, RILL_NO_SPACE, "this is enough");
}

static bool first_name_is_an_images(const struct image_bytes *bytes)
{
	struct buffer head = {0};
	struct unpack_sink sink = {put_head, ignore_consumed, &head};
	struct rill_error ignored;
	bool is;

	unpack(compression_of(bytes->bytes, bytes->length), bytes->bytes, bytes->length, &sink,
	       &ignored);
	is = head.length == TAR_BLOCK && memchr(head.bytes, 0, TAR_BLOCK) &&
	     begins_as_image((const char *)head.bytes);
	buffer_free(&head);
	return is;
}

enum image_kind image_store_kind(const char *path)
{
	struct image_store *store = NULL;
	struct image_bytes bytes;
	enum image_kind kind = IMAGE_NONE;
	struct rill_error ignored;
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return IMAGE_LAYOUT;
	if (map_path(path, &bytes, &ignored) != RILL_OK)
		return IMAGE_NONE;
	if (compression_of(bytes.bytes, bytes.length) == COMPRESSION_NONE &&
	    image_store_open(&store, path, NULL, &ignored) == RILL_OK)
		kind = store->kind;
	else if (first_name_is_an_images(&bytes)) /* compressed, or damaged further on */
		kind = IMAGE_OCI_ARCHIVE;
	image_store_close(store);
	image_bytes_close(&bytes);
	return kind;
}

enum rill_code image_store_read(const struct image_store *store, const char *name,
				struct image_bytes *bytes, struct rill_error *error)
{
	const struct entry *entry;
	enum rill_code code;
	char *path;

	*bytes = (struct image_bytes){0};
	if (store->kind == IMAGE_LAYOUT) {
		if (asprintf(&path, "%s/%s", store->path, name) < 0)
			return rill_fail(error, RILL_MEMORY, "%s: no memory", store->path);
		code = map_path(path, bytes, error);
		free(path);
		return code;
	}
	entry = find_entry(store, name);
	for (int i = 0; entry && entry->link && i < LINKS_MAX; i++)
		entry = find_entry(store, entry->link);
	if (!entry)
		return rill_fail(error, RILL_IO, "%s: no %s in it", store->path, name);
	if (entry->link)
		return rill_fail(error, RILL_CORRUPT, "%s: %s: over %d links in a row", store->path,
				 name, LINKS_MAX);
	bytes->bytes = entry->bytes;
	bytes->length = entry->length;
	return RILL_OK;
}

void image_blob_name(const uint8_t *sha256, char name[static IMAGE_BLOB_NAME])
{
	static const char folder[] = "blobs/sha256/";

	memcpy(name, folder, sizeof folder);
	rill_hex(sha256, RILL_SHA256_SIZE, name + sizeof folder - 1);
}

enum rill_code image_store_blob(const struct image_store *store,
				const struct rill_oci_descriptor *descriptor, const char *what,
				struct image_bytes *bytes, struct rill_error *error)
{
	char name[IMAGE_BLOB_NAME];
	enum rill_code code;

	image_blob_name(descriptor->sha256, name);
	code = image_store_read(store, name, bytes, error);
	if (code == RILL_OK && bytes->length != descriptor->size) {
		code = rill_fail(error, RILL_CORRUPT, "%s: %s: %zu bytes, not %llu: truncated?",
				 store->path, name, bytes->length,
				 (unsigned long long)descriptor->size);
		image_bytes_close(bytes);
	}
	if (code != RILL_OK)
		rill_error_in(error, "%s", what);
	return code;
}

enum rill_code image_store_document(const struct image_store *store,
				    const struct rill_oci_descriptor *descriptor, const char *what,
				    struct buffer *document, struct rill_error *error)
{
	uint8_t found[RILL_SHA256_SIZE];
	struct image_bytes bytes;
	enum rill_code code = image_store_blob(store, descriptor, what, &bytes, error);

	if (code != RILL_OK)
		return code;
	rill_sha256(bytes.bytes, bytes.length, found);
	if (bytes.length > RILL_OCI_DOCUMENT_MAX)
		code = rill_fail(error, RILL_CORRUPT, "%s: %s: over %u bytes long", store->path,
				 what, RILL_OCI_DOCUMENT_MAX);
	else if (memcmp(found, descriptor->sha256, sizeof found) != 0)
		code = image_digest_differs(store->path, what, descriptor->sha256, found, error);
	else
		code = buffer_append(document, bytes.bytes, bytes.length, error);
	image_bytes_close(&bytes);
	return code;
}

enum rill_code image_digest_differs(const char *path, const char *what, const uint8_t *expected,
				    const uint8_t *found, struct rill_error *error)
{
	char said[RILL_SHA256_HEX], is[RILL_SHA256_HEX];

	rill_hex(expected, RILL_SHA256_SIZE, said);
	rill_hex(found, RILL_SHA256_SIZE, is);
	return rill_fail(error, RILL_CORRUPT, "%s: %s: sha256:%s expected, sha256:%s found", path,
			 what, said, is);
}
