/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <stdlib.h>
#include <string.h>

static void an_older_timestamp_is_refused(void **state)
{
	struct rill_tuf tuf;
	const char *kept;

	(void)state;
	start_before(&tuf, RILL_TUF_SNAPSHOT);
	kept = tuf.document[RILL_TUF_TIMESTAMP].json.text;
	make_timestamp(&timestamp, 4, 5, &snapshot);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "rollback");
	make_timestamp(&timestamp, 6, 4, NULL);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "rollback");
	/* The same version keeps what is there, even if it says something else. */
	make_timestamp(&timestamp, 5, 6, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	assert_ptr_equal(tuf.document[RILL_TUF_TIMESTAMP].json.text, kept);
	make_timestamp(&timestamp, 6, 5, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	assert_int_equal(tuf.document[RILL_TUF_TIMESTAMP].version, 6);
	rill_tuf_free(&tuf);
}

/* What stands beside "signed" is the server's word, and stands in for nothing. */
static void nothing_outside_of_signed_is_used(void **state)
{
	static struct text body, file;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	add(&body, "{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		   "\",\"spec_version\":\"1.0\",\"version\":1}");
	sign(&file, &body, SET(TIMESTAMP));
	file.n--;
	add(&file, ",\"snapshot.json\":{\"version\":5}}");
	refused(&tuf, RILL_TUF_TIMESTAMP, &file, RILL_SECURITY, "snapshot.json");
	rill_tuf_free(&tuf);
}

/* A new one that has expired is not trusted; the kept one guards against a rollback still. */
static void an_expired_timestamp_leads_nowhere(void **state)
{
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	make_meta(&timestamp, "timestamp", 6, PAST, "snapshot", 5, &snapshot, SET(TIMESTAMP));
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_EXPIRED,
		"timestamp metadata expired at " NOW);
	taken_as_kept(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_EXPIRED, "timestamp metadata expired");
	make_timestamp(&timestamp, 5, 5, &snapshot);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "rollback");
	make_timestamp(&timestamp, 7, 5, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_timestamp_is_refused),
		cmocka_unit_test(nothing_outside_of_signed_is_used),
		cmocka_unit_test(an_expired_timestamp_leads_nowhere),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
