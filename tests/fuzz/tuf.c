/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of TUF metadata: the first byte is the role, the rest the file. What a root says of
 * keys, and what targets say of releases, is looked at as if it were trusted.
 */
#include "protocol/release.h"
#include "protocol/tuf_document.h"
#include "protocol/tuf_search.h"
#include "tests/support/must.h"

static void look_at_targets(struct rill_tuf *tuf)
{
	const struct rill_tuf_document *document = &tuf->document[RILL_TUF_TARGETS];
	const struct rill_json *json = &document->json;
	static const uint8_t base[RILL_SHA256_SIZE];
	struct rill_error error;
	uint32_t all = rill_json_get(json, document->body, "targets");

	if (!rill_json_is(json, all, RILL_JSON_OBJECT))
		return;
	for (uint32_t i = rill_json_first(json, all); i; i = rill_json_next(json, all, i)) {
		struct rill_tuf_target target;
		struct rill_release release;
		struct rill_release_delta delta;
		bool found;

		if (rill_tuf_target(tuf, rill_json_string(json, i), &target, &error) != RILL_OK ||
		    rill_release_parse(json, target.custom, &release, &error) != RILL_OK)
			continue;
		must(target.length >= 0 && release.number >= 1);
		rill_release_is_for(json, &release, "board");
		rill_release_find_delta(json, &release, base, &delta, &found, &error);
	}
}

/* The same file as the snapshot and as each role it delegates to. */
static void search(struct rill_tuf *tuf, const uint8_t *bytes, size_t n)
{
	struct rill_tuf_search search;
	struct rill_tuf_target target;
	struct rill_error error;

	rill_tuf_search_start(&search, tuf, "dir/app");
	while (rill_tuf_search_next(&search, &target, &error) == RILL_OK && search.role) {
		must(search.depth <= RILL_TUF_VISITS_MAX && search.meta.version >= 1);
		if (rill_tuf_search_take(&search, bytes, n, &error) != RILL_OK)
			break;
	}
	tuf->document[RILL_TUF_SNAPSHOT] = (struct rill_tuf_document){0};
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	enum rill_tuf_role role = n ? (enum rill_tuf_role)(bytes[0] % RILL_TUF_ROLES)
				    : RILL_TUF_ROOT;
	struct rill_tuf_document document;
	struct rill_tuf_authority authority;
	struct rill_tuf_meta meta;
	struct rill_tuf tuf;
	struct rill_error error;

	rill_tuf_init(&tuf, INT64_MIN); /* nothing has expired */
	if (n < 2 ||
	    rill_tuf_document_parse(&document, role, "x", bytes + 1, n - 1, &error) != RILL_OK)
		return 0;
	must(document.version >= 1);
	authority = rill_tuf_root_authority(&document, role);
	rill_tuf_document_verify(&document, "x", &authority, &error);
	tuf.document[role] = document;
	rill_tuf_meta(&tuf, RILL_TUF_SNAPSHOT, &meta, &error);
	rill_tuf_meta(&tuf, RILL_TUF_TARGETS, &meta, &error);
	if (role == RILL_TUF_TARGETS) {
		look_at_targets(&tuf);
		tuf.document[RILL_TUF_SNAPSHOT] = document;
		search(&tuf, bytes + 1, n - 1);
	}
	rill_tuf_free(&tuf);
	return 0;
}
