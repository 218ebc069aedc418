/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include "protocol/tuf_search.h"
#include <stdlib.h>
#include <string.h>

/* A delegation; the roles between them are made from lists of these. */
struct edge {
	const char *from, *to;
	const char *more; /* members of the delegation; JSON */
	unsigned keys; /* a set; 0: TARGETS */
	int threshold; /* 0: 1 */
};
/* The usual one. */
#define E(from, to, more)                                                                          \
	{                                                                                          \
		from, to, more, 0, 0                                                               \
	}
#define ANY "\"paths\":[\"*\"],\"terminating\":false"
#define LAST "\"paths\":[\"*\"],\"terminating\":true"

static void add_keys(struct text *body, unsigned set)
{
	bool first = true;

	for (size_t i = 0; i < KEYS; i++)
		if (set & SET(i)) {
			add(body, "%s\"%s\"", first ? "" : ",", keys[i].keyid);
			first = false;
		}
}

/* The file of a targets role with all of its delegations. */
static void make_role(struct text *file, const char *name, int version, const char *expires,
		      const char *files, const struct edge *edges, unsigned signers)
{
	static struct text body;
	bool first = true;

	body.n = 0;
	add(&body, "{\"_type\":\"targets\",\"delegations\":{\"keys\":{");
	for (size_t i = 0; i < KEYS; i++)
		add(&body, "%s\"%s\":%s", i ? "," : "", keys[i].keyid, keys[i].wire);
	add(&body, "},\"roles\":[");
	for (; edges->from; edges++) {
		if (strcmp(edges->from, name) != 0)
			continue;
		add(&body, "%s{\"keyids\":[", first ? "" : ",");
		add_keys(&body, edges->keys ? edges->keys : SET(TARGETS));
		add(&body, "],\"name\":\"%s\",%s,\"threshold\":%d}", edges->to, edges->more,
		    edges->threshold ? edges->threshold : 1);
		first = false;
	}
	add(&body,
	    "]},\"expires\":\"%s\",\"spec_version\":\"1.0.31\",\"targets\":%s,\"version\":%d}",
	    expires, files, version);
	sign(file, &body, signers);
}

