/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent does with a kind of target: read what is there, put something new beside
 * it, switch, and go back. A kind is one file and one row of the table in kind.c.
 *
 * The order is open, begin, accept, write..., seal, switch_to_new, close; then commit or
 * restore. Nothing that is in use changes before switch_to_new, which is atomic, and a process
 * that starts anew can go on from any point: `reopen` takes up what was written, `position`
 * tells whether the switch has happened, and `commit` and `restore` can be called again.
 *
 * What is installed has one name, a SHA-256: of the file, of the slot's content, of an image's
 * manifest. It may consist of several objects (protocol/delta_header.h), which `read_base`,
 * `write` and `read_new` number in the order of the delta's header; a kind without `accept` has
 * one, number 0.
 */
#ifndef RILL_DEVICE_KIND_H
#define RILL_DEVICE_KIND_H

#include "device/config.h"
#include "protocol/delta_header.h"
#include "protocol/error.h"
#include "protocol/hash.h"
#include <stdbool.h>

/* An installation at work. Each kind has its own structure that begins with this. */
struct install {
	const struct kind *kind;
	bool has_base;
	bool keep; /* what was written stays when it is closed, for `resume` and `reopen` */
	uint64_t base_length;
	uint8_t base_sha256[RILL_SHA256_SIZE]; /* names what is there */
};

/* The last piece of this size is not trusted after a restart, and one more may not have been
 * flushed: at most twice as much, 64 KiB, is written again. */
#define KIND_FLUSH 32768

/* Where a switch that was begun has got to. */
enum kind_position {
	KIND_OLD, /* it has not happened */
	KIND_PENDING, /* it has, and takes effect with the next reboot */
	KIND_NEW, /* the new version is in use */
	KIND_FELL_BACK, /* it took effect, and the boot loader went back to the old one */
	KIND_OTHER, /* neither version is there: somebody else's doing */
};

struct kind {
	const char *name;
	/* The new version is in use only after a reboot: RILL_REBOOT follows the switch. */
	bool reboots;
	/* `commit` removes what was there before: no way back then. */
	bool forgets;

	/* Opens and hashes what is there (perhaps nothing: `has_base`). Refuses here whatever
	 * would make the update fail later, as far as it can be known, so that nothing is
	 * fetched in vain. `target` must outlive the installation. */
	enum rill_code (*open)(struct install **install, const struct target_config *target,
			       struct rill_error *error);
	/* The same for who only wants to know what is there: it takes nothing that an update at
	 * work needs, nor is refused what that holds. NULL: nor does `open`. */
	enum rill_code (*look)(struct install **install, const struct target_config *target,
			       struct rill_error *error);
	enum rill_code (*read_base)(struct install *install, size_t object, uint64_t offset,
				    void *bytes, size_t n, struct rill_error *error);
	/* RILL_WRONG_BASE when what is there is not what was opened. */
	enum rill_code (*check_base)(struct install *install, struct rill_error *error);

	/* Makes room for `length` bytes in all beside it: RILL_NO_SPACE here and not later. */
	enum rill_code (*begin)(struct install *install, uint64_t length, struct rill_error *error);
	/* NULL: it cannot be fetched whole. The same, but what an earlier installation left stays:
	 * its first `*kept` bytes, to which `write` adds. The last `flush` was behind them, or they
	 * are not counted. */
	enum rill_code (*resume)(struct install *install, uint64_t length, uint64_t *kept,
				 struct rill_error *error);
	/* After `begin`: the header of the delta that will be written, whose objects the kind
	 * compares with what is there and with what it expects of the target with this SHA-256.
	 * RILL_SECURITY. NULL: one base object, which is what is there, and one output, the
	 * target. */
	enum rill_code (*accept)(struct install *install, const struct rill_delta_header *header,
				 const uint8_t *sha256, struct rill_error *error);
	/* Adds to an object. Each is written from its start on; the next begins when the one
	 * before is whole. */
	enum rill_code (*write)(struct install *install, size_t object, const void *bytes, size_t n,
				struct rill_error *error);
	/* Makes what was written durable; at multiples of KIND_FLUSH bytes. */
	enum rill_code (*flush)(struct install *install, struct rill_error *error);
	enum rill_code (*read_new)(struct install *install, size_t object, uint64_t offset,
				   void *bytes, size_t n, struct rill_error *error);
	/* Instead of `begin`: takes up what an earlier installation wrote to its end. RILL_IO when
	 * there is nothing. `seal` tells whether it is good. */
	enum rill_code (*reopen)(struct install *install, struct rill_error *error);
	/* Makes it durable, then reads it back from storage: RILL_CORRUPT when it is not what was
	 * signed. May be called again. */
	enum rill_code (*seal)(struct install *install, const uint8_t *sha256,
			       struct rill_error *error);

	/* RILL_WRONG_BASE as check_base. */
	enum rill_code (*switch_to_new)(struct install *install, struct rill_error *error);

	/* Removes what `begin` made, if it was not switched to, nor to be kept; closes. Takes
	 * NULL. */
	void (*close)(struct install *install);

	/* Where the switch from one SHA-256 to another is; `from` is NULL when nothing was there.
	 * `rebooted`: the device was started anew since. NULL: what is there tells. */
	enum rill_code (*position)(const struct target_config *target, const uint8_t *from,
				   const uint8_t *to, bool rebooted, enum kind_position *position,
				   struct rill_error *error);
	/* The new version is good: it stays, whatever that takes. What was there before is kept
	 * for `restore`, if the kind can. NULL: nothing is to be done. */
	enum rill_code (*commit)(const struct target_config *target, struct rill_error *error);
	/* Brings back what was there before the last switch, after comparing it with its SHA-256;
	 * nothing was there when `from` is NULL. RILL_REBOOT: it will be there after a reboot.
	 * RILL_WRONG_BASE: it is gone, or not that, and
	 * there is no point in trying again. */
	enum rill_code (*restore)(const struct target_config *target, const uint8_t *from,
				  struct rill_error *error);
};

extern const struct kind kind_file, kind_image, kind_slot;

const struct kind *kind_of(enum rill_kind kind);

/* Kind's `look`, or `open`. */
enum rill_code kind_look(struct install **install, const struct target_config *target,
			 struct rill_error *error);

/* Kind's `position`, or what `open` finds. */
enum rill_code kind_find(const struct target_config *target, const uint8_t *from, const uint8_t *to,
			 bool rebooted, enum kind_position *position, struct rill_error *error);

#endif
