/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "image": a container image in an OCI image layout of its own (image_store.h). The target
 * is the image's config, whose digest is the image's ID and names every layer. Layers are read and
 * written plain (protocol/image_delta.h); one that is stored compressed is decompressed first, and
 * the new ones are stored plain, or compressed again as they were published.
 */
#include "device/kind_image.h"

#include "device/durable.h"
#include "device/gunzip.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct image_install *image_of(struct install *install)
{
	return (struct image_install *)install;
}

enum rill_code image_sync_blobs(const struct image_install *image, struct rill_error *error)
{
	return fsync(image->blobs) == 0
		       ? RILL_OK
		       : system_failed(image->blobs_path, "sync the folder", error);
}

/* Drops what belongs to one delta. */
static void forget(struct image_install *image)
{
	size_t n = image->header ? image->header->base_count + image->header->output_count : 0;

	for (size_t i = 0; image->objects && i < n; i++) {
		struct image_object *object = &image->objects[i];

		if (object->fd >= 0)
			close(object->fd);
		if (*object->name)
			unlinkat(image->blobs, object->name, 0);
	}
	for (size_t i = 0; i < RILL_IMAGE_LAYERS; i++) {
		free(image->document[i]);
		image->document[i] = NULL;
		image->document_fill[i] = 0;
	}
	free(image->objects);
	free(image->header);
	image->objects = NULL;
	image->header = NULL;
}

static void image_close(struct install *install)
{
	struct image_install *image = image_of(install);
	struct rill_error ignored;

	if (!image)
		return;
	forget(image);
	if (image->blobs >= 0)
		close(image->blobs);
	stored_image_free(&image->base);
	if (image->begun)
		store_sweep(image->target->path, install->keep, &ignored);
	free(image);
}

/* The layout may not be there yet; then its folder must be. */
static enum rill_code check_folder(const char *path, struct rill_error *error)
{
	char folder[PATH_MAX];
	struct stat st;

	if (strlen(path) + sizeof "/blobs/sha256/." + RILL_SHA256_HEX >= sizeof folder)
		return rill_fail(error, RILL_CONFIG, "%.200s...: too long a path", path);
	snprintf(folder, sizeof folder, "%s", path);
	if (lstat(path, &st) != 0) {
		char *slash = strrchr(folder, '/');

		if (errno != ENOENT)
			return system_failed(path, "look at", error);
		slash[slash == folder] = 0;
	} else if (!S_ISDIR(st.st_mode)) {
		return rill_fail(error, RILL_CONFIG, "%s: not a folder", path);
	}
	return access(folder, W_OK | X_OK) == 0 ? RILL_OK
						: system_failed(folder, "write to", error);
}

static enum rill_code image_open(struct install **install, const struct target_config *target,
				 struct rill_error *error)
{
	struct image_install *image = calloc(1, sizeof *image);
	enum rill_code code;

	*install = NULL;
	if (!image)
		return rill_fail(error, RILL_MEMORY, "no memory");
	image->install.kind = &kind_image;
	image->target = target;
	image->blobs = -1;
	code = check_folder(target->path, error);
	if (code == RILL_OK)
		code = stored_image_read(&image->base, target->path, STORE_INDEX, error);
	if (code == RILL_OK) {
		store_blobs(image->blobs_path, target->path);
		image->install.has_base = image->base.there;
		image->install.base_length = image->base.config_length;
		memcpy(image->install.base_sha256, image->base.manifest.config.sha256,
		       RILL_SHA256_SIZE);
		*install = &image->install;
	} else {
		image_close(&image->install);
	}
	return code;
}

static enum rill_code open_blobs(struct image_install *image, struct rill_error *error)
{
	if (image->blobs < 0)
		image->blobs = open(image->blobs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return image->blobs < 0 ? system_failed(image->blobs_path, "open", error) : RILL_OK;
}

static enum rill_code image_begin(struct install *install, uint64_t length,
				  struct rill_error *error)
{
	struct image_install *image = image_of(install);
	enum rill_code code = store_prepare(image->target->path, error);

