/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent does with a kind of target: read what is there, put something new beside
 * it, switch, and go back. A kind is one file and one row of the table in kind.c.
 *
 * The order is open, begin, write..., seal, switch_to_new, close; then perhaps restore.
 * Nothing that is in use changes before switch_to_new, which is atomic, and a process that
 * starts anew can still restore.
 */
#ifndef RILL_DEVICE_KIND_H
#define RILL_DEVICE_KIND_H

#include "device/config.h"
#include "protocol/error.h"
#include "protocol/hash.h"
#include <stdbool.h>

/* An installation at work. Each kind has its own structure that begins with this. */
struct install {
	const struct kind *kind;
	bool has_base;
	bool keep; /* what was written stays when it is closed, for `resume` */
	uint64_t base_length;
	uint8_t base_sha256[RILL_SHA256_SIZE];
};

/* The last piece of this size is not trusted after a restart, and one more may not have been
 * flushed: at most twice as much, 64 KiB, is written again. */
#define KIND_FLUSH 32768

struct kind {
	const char *name;

	/* Opens and hashes what is there (perhaps nothing: `has_base`). Refuses here whatever
	 * would make the update fail later, as far as it can be known. */
	enum rill_code (*open)(struct install **install, const char *path,
			       struct rill_error *error);
	enum rill_code (*read_base)(struct install *install, uint64_t offset, void *bytes, size_t n,
				    struct rill_error *error);

	/* Makes room for `length` bytes beside it: RILL_NO_SPACE here and not later. */
	enum rill_code (*begin)(struct install *install, uint64_t length, struct rill_error *error);
	/* The same, but what an earlier installation left stays: its first `*kept` bytes, to which
	 * `write` adds. The last `flush` was behind them, or they are not counted. */
	enum rill_code (*resume)(struct install *install, uint64_t length, uint64_t *kept,
				 struct rill_error *error);
	enum rill_code (*write)(struct install *install, const void *bytes, size_t n,
				struct rill_error *error);
	/* Makes what was written durable; at multiples of KIND_FLUSH bytes. */
	enum rill_code (*flush)(struct install *install, struct rill_error *error);
	enum rill_code (*read_new)(struct install *install, uint64_t offset, void *bytes, size_t n,
				   struct rill_error *error);
	/* Makes it durable, then reads it back from storage: RILL_CORRUPT when the SHA-256 is
	 * not the one that was signed. */
	enum rill_code (*seal)(struct install *install, const uint8_t *sha256,
			       struct rill_error *error);

	/* RILL_WRONG_BASE when what is there is not what was opened. */
	enum rill_code (*switch_to_new)(struct install *install, struct rill_error *error);

	/* Removes what `begin` made, if it was not switched to, nor to be kept; closes. Takes
	 * NULL. */
	void (*close)(struct install *install);

	/* Brings back what was there before the last switch; nothing was, unless `had_base`.
	 * RILL_IO when it is gone. */
	enum rill_code (*restore)(const char *path, bool had_base, struct rill_error *error);
};

extern const struct kind kind_file;

const struct kind *kind_of(enum rill_kind kind);

#endif
