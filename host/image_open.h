/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two ways to open an image share.
 */
#ifndef RILL_HOST_IMAGE_OPEN_H
#define RILL_HOST_IMAGE_OPEN_H

#include "host/image_select.h"

/* Makes room for `n` layers, all zero. */
enum rill_code image_make_layers(struct image *image, size_t n, struct rill_error *error);

/* Looks at a layer's first bytes. */
void image_layer_look(struct image_layer *layer, const struct image_bytes *blob);

/* Compares what was asked for with what the config says; nothing when `text` is NULL. */
enum rill_code image_check_platform(const struct image *image, const char *text,
				    const struct rill_oci_config *config, struct rill_error *error);

#endif
