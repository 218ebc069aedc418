/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <stdlib.h>
#include <string.h>

static void the_snapshot_is_the_one_that_was_signed(void **state)
{
	static struct text other;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_SNAPSHOT);
	/* Another length; the same length and another hash; rightly signed both. */
	make_snapshot(&other, 5, 123456, &targets);
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "bytes, not");
	other = snapshot;
	other.bytes[0] = ' ';
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "another hash");
	/* Another version, where neither length nor hash is named. */
	make_timestamp(&timestamp, 6, 6, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_SECURITY, "version 5, but 6 was signed");
	make_snapshot(&other, 7, 5, &targets);
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "version 7, but 6 was signed");
	make_meta(&other, "snapshot", 6, FUTURE, "targets", 5, NULL, SET(TARGETS));
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "0 good signatures");
	make_snapshot(&other, 6, 5, &targets);
	taken(&tuf, RILL_TUF_SNAPSHOT, &other);
	/* Targets never get an older version. */
	make_timestamp(&timestamp, 7, 7, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	make_snapshot(&other, 7, 4, NULL);
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "rollback");
	make_meta(&other, "snapshot", 7, FUTURE, "other", 5, NULL, SET(SNAPSHOT));
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "targets.json");
	rill_tuf_free(&tuf);
}

static void a_kept_snapshot_guards_against_a_rollback(void **state)
{
	static struct text old, other;
	struct rill_tuf tuf;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_SNAPSHOT);
	/* Older than the timestamp's: taken, but nothing can be built on it. */
	make_meta(&old, "snapshot", 4, PAST, "targets", 6, NULL, SET(SNAPSHOT));
	refused(&tuf, RILL_TUF_SNAPSHOT, &old, RILL_SECURITY, "snapshot metadata");
	assert_ok(rill_tuf_snapshot(&tuf, old.bytes, old.n, true, &error), &error);
	assert_int_equal(tuf.document[RILL_TUF_SNAPSHOT].version, 4);
	assert_false(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	/* It knows of targets 6; the new one has 5. */
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_SECURITY, "rollback");
	rill_tuf_free(&tuf);

	start_before(&tuf, RILL_TUF_SNAPSHOT);
	/* With the timestamp's version it must be that very file; signed it must be always. */
	make_snapshot(&other, 5, 4, NULL);
	assert_fails(rill_tuf_snapshot(&tuf, other.bytes, other.n, true, &error), RILL_SECURITY,
		     &error, "bytes, not");
	make_meta(&other, "snapshot", 4, FUTURE, "targets", 4, NULL, SET(TARGETS));
	assert_fails(rill_tuf_snapshot(&tuf, other.bytes, other.n, true, &error), RILL_SECURITY,
		     &error, "0 good signatures");
	assert_int_equal(tuf.document[RILL_TUF_SNAPSHOT].version, 0);
	assert_ok(rill_tuf_snapshot(&tuf, snapshot.bytes, snapshot.n, true, &error), &error);
	assert_true(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	taken(&tuf, RILL_TUF_TARGETS, &targets);
	rill_tuf_free(&tuf);
}

static void an_expired_snapshot_leads_nowhere(void **state)
{
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	make_meta(&snapshot, "snapshot", 6, PAST, "targets", 5, &targets, SET(SNAPSHOT));
	make_timestamp(&timestamp, 6, 6, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_EXPIRED, "snapshot metadata expired");
	taken_as_kept(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	refused(&tuf, RILL_TUF_TARGETS, &targets, RILL_EXPIRED, "snapshot metadata expired");
	rill_tuf_free(&tuf);
}

static void make_list(struct text *text, int version, const char *meta)
{
	static struct text body;

	body.n = 0;
	add(&body,
	    "{\"_type\":\"snapshot\",\"expires\":\"" FUTURE "\",\"meta\":{%s},"
	    "\"spec_version\":\"1.0.31\",\"version\":%d}",
	    meta, version);
	sign(text, &body, SET(SNAPSHOT));
}

/* Every role that a snapshot listed stays, and gets no older: first, in the middle, and last. */
static void roles_stay_and_get_no_older(void **state)
{
	static const char before[] = "\"b.json\":{\"version\":2},\"r.json\":{\"version\":2},"
				     "\"targets.json\":{\"version\":5},\"z.json\":{\"version\":2}";
	static const struct {
		const char *meta, *fragment;
	} cases[] = {
		{"\"r.json\":{\"version\":2},\"targets.json\":{\"version\":5},"
		 "\"z.json\":{\"version\":2}",
		 "b.json has vanished"},
		{"\"a.json\":{\"version\":1},\"b.json\":{\"version\":2},"
		 "\"targets.json\":{\"version\":5},\"z.json\":{\"version\":2}",
		 "r.json has vanished"},
		{"\"b.json\":{\"version\":2},\"r.json\":{\"version\":2},"
		 "\"targets.json\":{\"version\":5}",
		 "z.json has vanished"},
		{"\"b.json\":{\"version\":1},\"r.json\":{\"version\":2},"
		 "\"targets.json\":{\"version\":5},\"z.json\":{\"version\":2}",
		 "b.json is older"},
		{"\"b.json\":{\"version\":2},\"r.json\":{\"version\":2},"
		 "\"targets.json\":{\"version\":5},\"z.json\":{\"version\":1}",
		 "z.json is older"},
		{"\"b.json\":{\"version\":2},\"r.json\":{},\"targets.json\":{\"version\":5},"
		 "\"z.json\":{\"version\":2}",
		 "r.json is older"},
		{"\"b.json\":{\"version\":2},\"r.json\":{\"version\":3},\"s.json\":{\"version\":1},"
		 "\"targets.json\":{\"version\":5},\"z.json\":{\"version\":2}",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rill_tuf tuf;

		start_before(&tuf, RILL_TUF_SNAPSHOT);
		make_list(&snapshot, 4, before);
		taken_as_kept(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
		make_timestamp(&timestamp, 6, 5, NULL);
		taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
		make_list(&snapshot, 5, cases[i].meta);
		if (cases[i].fragment)
			refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_SECURITY,
				cases[i].fragment);
		else
			taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
		rill_tuf_free(&tuf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_snapshot_is_the_one_that_was_signed),
		cmocka_unit_test(a_kept_snapshot_guards_against_a_rollback),
		cmocka_unit_test(an_expired_snapshot_leads_nowhere),
		cmocka_unit_test(roles_stay_and_get_no_older),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