/* Trusts a chain down to targets; the snapshot names every role, of version 1. */
static void start_with(struct rill_tuf *tuf, const struct edge *edges, const char *files)
{
	static struct text body;

	start_before(tuf, RILL_TUF_TIMESTAMP);
	make_role(&targets, "targets", 1, FUTURE, files, edges, SET(TARGETS));
	body.n = 0;
	add(&body, "{\"_type\":\"snapshot\",\"expires\":\"" FUTURE "\",\"meta\":{");
	for (const struct edge *edge = edges; edge->from; edge++) {
		bool named = false;

		for (const struct edge *e = edges; e < edge; e++)
			named = named || strcmp(e->to, edge->to) == 0;
		if (!named)
			add(&body, "\"%s.json\":{\"version\":1},", edge->to);
	}
	add(&body, "\"targets.json\":{\"version\":1}},\"spec_version\":\"1.0.31\",\"version\":1}");
	sign(&snapshot, &body, SET(SNAPSHOT));
	make_timestamp(&timestamp, 1, 1, &snapshot);
	taken(tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(tuf, RILL_TUF_SNAPSHOT, &snapshot);
	taken(tuf, RILL_TUF_TARGETS, &targets);
}

/* Runs a search: every role has `files`, signed by TARGETS. `visited` gets the names of the
 * roles that were asked for. */
static enum rill_code run(struct rill_tuf *tuf, const struct edge *edges, const char *path,
			  const char *files, struct text *visited, struct rill_error *error)
{
	static struct text file;
	struct rill_tuf_search search;
	struct rill_tuf_target target;
	enum rill_code code;

	visited->n = 0;
	visited->bytes[0] = 0;
	rill_tuf_search_start(&search, tuf, path);
	while ((code = rill_tuf_search_next(&search, &target, error)) == RILL_OK && search.role) {
		add(visited, "%s%s", visited->n ? " " : "", search.role);
		make_role(&file, search.role, 1, FUTURE, files, edges, SET(TARGETS));
		assert_ok(rill_tuf_search_take(&search, file.bytes, file.n, error), error);
	}
	return code;
}

static void roles_are_visited_in_their_order(void **state)
{
	static const struct {
		struct edge edges[8];
		const char *path, *visited;
	} cases[] = {
		{{E(NULL, NULL, NULL)}, "x", ""},
		{{E("targets", "A", ANY)}, "x", "A"},
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("B", "C", ANY)}, "x", "A B C"},
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("A", "C", ANY),
		  E("A", "D", ANY)},
		 "x",
		 "A C D B"},
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("A", "C", ANY),
		  E("C", "D", ANY)},
		 "x",
		 "A C D B"},
		/* A terminating delegation ends the search on every level, but for what it leads
		   to. */
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("A", "C", LAST),
		  E("A", "D", ANY)},
		 "x",
		 "A C"},
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("A", "C", LAST),
		  E("C", "D", ANY)},
		 "x",
		 "A C D"},
		{{E("targets", "A", ANY), E("targets", "B", LAST), E("targets", "C", ANY),
		  E("A", "D", ANY)},
		 "x",
		 "A D B"},
		/* One that does not match ends nothing. */
		{{E("targets", "A", "\"paths\":[\"y\"],\"terminating\":true"),
		  E("targets", "B", ANY)},
		 "x",
		 "B"},
		{{E("targets", "A", "\"paths\":[\"*.py\"]"), E("targets", "B", ANY),
		  E("A", "C", ANY)},
		 "x",
		 "B"},
		/* Cycles, a role that delegates to itself, and one that two roles delegate to. */
		{{E("targets", "A", ANY), E("A", "B", ANY), E("B", "A", ANY), E("B", "B", ANY)},
		 "x",
		 "A B"},
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("B", "C", ANY),
		  E("A", "C", ANY)},
		 "x",
		 "A C B"},
		{{E("targets", "A", ANY), E("targets", "B", ANY), E("B", "C", ANY),
		  E("A", "C", "\"paths\":[\"y\"]")},
		 "x",
		 "A B C"},
		/* Without patterns, or with both kinds, it is for nothing. */
		{{E("targets", "A", "\"terminating\":true"), E("targets", "B", ANY)}, "x", "B"},
		{{E("targets", "A", "\"paths\":[\"*\"],\"path_hash_prefixes\":[\"\"]")}, "x", ""},
		/* The SHA-256 of "x" begins with 2d71. */
		{{E("targets", "A", "\"path_hash_prefixes\":[\"00\",\"2d71\"]"),
		  E("targets", "B", "\"path_hash_prefixes\":[\"2d70\",\"2D71\"]"),
		  E("targets", "C", "\"path_hash_prefixes\":[\"\"]")},
		 "x",
		 "A C"},
	};
	static struct text visited;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rill_tuf tuf;
		struct rill_error error;

		start_with(&tuf, cases[i].edges, "{}");
		assert_fails(run(&tuf, cases[i].edges, cases[i].path, "{}", &visited, &error),
			     RILL_SECURITY, &error, "no target x");
		assert_string_equal(visited.bytes, cases[i].visited);
		/* What is loaded is used again. */
		assert_fails(run(&tuf, cases[i].edges, cases[i].path, "{}", &visited, &error),
			     RILL_SECURITY, &error, "no target x");
		assert_string_equal(visited.bytes, "");
		rill_tuf_free(&tuf);
	}
}

