/* SPDX-License-Identifier: Apache-2.0
 *
 * Docker-archives: manifest.json names config and layers by their paths in the archive (the
 * format of "docker save" since 1.10, moby's image/spec/v1.2.md). It has no manifest of its own.
 */
#ifndef RILL_HOST_IMAGE_DOCKER_H
#define RILL_HOST_IMAGE_DOCKER_H

#include "host/image_select.h"

/* Fills in all of the image but layers' blobs that need the config. */
enum rill_code image_docker_open(struct image *image, const struct image_wish *wish,
				 struct rill_error *error);

#endif
