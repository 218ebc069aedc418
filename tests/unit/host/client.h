/* SPDX-License-Identifier: Apache-2.0
 *
 * A repository for a test, and a client that trusts nothing but its root, as a device would.
 */
#ifndef RILL_TESTS_CLIENT_H
#define RILL_TESTS_CLIENT_H

#include "tests/unit/folder.h"

#include "host/repository.h"

/* An empty repository FOLDER/repo and its key FOLDER/key.pem. */
struct site {
	struct folder *folder;
	struct key key;
	struct keyring keyring; /* of that key */
	char path[64];
};

#define with_site(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)
int make_site(void **state);
int remove_site(void **state);

/* Opens the repository, publishes FILE with this content as NAME, commits. */
enum rill_code publish_bytes(struct site *site, const char *name, const void *bytes, size_t n,
			     int64_t release, struct rill_error *error);

/* Makes a repository whose roles all have the one key. */
enum rill_code init_with(const char *path, struct key *key, int64_t days, struct rill_error *error);

/* Loads all metadata from the files, as of now. rill_tuf_free() it, also after a failure. */
enum rill_code client_refresh(const struct site *site, struct rill_tuf *tuf,
			      struct rill_error *error);

/* The published bytes of a target, found and checked by the signed metadata; free() them. */
char *client_get(struct site *site, const struct rill_tuf *tuf, const char *name, size_t *n);

#endif