static void the_first_role_that_has_a_target_wins(void **state)
{
	static const struct edge edges[] = {E("targets", "A", ANY), E(NULL, NULL, NULL)};
	static struct text visited;
	struct rill_tuf tuf;
	struct rill_error error;

	(void)state;
	start_with(&tuf, edges, FILES);
	assert_ok(run(&tuf, edges, "app", "{}", &visited, &error), &error);
	assert_string_equal(visited.bytes, "");
	rill_tuf_free(&tuf);
	start_with(&tuf, edges, "{}");
	assert_ok(run(&tuf, edges, "app", FILES, &visited, &error), &error);
	assert_string_equal(visited.bytes, "A");
	/* A role is not asked for what is not delegated to it, though it has it. */
	assert_fails(run(&tuf, edges, "dir/empty", FILES, &visited, &error), RILL_SECURITY, &error,
		     "no target dir/empty");
	rill_tuf_free(&tuf);
}

static void patterns_match_part_by_part(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} cases[] = {
		{"a", "a", true},
		{"a", "A", false},
		{"a", "", false},
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "abc", true},
		{"*", "a/b", false},
		{"*/*", "a/b", true},
		{"*/*", "a/b/c", false},
		{"*/b", "a/c", false},
		{"a*/b", "axx/b", true},
		{"a*c", "abcbc", true},
		{"a*c", "abcb", false},
		{"a**c", "abc", true},
		{"*a*b*c", "xaxbxbxc", true},
		{"*.tgz", "foo.tgz", true},
		{"*.tgz", "targets/foo.tgz", false},
		{"foo-?.tgz", "foo-1.tgz", true},
		{"foo-?.tgz", "foo-12.tgz", false},
		{"foo-?.tgz", "foo-.tgz", false},
		{"?", "/", false},
		{"??", "a/", false},
		{"?", "\xc3\xa9", true},
		{"?", "\xc3\xa9x", false},
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{"releases/*/*.zip", "releases/y/1.zip", true},
		{"releases/*", "releases/", true},
		{"releases/*", "releases", false},
		{"/*", "a", false},
		{"a*/*b", "ab/ab", true},
		{"a*b/c", "ab/b/c", false},
		{"\\*", "*", false},
	};
	char many[513], stars[513];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (rill_tuf_path_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
			fail_msg("%s %s", cases[i].pattern, cases[i].path);
	/* Not the exponential time of a matcher that tries every star. */
	memset(many, 'a', sizeof many - 1);
	many[sizeof many - 1] = 0;
	for (size_t i = 0; i + 1 < sizeof stars; i++)
		stars[i] = i % 2 ? 'a' : '*';
	stars[sizeof stars - 2] = 'b';
	stars[sizeof stars - 1] = 0;
	assert_false(rill_tuf_path_matches(stars, many));
}

/* Starts a search that wants role A. */
static void want(struct rill_tuf_search *search, struct rill_tuf *tuf, const char *path)
{
	struct rill_tuf_target target;
	struct rill_error error;

	rill_tuf_search_start(search, tuf, path);
	assert_ok(rill_tuf_search_next(search, &target, &error), &error);
	assert_non_null(search->role);
}

static void not_taken(struct rill_tuf_search *search, const struct text *file,
		      enum rill_code expected, const char *fragment)
{
	struct rill_error error;

	assert_fails(rill_tuf_search_take(search, file->bytes, file->n, &error), expected, &error,
		     fragment);
	assert_int_equal(search->tuf->delegated_count, 0);
}