	forget(image);
	if (code == RILL_OK)
		code = open_blobs(image, error);
	if (code != RILL_OK)
		return code;
	image->begun = true;
	code = store_sweep(image->target->path, false, error); /* left by a power cut */
	return code == RILL_OK ? need_room(image->blobs, image->target->path, length, error) : code;
}

enum rill_code image_create(const struct image_install *image, struct image_object *object,
			    const uint8_t *sha256, struct rill_error *error)
{
	store_part_name(object->name, sha256);
	object->fd = openat(image->blobs, object->name,
			    O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return object->fd < 0 ? system_failed(image->blobs_path, "create a blob", error) : RILL_OK;
}

static bool is_gzip(int fd)
{
	uint8_t start[3];

	return pread(fd, start, 3, 0) == 3 && start[0] == 0x1f && start[1] == 0x8b && start[2] == 8;
}

/* The plain bytes of a layer that is there, hashed; decompressed beside it if need be. */
static enum rill_code open_layer(const struct image_install *image, size_t layer,
				 const struct rill_object *wanted, struct image_object *object,
				 struct rill_error *error)
{
	char hex[RILL_SHA256_HEX];
	uint8_t sha256[RILL_SHA256_SIZE];
	enum rill_code code = RILL_OK;
	int blob;

	rill_hex(image->base.manifest.layers[layer].sha256, RILL_SHA256_SIZE, hex);
	blob = openat(image->blobs, hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (blob < 0)
		return system_failed(image->blobs_path, "open a layer", error);
	if (is_gzip(blob)) {
		code = need_room(image->blobs, image->target->path, wanted->length, error);
		if (code == RILL_OK)
			code = image_create(image, object, wanted->sha256, error);
		if (code == RILL_OK)
			code = gunzip(blob, object->fd, image->blobs_path, sha256, error);
		close(blob);
	} else {
		struct stat st;

		object->fd = blob;
		code = fstat(blob, &st) != 0
			       ? system_failed(image->blobs_path, "look at a layer", error)
			       : hash_fully(blob, image->blobs_path, (uint64_t)st.st_size, sha256,
					    error);
	}
	if (code == RILL_OK && memcmp(sha256, wanted->sha256, sizeof sha256) != 0)
		code = rill_fail(
			error, RILL_WRONG_BASE,
			"%s: layer %zu (blob %.12s...) is damaged, or compressed otherwise "
			"than by gzip",
			image->target->path, layer + 1, hex);
	return code;
}

static enum rill_code open_base(const struct image_install *image, size_t i,
				struct rill_error *error)
{
	const struct rill_object *wanted = &image->header->base[i];
	const struct stored_image *base = &image->base;

	if (memcmp(wanted->sha256, base->manifest.config.sha256, RILL_SHA256_SIZE) == 0)
		return RILL_OK;
	for (size_t k = 0; k < base->config.diff_id_count; k++)
		if (memcmp(wanted->sha256, base->config.diff_ids[k], RILL_SHA256_SIZE) == 0)
			return open_layer(image, k, wanted, &image->objects[i], error);
	return rill_fail(error, RILL_SECURITY, "the delta is not from this image");
}

static enum rill_code open_objects(struct image_install *image, struct rill_error *error)
{
	const struct rill_delta_header *h = image->header;
	enum rill_code code = RILL_OK;

	for (size_t i = 0; i < h->base_count + h->output_count; i++)
		image->objects[i].fd = -1;
	for (size_t i = 0; i < RILL_IMAGE_LAYERS && code == RILL_OK; i++) {
		image->document[i] = malloc((size_t)h->output[i].length + 1);
		if (!image->document[i])
			code = rill_fail(error, RILL_MEMORY, "no memory");
	}
	for (size_t i = 0; i < h->base_count && code == RILL_OK; i++)
		code = open_base(image, i, error);
	for (size_t i = RILL_IMAGE_LAYERS; i < h->output_count && code == RILL_OK; i++)
		code = image_create(image, &image->objects[h->base_count + i], h->output[i].sha256,
				    error);
	return code;
}

static enum rill_code image_accept(struct install *install, const struct rill_delta_header *header,
				   const uint8_t *sha256, struct rill_error *error)
{
	struct image_install *image = image_of(install);
	enum rill_code code = rill_image_delta_check(header, error);

	if (code != RILL_OK)
		return code;
	if (memcmp(header->output[RILL_IMAGE_CONFIG].sha256, sha256, RILL_SHA256_SIZE) != 0)
		return rill_fail(error, RILL_SECURITY, "the delta is not to the signed target");
	image->header = malloc(sizeof *image->header);
	image->objects = calloc(header->base_count + header->output_count, sizeof *image->objects);
	if (!image->header || !image->objects)
		return rill_fail(error, RILL_MEMORY, "no memory");
	*image->header = *header;
	image->header->chunk_sha256 = NULL; /* the caller's */
	return open_objects(image, error);
}

static enum rill_code image_read_base(struct install *install, size_t object, uint64_t offset,
				      void *bytes, size_t n, struct rill_error *error)
{
	const struct image_install *image = image_of(install);
	int fd = image->objects[object].fd;

	if (fd >= 0)
		return read_fully(fd, image->blobs_path, offset, bytes, n, error);
	if (offset > image->base.config_length || n > image->base.config_length - offset)
		return rill_fail(error, RILL_CORRUPT, "a read behind the config's end");
	memcpy(bytes, image->base.config_bytes + offset, n);
	return RILL_OK;
}

static enum rill_code image_write(struct install *install, size_t object, const void *bytes,
				  size_t n, struct rill_error *error)
{
	struct image_install *image = image_of(install);
	size_t *fill = image->document_fill;

	if (object >= RILL_IMAGE_LAYERS)
		return write_fully(image->objects[image->header->base_count + object].fd,
				   image->blobs_path, bytes, n, error);
	if (n > image->header->output[object].length - fill[object])
		return rill_fail(error, RILL_INTERNAL, "a document that is too long");
	memcpy(image->document[object] + fill[object], bytes, n);
	fill[object] += n;
	return RILL_OK;
}

static enum rill_code image_read_new(struct install *install, size_t object, uint64_t offset,
				     void *bytes, size_t n, struct rill_error *error)
{
	const struct image_install *image = image_of(install);

	if (object >= RILL_IMAGE_LAYERS)
		return read_fully(image->objects[image->header->base_count + object].fd,
				  image->blobs_path, offset, bytes, n, error);
	memcpy(bytes, image->document[object] + offset, n);
	return RILL_OK;
}

static enum rill_code image_reopen(struct install *install, struct rill_error *error)
{
	struct image_install *image = image_of(install);
	struct stored_image prepared;
	enum rill_code code = open_blobs(image, error);

	if (code != RILL_OK)
		return code;
	code = stored_image_read(&prepared, image->target->path, STORE_NEW, error);
	if (code == RILL_OK && !prepared.there)
		code = rill_fail(error, RILL_IO, "%s: there is no prepared image",
				 image->target->path);
	stored_image_free(&prepared);
	image->begun = code == RILL_OK;
	return code;
}

static enum rill_code image_seal(struct install *install, const uint8_t *sha256,
				 struct rill_error *error)
{
	struct image_install *image = image_of(install);
	enum rill_code code = image->header ? image_put_in_place(image, error) : RILL_OK;

	if (code == RILL_OK)
		forget(image);
	return code == RILL_OK ? image_read_back(image, sha256, error) : code;
}

/* Whether the index names what it did. */
static enum rill_code image_check_base(struct install *install, struct rill_error *error)
{
	const struct image_install *image = image_of(install);
	struct stored_image now;
	enum rill_code code = stored_image_read(&now, image->target->path, STORE_INDEX, error);

	if (code == RILL_OK &&
	    (now.there != image->base.there ||
	     memcmp(now.manifest_sha256, image->base.manifest_sha256, RILL_SHA256_SIZE) != 0))
		code = rill_fail(error, RILL_WRONG_BASE,
				 "%s: somebody changed it meanwhile; it is left as it is",
				 image->target->path);
	stored_image_free(&now);
	return code;
}

static enum rill_code open_path(const char *path, int *folder, struct rill_error *error)
{
	*folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *folder < 0 ? system_failed(path, "open", error) : RILL_OK;
}

static enum rill_code image_switch(struct install *install, struct rill_error *error)
{
	struct image_install *image = image_of(install);
	const char *path = image->target->path;
	int folder = -1;
	enum rill_code code = image_check_base(install, error);

	if (code == RILL_OK)
		code = open_path(path, &folder, error);
	if (code != RILL_OK)
		return code;
	unlinkat(folder, STORE_PREVIOUS, 0);
	if (install->has_base && linkat(folder, STORE_INDEX, folder, STORE_PREVIOUS, 0) != 0)
		code = system_failed(path, "keep the previous index", error);
	else if (renameat(folder, STORE_NEW, folder, STORE_INDEX) != 0)
		code = system_failed(path, "rename the new index over the old one", error);
	else if (fsync(folder) != 0)
		code = system_failed(path, "sync the folder", error);
	close(folder);
	return code;
}

/* What only the previous image needed goes. */
static enum rill_code image_commit(const struct target_config *target, struct rill_error *error)
{
	int folder;
	enum rill_code code = open_path(target->path, &folder, error);

	if (code != RILL_OK)
		return code;
	if (unlinkat(folder, STORE_PREVIOUS, 0) != 0 && errno != ENOENT)
		code = system_failed(target->path, "remove the previous index", error);
	/* Blobs go only once nothing can name them any more. */
	else if (fsync(folder) != 0)
		code = system_failed(target->path, "sync the folder", error);
	close(folder);
	return code == RILL_OK ? store_sweep(target->path, false, error) : code;
}

static enum rill_code check_previous(const char *path, const uint8_t *from,
				     struct rill_error *error)
{
	struct stored_image previous;
	enum rill_code code = stored_image_read(&previous, path, STORE_PREVIOUS, error);

	if (code == RILL_OK && (!previous.there || memcmp(previous.manifest.config.sha256, from,
							  RILL_SHA256_SIZE) != 0))
		code = rill_fail(error, RILL_WRONG_BASE,
				 "%s: the previous image is not there any more", path);
	stored_image_free(&previous);
	return code;
}

static enum rill_code image_restore(const struct target_config *target, const uint8_t *from,
				    struct rill_error *error)
{
	const char *path = target->path;
	int folder = -1, result;
	enum rill_code code = from ? check_previous(path, from, error) : RILL_OK;

	if (code == RILL_OK)
		code = open_path(path, &folder, error);
	if (code != RILL_OK)
		return code;
	result = from ? renameat(folder, STORE_PREVIOUS, folder, STORE_INDEX)
		      : unlinkat(folder, STORE_INDEX, 0);
	if (result != 0)
		code = system_failed(path, "bring the previous image back", error);
	else if (fsync(folder) != 0)
		code = system_failed(path, "sync the folder", error);
	close(folder);
	return code == RILL_OK ? store_sweep(path, false, error) : code;
}

const struct kind kind_image = {
	.name = "image",
	.forgets = true,
	.open = image_open,
	.read_base = image_read_base,
	.check_base = image_check_base,
	.begin = image_begin,
	.accept = image_accept,
	.write = image_write,
	.read_new = image_read_new,
	.reopen = image_reopen,
	.seal = image_seal,
	.switch_to_new = image_switch,
	.close = image_close,
	.commit = image_commit,
	.restore = image_restore,
};
