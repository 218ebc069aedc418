/* SPDX-License-Identifier: Apache-2.0
 *
 * Stored blocks of one length, but for the last.
 */
#include "protocol/deflate_engine.h"

#include <string.h>

struct stored {
	size_t n;
	uint8_t bytes[UINT16_MAX];
};
_Static_assert(sizeof(struct stored) <= RILL_DEFLATE_STATE, "stored blocks need too much memory");

/* A full block waits until it is known whether it is the last. */
static enum rill_code feed(struct rill_deflate *deflate, const uint8_t *bytes, size_t n)
{
	struct stored *s = (void *)deflate->state;
	size_t block = deflate->recipe.block;

	while (n > 0 && deflate->output.code == RILL_OK) {
		size_t some = n < block - s->n ? n : block - s->n;

		memcpy(s->bytes + s->n, bytes, some);
		s->n += some;
		bytes += some;
		n -= some;
		if (n > 0) {
			rill_deflate_put_stored(&deflate->output, false, s->bytes, s->n);
			s->n = 0;
		}
	}
	return deflate->output.code;
}

static enum rill_code finish(struct rill_deflate *deflate)
{
	struct stored *s = (void *)deflate->state;

	if (deflate->recipe.separate && s->n > 0) {
		rill_deflate_put_stored(&deflate->output, false, s->bytes, s->n);
		s->n = 0;
	}
	rill_deflate_put_stored(&deflate->output, true, s->bytes, s->n);
	return rill_deflate_flush(&deflate->output);
}

const struct rill_deflate_engine rill_deflate_stored = {.feed = feed, .finish = finish};
