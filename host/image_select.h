/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the one manifest that is meant, among tags, nested indexes and platforms of an OCI
 * layout.
 */
#ifndef RILL_HOST_IMAGE_SELECT_H
#define RILL_HOST_IMAGE_SELECT_H

#include "host/image_store.h"

/* What a spec asks for. */
struct image_wish {
	const char *spec;
	const char *tag; /* or NULL */
	bool by_digest;
	uint8_t digest[RILL_SHA256_SIZE];
	const char *platform; /* or NULL */
};

struct image_candidate {
	struct rill_oci_descriptor descriptor; /* its media_type is the one below */
	char media_type[256], tag[256], full_name[256];
	char os[32], architecture[32], variant[32];
	bool has_platform, wanted;
	unsigned depth;
};

enum rill_code image_select(const struct image_store *store, const struct image_wish *wish,
			    struct image_candidate *chosen, struct rill_error *error);

/* Whether a tag means a name: all of it, or its end behind a '/' or ':'. */
bool image_tag_matches(const char *tag, const char *name);

struct image_platform {
	char text[96];
	struct rill_oci_platform platform; /* points into the text */
};

/* "os/arch[/variant]"; RILL_USAGE. */
enum rill_code image_platform_parse(const char *text, struct image_platform *platform,
				    struct rill_error *error);

#endif