static void a_delegated_role_is_verified_like_others(void **state)
{
	static const struct edge edges[] = {{"targets", "A", ANY, SET(OTHER) | SET(ROOT_1), 2},
					    E(NULL, NULL, NULL)};
	static struct text file;
	struct rill_tuf tuf;
	struct rill_tuf_search search;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
	start_with(&tuf, edges, "{}");
	want(&search, &tuf, "app");
	make_role(&file, "A", 1, FUTURE, FILES, edges, SET(OTHER));
	not_taken(&search, &file, RILL_SECURITY, "A metadata: 1 good signatures of the 2");
	make_role(&file, "A", 1, FUTURE, FILES, edges, SET(OTHER) | SET(TARGETS));
	not_taken(&search, &file, RILL_SECURITY, "1 good signatures of the 2");
	make_role(&file, "A", 2, FUTURE, FILES, edges, SET(OTHER) | SET(ROOT_1));
	not_taken(&search, &file, RILL_SECURITY, "version 2, but 1 was signed");
	make_role(&file, "A", 1, PAST, FILES, edges, SET(OTHER) | SET(ROOT_1));
	not_taken(&search, &file, RILL_EXPIRED, "A metadata expired");
	not_taken(&search, &snapshot, RILL_SECURITY, "\"_type\"");
	make_role(&file, "A", 1, FUTURE, FILES, edges, SET(OTHER) | SET(ROOT_1));
	assert_ok(rill_tuf_search_take(&search, file.bytes, file.n, &error), &error);
	assert_ok(rill_tuf_search_next(&search, &target, &error), &error);
	assert_null(search.role);
	assert_int_equal(target.length, 10);
	assert_true(target.custom != 0);
	rill_tuf_free(&tuf);
}

/* What one delegator accepted is not trusted for another one, whose keys did not sign it. */
static void a_loaded_role_is_verified_for_each_delegator(void **state)
{
	static const struct edge edges[] = {{"targets", "A", "\"paths\":[\"a/*\"]", SET(ROOT_1), 1},
					    {"targets", "B", "\"paths\":[\"b/*\"]", SET(ROOT_1), 1},
					    {"A", "R", "\"paths\":[\"a/*\"]", SET(ROOT_1), 1},
					    {"B", "R", "\"paths\":[\"b/*\"]", SET(ROOT_2), 1},
					    E(NULL, NULL, NULL)};
	static const char files[] = "{\"a/x\":{\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":1},"
				    "\"b/x\":{\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":2}}";
	static struct text file;
	struct rill_tuf tuf;
	struct rill_tuf_search search;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
	start_with(&tuf, edges, "{}");
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "B" : "A";

		want(&search, &tuf, i ? "b/x" : "a/x");
		assert_string_equal(search.role, name);
		make_role(&file, name, 1, FUTURE, "{}", edges, SET(ROOT_1));
		assert_ok(rill_tuf_search_take(&search, file.bytes, file.n, &error), &error);
		assert_ok(rill_tuf_search_next(&search, &target, &error), &error);
		assert_string_equal(search.role, "R"); /* asked for again */
		make_role(&file, "R", 1, FUTURE, files, edges, SET(ROOT_1));
		if (i == 1) {
			assert_fails(rill_tuf_search_take(&search, file.bytes, file.n, &error),
				     RILL_SECURITY, &error, "R metadata: 0 good");
			make_role(&file, "R", 1, FUTURE, files, edges, SET(ROOT_2));
		}
		assert_ok(rill_tuf_search_take(&search, file.bytes, file.n, &error), &error);
		assert_ok(rill_tuf_search_next(&search, &target, &error), &error);
		assert_null(search.role);
		assert_int_equal(target.length, i + 1);
	}
	rill_tuf_free(&tuf);
}

static void names_that_cannot_be_are_refused(void **state)
{
	static const char *const names[] = {"root", "timestamp", "snapshot", "targets"};
	static struct text visited;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct edge edges[] = {E("targets", names[i], ANY), E(NULL, NULL, NULL)};
		struct rill_tuf tuf;
		struct rill_error error;

		start_before(&tuf, RILL_TUF_ROLES);
		make_role(&targets, "targets", 6, FUTURE, "{}", edges, SET(TARGETS));
		make_snapshot(&snapshot, 6, 6, &targets);
		make_timestamp(&timestamp, 6, 6, &snapshot);
		taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
		taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
		taken(&tuf, RILL_TUF_TARGETS, &targets);
		assert_fails(run(&tuf, edges, "x", "{}", &visited, &error), RILL_SECURITY, &error,
			     "a reserved one");
		rill_tuf_free(&tuf);
	}
}

