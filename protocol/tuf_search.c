/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tuf_search.h"

#include "protocol/tuf_document.h"
#include <string.h>

void rill_tuf_search_start(struct rill_tuf_search *search, struct rill_tuf *tuf, const char *path)
{
	uint8_t digest[RILL_SHA256_SIZE];

	memset(search, 0, sizeof *search);
	search->tuf = tuf;
	search->path = path;
	rill_sha256(path, strlen(path), digest);
	rill_hex(digest, sizeof digest, search->path_sha256);
}

/* Bytes of a character: '?' stands for one of any length (the texts are valid UTF-8). */
static size_t skip_character(const char *s)
{
	size_t n = 1;

	while (((uint8_t)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* '*' and '?' never stand for '/'. Goes back to the last '*' alone, so the time is at most
 * the product of both lengths. */
bool rill_tuf_path_matches(const char *pattern, const char *path)
{
	const char *star = NULL, *after = NULL;

	while (*path) {
		if (*pattern == '*') {
			star = ++pattern;
			after = path;
		} else if (*pattern == *path || (*pattern == '?' && *path != '/')) {
			path += *pattern == '?' ? skip_character(path) : 1;
			pattern++;
			if (path[-1] == '/')
				star = NULL;
		} else if (star && *after != '/') {
			after += skip_character(after);
			path = after;
			pattern = star;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == 0;
}

static uint32_t member(const struct rill_tuf_document *document, uint32_t delegation,
		       const char *name)
{
	return rill_json_get(&document->json, delegation, name);
}

/* Whether a delegation is for the path. */
static bool covers(const struct rill_tuf_search *search, const struct rill_tuf_document *document,
		   uint32_t delegation)
{
	const struct rill_json *json = &document->json;
	uint32_t paths = member(document, delegation, "paths");
	uint32_t prefixes = member(document, delegation, "path_hash_prefixes");
	uint32_t list = paths ? paths : prefixes;

	/* "if used, exactly one of them should be set": with both, or none, it is for nothing */
	if ((paths && prefixes) || !rill_json_is(json, list, RILL_JSON_ARRAY))
		return false;
	for (uint32_t i = rill_json_first(json, list); i; i = rill_json_next(json, list, i)) {
		const char *text = rill_json_string(json, i);

		if (text && (paths ? rill_tuf_path_matches(text, search->path)
				   : strncmp(search->path_sha256, text, strlen(text)) == 0))
			return true;
	}
	return false;
}

static bool was_visited(const struct rill_tuf_search *search, const char *role)
{
	for (size_t i = 0; i < search->visited_count; i++)
		if (strcmp(search->visited[i], role) == 0)
			return true;
	return false;
}

static bool is_top_level(const char *name)
{
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		if (strcmp(name, rill_tuf_role_name((enum rill_tuf_role)role)) == 0)
			return true;
	return false;
}

/* Looks for the target in a role, and puts its delegations on the stack. */
static enum rill_code visit(struct rill_tuf_search *search,
			    const struct rill_tuf_document *document,
			    struct rill_tuf_target *target, bool *found, struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	uint32_t roles = rill_json_get(json, rill_json_get(json, document->body, "delegations"),
				       "roles");
	enum rill_code code = rill_tuf_document_target(document, search->path, target, found,
						       error);

	if (code == RILL_OK && !*found && rill_json_is(json, roles, RILL_JSON_ARRAY))
		search->stack[search->depth++] = (struct rill_tuf_frame){
			document, rill_json_first(json, roles)};
	return code;
}

/* The next delegation that is for the path; 0 when the innermost role has no more. */
static uint32_t next_delegation(struct rill_tuf_search *search, struct rill_tuf_frame *frame)
{
	const struct rill_tuf_document *document = frame->document;
	const struct rill_json *json = &document->json;
	uint32_t roles = rill_json_get(json, rill_json_get(json, document->body, "delegations"),
				       "roles");

	while (frame->next) {
		uint32_t delegation = frame->next;

		frame->next = rill_json_next(json, roles, delegation);
		if (covers(search, document, delegation))
			return delegation;
	}
	return 0;
}

static struct rill_tuf_authority authority_of(const struct rill_tuf_search *search)
{
	const struct rill_json *json = &search->delegator->json;

	return (struct rill_tuf_authority){
		.json = json,
		.keys = rill_json_get(
			json, rill_json_get(json, search->delegator->body, "delegations"), "keys"),
		.rule = search->delegation,
	};
}

static enum rill_code check_loaded(const struct rill_tuf_search *search,
				   const struct rill_tuf_document *document,
				   struct rill_error *error)
{
	struct rill_tuf_authority authority = authority_of(search);
	enum rill_code code = rill_tuf_document_verify(document, search->role, &authority, error);

	if (code == RILL_OK)
		code = rill_tuf_check_version(document, &search->meta, search->role, error);
	if (code == RILL_OK)
		code = rill_tuf_check_expiry(document, search->tuf->now, search->role, error);
	return code;
}

/* A file of the wanted role that is loaded and that this delegator accepts. */
static const struct rill_tuf_document *find_loaded(const struct rill_tuf_search *search)
{
	const struct rill_tuf *tuf = search->tuf;
	struct rill_error ignored;

	for (size_t i = tuf->delegated_count; i-- > 0;)
		if (search->role && strcmp(tuf->delegated[i].name, search->role) == 0 &&
		    check_loaded(search, &tuf->delegated[i].document, &ignored) == RILL_OK)
			return &tuf->delegated[i].document;
	return NULL;
}

/* Goes to a delegation: `search->role` is set when there is one to go to. */
static enum rill_code descend(struct rill_tuf_search *search,
			      const struct rill_tuf_document *delegator, uint32_t delegation,
			      struct rill_error *error)
{
	const char *role = rill_json_string(&delegator->json,
					    member(delegator, delegation, "name"));

	if (!role || is_top_level(role))
		return rill_fail(error, RILL_SECURITY,
				 "a delegation to a role without a name, or with a reserved one");
	if (rill_json_is(&delegator->json, member(delegator, delegation, "terminating"),
			 RILL_JSON_TRUE))
		search->depth = 0;
	if (was_visited(search, role))
		return RILL_OK;
	if (search->visited_count == RILL_TUF_VISITS_MAX)
		return rill_fail(error, RILL_SECURITY,
				 "target %.200s is not in the first %d delegated roles",
				 search->path, RILL_TUF_VISITS_MAX);
	search->visited[search->visited_count++] = role;
	search->role = role;
	search->delegator = delegator;
	search->delegation = delegation;
	return rill_tuf_document_meta(&search->tuf->document[RILL_TUF_SNAPSHOT], role,
				      rill_tuf_length_max(RILL_TUF_TARGETS), &search->meta, error);
}

/* Goes on to the next role: it is wanted, or the search is at its end. */
static enum rill_code advance(struct rill_tuf_search *search, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && !search->role) {
		struct rill_tuf_frame *frame;
		const struct rill_tuf_document *document;
		uint32_t delegation;

		if (search->depth == 0)
			return rill_fail(error, RILL_SECURITY,
					 "the signed metadata has no target %.200s", search->path);
		frame = &search->stack[search->depth - 1];
		document = frame->document;
		delegation = next_delegation(search, frame);
		if (delegation)
			code = descend(search, document, delegation, error);
		else
			search->depth--;
	}
	return code;
}

static enum rill_code begin(struct rill_tuf_search *search, struct rill_tuf_target *target,
			    bool *found, struct rill_error *error)
{
	const struct rill_tuf_document *targets = &search->tuf->document[RILL_TUF_TARGETS];
	enum rill_code code = rill_tuf_check_expiry(targets, search->tuf->now, "targets", error);

	search->started = true;
	return code == RILL_OK ? visit(search, targets, target, found, error) : code;
}

enum rill_code rill_tuf_search_next(struct rill_tuf_search *search, struct rill_tuf_target *target,
				    struct rill_error *error)
{
	bool found = false;
	enum rill_code code = RILL_OK;

	if (!search->started)
		code = begin(search, target, &found, error);
	while (code == RILL_OK && !found) {
		const struct rill_tuf_document *loaded;

		if (!search->role)
			code = advance(search, error);
		if (code != RILL_OK)
			break;
		loaded = search->taken ? search->taken : find_loaded(search);
		if (!loaded)
			break; /* the caller's turn */
		search->taken = NULL;
		search->role = NULL;
		code = visit(search, loaded, target, &found, error);
	}
	return code;
}

enum rill_code rill_tuf_search_take(struct rill_tuf_search *search, const void *bytes, size_t n,
				    struct rill_error *error)
{
	struct rill_tuf *tuf = search->tuf;
	struct rill_tuf_document next;
	enum rill_code code = rill_tuf_check_bytes(&search->meta, search->role, bytes, n, error);

	if (code == RILL_OK && (tuf->delegated_count == RILL_TUF_DELEGATED_MAX ||
				n > RILL_TUF_DELEGATED_BYTES_MAX - tuf->delegated_bytes))
		code = rill_fail(
			error, RILL_MEMORY, "%.64s: over %d delegated roles, or %u bytes of them",
			search->role, RILL_TUF_DELEGATED_MAX, RILL_TUF_DELEGATED_BYTES_MAX);
	if (code == RILL_OK)
		code = rill_tuf_document_parse(&next, RILL_TUF_TARGETS, search->role, bytes, n,
					       error);
	if (code != RILL_OK)
		return code;
	code = check_loaded(search, &next, error);
	if (code != RILL_OK) {
		rill_json_free(&next.json);
		return code;
	}
	search->taken = &tuf->delegated[tuf->delegated_count].document;
	tuf->delegated[tuf->delegated_count++] = (struct rill_tuf_delegated){.name = search->role,
									     .document = next};
	tuf->delegated_bytes += n;
	return RILL_OK;
}
