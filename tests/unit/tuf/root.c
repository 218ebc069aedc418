/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <stdlib.h>
#include <string.h>

static void a_root_leads_to_the_next(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	plan.version = 2;
	plan.keys[RILL_TUF_ROOT] = SET(ROOT_3);
	/* Signed by only the new, only the old, or for the version after. */
	make_root(&root, &plan, SET(ROOT_3));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures of the 1");
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures of the 1");
	for (int version = 1; version <= 3; version += 2) {
		plan.version = version;
		make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_3));
		refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "follows 1");
	}
	plan.version = 2;
	plan.keys[RILL_TUF_TIMESTAMP] = SET(OTHER);
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_3));
	taken(&tuf, RILL_TUF_ROOT, &root);
	assert_int_equal(tuf.document[RILL_TUF_ROOT].version, 2);
	/* The new root's keys count from now on. */
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "0 good signatures");
	make_meta(&timestamp, "timestamp", 1, FUTURE, "snapshot", 5, NULL, SET(OTHER));
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	plan.version = 3;
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures");
	make_root(&root, &plan, SET(ROOT_3));
	taken(&tuf, RILL_TUF_ROOT, &root);
	rill_tuf_free(&tuf);
}

/* The threshold of the old root and that of the new one both count. */
static void a_new_root_needs_both_thresholds(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	plan.threshold[RILL_TUF_ROOT] = 2;
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_2));
	start(&tuf);
	taken(&tuf, RILL_TUF_ROOT, &root);
	plan.version = 2;
	plan.threshold[RILL_TUF_ROOT] = 1;
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "1 good signatures of the 2");
	plan.threshold[RILL_TUF_ROOT] = 3;
	plan.keys[RILL_TUF_ROOT] |= SET(ROOT_3);
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_2));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "2 good signatures of the 3");
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_2) | SET(ROOT_3));
	taken(&tuf, RILL_TUF_ROOT, &root);
	rill_tuf_free(&tuf);
}

static void an_expired_root_can_only_lead_to_a_new_one(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_ROOT);
	plan.expires = PAST;
	make_root(&root, &plan, SET(ROOT_1));
	taken(&tuf, RILL_TUF_ROOT, &root);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_EXPIRED,
		"root metadata expired at " NOW);
	plan.version = 2;
	make_root(&root, &plan, SET(ROOT_1));
	taken(&tuf, RILL_TUF_ROOT, &root);
	plan.version = 3;
	plan.expires = FUTURE;
	make_root(&root, &plan, SET(ROOT_1));
	taken(&tuf, RILL_TUF_ROOT, &root);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	rill_tuf_free(&tuf);
}

/* Section 5.3.11: what was kept of timestamp and snapshot goes when a key of either is
 * withdrawn, and not otherwise. */
static void withdrawn_keys_let_versions_start_anew(void **state)
{
	static const struct {
		enum rill_tuf_role role;
		unsigned keys;
		bool withdraws;
	} cases[] = {
		{RILL_TUF_TIMESTAMP, SET(OTHER), true},
		{RILL_TUF_SNAPSHOT, SET(OTHER), true},
		{RILL_TUF_TIMESTAMP, SET(TIMESTAMP) | SET(OTHER), false},
		{RILL_TUF_SNAPSHOT, SET(SNAPSHOT) | SET(OTHER), false},
		{RILL_TUF_TARGETS, SET(OTHER), false},
		{RILL_TUF_ROOT, SET(ROOT_3), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct plan plan = usual;
		struct rill_tuf tuf;

		start_before(&tuf, RILL_TUF_ROLES);
		assert_false(tuf.withdrew_keys);
		plan.version = 2;
		plan.keys[cases[i].role] = cases[i].keys;
		make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_3));
		taken(&tuf, RILL_TUF_ROOT, &root);
		assert_int_equal(tuf.withdrew_keys, cases[i].withdraws);
		assert_int_equal(tuf.document[RILL_TUF_TIMESTAMP].version,
				 cases[i].withdraws ? 0 : 5);
		assert_int_equal(tuf.document[RILL_TUF_SNAPSHOT].version,
				 cases[i].withdraws ? 0 : 5);
		rill_tuf_free(&tuf);
	}
}

static void a_root_says_whether_names_have_versions(void **state)
{
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_ROOT);
	assert_false(tuf.consistent);
	taken(&tuf, RILL_TUF_ROOT, &root);
	assert_true(tuf.consistent);
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_leads_to_the_next),
		cmocka_unit_test(a_new_root_needs_both_thresholds),
		cmocka_unit_test(an_expired_root_can_only_lead_to_a_new_one),
		cmocka_unit_test(withdrawn_keys_let_versions_start_anew),
		cmocka_unit_test(a_root_says_whether_names_have_versions),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