static void a_role_that_the_snapshot_lacks_is_not_asked_for(void **state)
{
	static const struct edge edges[] = {E("targets", "A", ANY), E(NULL, NULL, NULL)};
	static struct text visited;
	struct rill_tuf tuf;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_ROLES);
	make_role(&targets, "targets", 6, FUTURE, "{}", edges, SET(TARGETS));
	make_snapshot(&snapshot, 6, 6, &targets);
	make_timestamp(&timestamp, 6, 6, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	taken(&tuf, RILL_TUF_TARGETS, &targets);
	assert_fails(run(&tuf, edges, "x", "{}", &visited, &error), RILL_SECURITY, &error,
		     "no valid entry for A.json");
	assert_string_equal(visited.bytes, "");
	rill_tuf_free(&tuf);
}

/* A chain of more roles than a search looks into. */
static void a_search_has_an_end(void **state)
{
	static char names[RILL_TUF_VISITS_MAX + 2][8];
	static struct edge edges[RILL_TUF_VISITS_MAX + 2];
	static struct text visited;
	struct rill_tuf tuf;
	struct rill_error error;

	(void)state;
	for (int i = 0; i <= RILL_TUF_VISITS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "r%d", i);
		edges[i] = (struct edge){i ? names[i - 1] : "targets", names[i], ANY, 0, 0};
	}
	start_with(&tuf, edges, "{}");
	assert_fails(run(&tuf, edges, "x", "{}", &visited, &error), RILL_SECURITY, &error,
		     "not in the first 32 delegated roles");
	assert_int_equal(tuf.delegated_count, RILL_TUF_VISITS_MAX);
	rill_tuf_free(&tuf);
}

/* Many searches load no more than is allowed. */
static void what_is_loaded_is_bounded(void **state)
{
	static char names[RILL_TUF_DELEGATED_MAX + 1][8], more[RILL_TUF_DELEGATED_MAX + 1][64];
	static struct edge edges[RILL_TUF_DELEGATED_MAX + 2];
	static struct text file;
	struct rill_tuf tuf;
	struct rill_tuf_search search;
	struct rill_error error;

	(void)state;
	for (int i = 0; i <= RILL_TUF_DELEGATED_MAX; i++) {
		snprintf(names[i], sizeof names[i], "r%d", i);
		snprintf(more[i], sizeof more[i], "\"paths\":[\"p%d\"]", i);
		edges[i] = (struct edge){"targets", names[i], more[i], 0, 0};
	}
	start_with(&tuf, edges, "{}");
	for (int i = 0; i <= RILL_TUF_DELEGATED_MAX; i++) {
		char path[16];

		snprintf(path, sizeof path, "p%d", i);
		want(&search, &tuf, path);
		make_role(&file, names[i], 1, FUTURE, "{}", edges, SET(TARGETS));
		if (i < RILL_TUF_DELEGATED_MAX)
			assert_ok(rill_tuf_search_take(&search, file.bytes, file.n, &error),
				  &error);
		else
			assert_fails(rill_tuf_search_take(&search, file.bytes, file.n, &error),
				     RILL_MEMORY, &error, "over 32 delegated roles");
	}
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_visited_in_their_order),
		cmocka_unit_test(the_first_role_that_has_a_target_wins),
		cmocka_unit_test(patterns_match_part_by_part),
		cmocka_unit_test(a_delegated_role_is_verified_like_others),
		cmocka_unit_test(a_loaded_role_is_verified_for_each_delegator),
		cmocka_unit_test(names_that_cannot_be_are_refused),
		cmocka_unit_test(a_role_that_the_snapshot_lacks_is_not_asked_for),
		cmocka_unit_test(a_search_has_an_end),
		cmocka_unit_test(what_is_loaded_is_bounded),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
