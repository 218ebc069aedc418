/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/release.h"
#include "protocol/tuf_search.h"
#include <stdio.h>
#include <string.h>

static size_t read_file(const char *name, char *bytes, size_t capacity)
{
	char path[64];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "vectors/tuf/%s.json", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(bytes, 1, capacity, file);
	assert_true(n < capacity);
	fclose(file);
	return n;
}

static enum rill_code load(struct rill_tuf *tuf, const char *now, struct rill_error *error)
{
	static char bytes[65536];
	int64_t seconds;
	enum rill_code code;

	assert_true(rill_tuf_parse_time(now, &seconds));
	rill_tuf_init(tuf, seconds);
	code = rill_tuf_root(tuf, bytes, read_file("1.root", bytes, sizeof bytes), error);
	if (code == RILL_OK)
		code = rill_tuf_timestamp(tuf, bytes, read_file("timestamp", bytes, sizeof bytes),
					  false, error);
	if (code == RILL_OK)
		code = rill_tuf_snapshot(tuf, bytes, read_file("3.snapshot", bytes, sizeof bytes),
					 false, error);
	if (code == RILL_OK)
		code = rill_tuf_targets(tuf, bytes, read_file("3.targets", bytes, sizeof bytes),
					error);
	return code;
}

static void the_chain_verifies(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target, delta_target;
	struct rill_release release;
	struct rill_release_delta delta;
	struct rill_error error;
	uint8_t base[RILL_SHA256_SIZE];
	bool found;
	const struct rill_json *json = &tuf.document[RILL_TUF_TARGETS].json;

	(void)state;
	assert_ok(load(&tuf, "2026-11-26T00:00:00Z", &error), &error);
	assert_ok(rill_tuf_target(&tuf, "app", &target, &error), &error);
	assert_int_equal(target.length, 1536);
	assert_ok(rill_release_parse(json, target.custom, &release, &error), &error);
	assert_int_equal(release.number, 2);
	assert_true(rill_release_is_for(json, &release, "two"));
	assert_false(rill_release_is_for(json, &release, "three"));
	assert_true(rill_unhex("079c7f8c11c1f937511ef9b17fdcc14345730c69d29d3d269175eb545ce02f45",
			       base, sizeof base));
	assert_ok(rill_release_find_delta(json, &release, base, &delta, &found, &error), &error);
	assert_true(found);
	assert_ok(rill_tuf_target(&tuf, delta.path, &delta_target, &error), &error);
	assert_int_equal(delta_target.length, delta.length);
	rill_tuf_free(&tuf);
}

static void it_expires(void **state)
{
	struct rill_tuf tuf;
	struct rill_error error;

	(void)state;
	assert_int_equal(load(&tuf, "2026-12-26T00:00:00Z", &error), RILL_EXPIRED);
	rill_tuf_free(&tuf);
	assert_int_equal(load(&tuf, "2027-11-26T00:00:00Z", &error), RILL_EXPIRED);
	rill_tuf_free(&tuf);
}

/* A file of the repository that python-tuf wrote. */
static size_t read_python(const char *role, char *bytes, size_t capacity)
{
	char name[32];

	snprintf(name, sizeof name, "python/%s%s", strcmp(role, "timestamp") == 0 ? "" : "1.",
		 role);
	return read_file(name, bytes, capacity);
}

static enum rill_code load_python(struct rill_tuf *tuf, struct rill_error *error)
{
	static char bytes[65536];
	enum rill_code code;

	rill_tuf_init(tuf, 1800000000);
	code = rill_tuf_root(tuf, bytes, read_python("root", bytes, sizeof bytes), error);
	if (code == RILL_OK)
		code = rill_tuf_timestamp(tuf, bytes, read_python("timestamp", bytes, sizeof bytes),
					  false, error);
	if (code == RILL_OK)
		code = rill_tuf_snapshot(tuf, bytes, read_python("snapshot", bytes, sizeof bytes),
					 false, error);
	if (code == RILL_OK)
		code = rill_tuf_targets(tuf, bytes, read_python("targets", bytes, sizeof bytes),
					error);
	return code;
}

static enum rill_code find_python(struct rill_tuf *tuf, const char *path,
				  struct rill_tuf_target *target, struct rill_error *error)
{
	static char bytes[65536];
	struct rill_tuf_search search;
	enum rill_code code;

	rill_tuf_search_start(&search, tuf, path);
	while ((code = rill_tuf_search_next(&search, target, error)) == RILL_OK && search.role)
		assert_ok(rill_tuf_search_take(&search, bytes,
					       read_python(search.role, bytes, sizeof bytes),
					       error),
			  error);
	return code;
}

/* Root by two of three keys, one of each kind; targets by RSA, snapshot by Ed25519. */
static void a_repository_of_python_tuf_verifies(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
#ifdef RILL_ED25519
	assert_ok(load_python(&tuf, &error), &error);
	assert_ok(find_python(&tuf, "top.txt", &target, &error), &error);
	assert_int_equal(target.length, 17);
	assert_ok(find_python(&tuf, "team/app/1.txt", &target, &error), &error);
	assert_int_equal(target.length, 21);
	assert_ok(find_python(&tuf, "bin.txt", &target, &error), &error);
	assert_int_equal(target.length, 24);
	/* The role has it, but it is not delegated to it. */
	assert_fails(find_python(&tuf, "team/other.txt", &target, &error), RILL_SECURITY, &error,
		     "no target team/other.txt");
#else
	(void)target;
	(void)find_python;
	assert_fails(load_python(&tuf, &error), RILL_SECURITY, &error, "1 good signatures");
#endif
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_verifies),
		cmocka_unit_test(it_expires),
		cmocka_unit_test(a_repository_of_python_tuf_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
