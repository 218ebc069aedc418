/* SPDX-License-Identifier: Apache-2.0
 *
 * What `diff` and `patch` do with container images.
 */
#ifndef RILL_HOST_COMMAND_IMAGE_H
#define RILL_HOST_COMMAND_IMAGE_H

#include "host/delta_encode.h"
#include "host/file.h"
#include "host/options.h"
#include <stdbool.h>

/* The images that are there: OLD, then each --base. Start from all zero. */
struct base_images {
	struct image *images;
	size_t count;
};

/* Opens them; of those with several platforms, the one named (or NULL). Release with
 * base_images_close(), also after a failure. The codes of image_open(). */
enum rill_code base_images_open(struct base_images *bases, const char *old,
				const struct text_list *more, const char *platform,
				struct rill_error *error);
void base_images_close(struct base_images *bases);

struct image_diff {
	struct common common;
	struct delta_options options;
	const char *old, *new, *output;
	const struct text_list *bases;
	const char *platform; /* or NULL */
};

/* Whether OLD and NEW are images. RILL_USAGE: only one of them is. */
enum rill_code image_diff_is(const char *old, const char *new, bool *is, struct rill_error *error);
enum rill_code image_diff_run(struct image_diff *diff, struct rill_error *error);

struct image_apply {
	struct common common;
	const char *old, *output;
	const struct input *delta;
	const struct text_list *bases;
	const char *platform; /* or NULL */
	uint64_t budget;
	bool plain;
};

/* Whether a delta is one of images. */
bool image_apply_is(const struct input *delta);
enum rill_code image_apply_run(struct image_apply *apply, struct rill_error *error);

#endif
