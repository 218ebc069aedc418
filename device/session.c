/* SPDX-License-Identifier: Apache-2.0 */
#include "device/session.h"

#include "device/durable.h"
#include "device/hook.h"
#include "device/policy.h"
#include "device/result.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REBOOT_TIMEOUT 60

/* Locks of the open file description, which fcntl(2) can also only look for. */
static struct flock whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int session_lock(const char *folder, const char *name, struct rill_error *error)
{
	struct flock lock = whole_file();
	char path[PATH_MAX];
	int fd;

	if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
		system_failed(folder, "make the folder", error);
		return -1;
	}
	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		system_failed(path, "open", error);
		return -1;
	}
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return fd;
	rill_fail(error, RILL_BUSY, "%s: another rill-agent is at work", folder);
	close(fd);
	return -1;
}

bool session_is_locked(const char *folder, const char *name)
{
	struct flock lock = whole_file();
	char path[PATH_MAX];
	bool locked;
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	locked = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	if (fd >= 0)
		close(fd);
	return locked;
}

enum rill_code session_open(struct session *session, const struct options *options,
			    struct rill_error *error)
{
	enum rill_code code;

	*session = (struct session){.options = options, .lock = -1};
	code = config_read(&session->config, options->config, error);
	if (code == RILL_OK)
		snprintf(session->folder, sizeof session->folder, "%s/metadata",
			 session->config.state);
	return code;
}

void session_close(struct session *session)
{
	config_free(&session->config);
}

enum rill_code session_begin(struct session *session, struct rill_error *error)
{
	const char *state = session->config.state;
	enum rill_code code;

	session->polled = session->waiting = session->reboot = session->unreached = false;
	session->lock = session_lock(state, "lock", error);
	if (session->lock < 0)
		return error->code;
	session->clock = clock_read(session->folder);
	code = journal_open(&session->journal, state, error);
	if (code == RILL_CORRUPT) {
		fprintf(stderr,
			"rill-agent: %s; it is set aside, and nothing is known of earlier "
			"updates\n",
			error->text);
		code = journal_set_aside(&session->journal, error);
	}
	if (code != RILL_OK)
		session_end(session);
	return code;
}

void session_end(struct session *session)
{
	journal_close(&session->journal);
	if (session->lock >= 0)
		close(session->lock);
	session->lock = -1;
}

void session_reboot(const struct session *session)
{
	const char *const *command = (const char *const *)session->config.reboot;
	struct rill_error error;

	if (session->reboot && command &&
	    hook_run(command, REBOOT_TIMEOUT, NULL, &error) != RILL_OK)
		fprintf(stderr, "rill-agent: \"reboot\": %s\n", error.text);
}

static bool is_of_group(const struct target_config *a, const struct target_config *b)
{
	return a == b || (a->group && b->group && strcmp(a->group, b->group) == 0);
}

/* The targets of the group whose first is `first`; none when another comes before it. */
static size_t gather(struct session *session, size_t first, struct update *members, bool *chosen)
{
	const struct config *config = &session->config;
	const struct target_config *leader = &config->targets[first];
	const char *only = session->options->target;
	size_t count = 0;

	*chosen = !only;
	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *target = &config->targets[i];

		if (!is_of_group(leader, target))
			continue;
		if (i < first)
			return 0;
		*chosen = *chosen || strcmp(target->name, only) == 0;
		members[count++] = (struct update){.config = config,
						   .target = target,
						   .journal = &session->journal,
						   .again = session->options->now,
						   .style = result_progress(session->options)};
	}
	return count;
}

static enum rill_code work_on(struct session *session, struct group *group, session_work work)
{
	enum rill_code code = work(session, group);

	for (size_t i = 0; i < group->count; i++) {
		const struct entry *entry = &group->members[i].entry;

		result_print(session, &group->members[i]);
		session->unreached |= group->members[i].error.code == RILL_NETWORK;
		session->reboot |= group->members[i].reboot;
		if (entry->state == STATE_TESTING && entry->tested)
			session->waiting = true;
	}
	return code;
}

enum rill_code session_each(struct session *session, session_work work, struct rill_error *error)
{
	size_t count = session->config.target_count;
	struct group group = {.members = calloc(count, sizeof *group.members)};
	enum rill_code first = RILL_OK;
	bool any = false;

	if (!group.members)
		return rill_fail(error, RILL_MEMORY, "no memory");
	for (size_t i = 0; i < count; i++) {
		enum rill_code code;
		bool chosen;

		group.count = gather(session, i, group.members, &chosen);
		if (group.count == 0 || !chosen)
			continue;
		any = true;
		code = work_on(session, &group, work);
		if (first == RILL_OK)
			first = code;
		if (code == RILL_BUSY || (session->waiting && !session->recovering))
			break;
	}
	free(group.members);
	error->text[0] = 0; /* each said its own */
	if (!any)
		return rill_fail(error, RILL_USAGE, "the configuration has no target \"%s\"",
				 session->options->target);
	return first;
}

static enum rill_code recover(struct session *session, struct group *group)
{
	(void)session;
	return group_recover(group);
}

enum rill_code session_recover(struct session *session, struct rill_error *error)
{
	const struct options *options = session->options, all = {.config = options->config,
								 .json = options->json,
								 .quiet = options->quiet};
	enum rill_code code;

	session->options = &all; /* whatever one target was asked for */
	session->recovering = true;
	code = session_each(session, recover, error);
	session->recovering = false;
	session->options = options;
	return code;
}

static enum rill_code get_metadata(void *context, int64_t version, const char *role, uint64_t limit,
				   trust_sink sink, void *sink_context, bool *found,
				   struct rill_error *error)
{
	char name[2 * RILL_TUF_NAME_MAX];

	if (version)
		snprintf(name, sizeof name, "metadata/%" PRId64 ".%s.json", version, role);
	else
		snprintf(name, sizeof name, "metadata/%s.json", role);
	/* There hardly ever is a new root. */
	*found = strcmp(role, rill_tuf_role_name(RILL_TUF_ROOT)) != 0 || http_has(context, name);
	if (!*found)
		return RILL_OK;
	return http_get(context, name, limit, sink, sink_context, found, error);
}

static enum rill_code refresh(struct session *session, struct rill_error *error)
{
	enum rill_code code;

	session->source = (struct trust_source){get_metadata, &session->http};
	session->trust.source = &session->source;
	session->trust.folder = session->folder;
	session->trust.first_root = session->config.root;
	session->trust.bare_time = session->clock.bare;
	code = trust_refresh(&session->trust, error);
	return code == RILL_OK
		       ? clock_keep(session->folder, &session->clock, &session->trust.tuf, error)
		       : code;
}

/* When to come again. What was only looked at, or one target of several, changes nothing about the
 * rest; and who is told to stop in the middle comes again at once. */
static void note_poll(const struct session *session, bool whole, enum rill_code code)
{
	const int64_t not_before = session->http.not_before;
	struct rill_error ignored;

	if (code == RILL_NETWORK || session->unreached)
		policy_write_poll(&session->config, &session->clock, not_before, POLL_UNREACHED,
				  &ignored);
	else if (code != RILL_BUSY)
		policy_write_poll(&session->config, &session->clock, not_before,
				  whole ? POLL_WHOLE : POLL_PART, &ignored);
}

static enum rill_code ask(struct session *session, bool whole, session_work work,
			  struct rill_error *error)
{
	struct config *config = &session->config;
	enum rill_code code = http_open(&session->http, &config->http, error);

	if (code == RILL_OK) {
		session->polled = true;
		code = refresh(session, error);
		if (code == RILL_OK)
			code = session_each(session, work, error);
		note_poll(session, whole, code);
	}
	http_close(&session->http);
	return code;
}

enum rill_code session_poll(struct session *session, bool whole, session_work work,
			    struct rill_error *error)
{
	struct config *config = &session->config;
	enum rill_code code = RILL_OK;

	config->http.tls.clock = session->clock;
	config->http.tls.folder = config->state;
	if (!session->options->now)
		code = policy_may_fetch(config, &session->clock, error);
	if (code != RILL_OK)
		return code;
	rill_tuf_init(&session->trust.tuf, session->clock.now);
	code = ask(session, whole, work, error);
	rill_tuf_free(&session->trust.tuf);
	return code;
}

static enum rill_code update_group(struct session *session, struct group *group)
{
	bool chosen = session->options->target || session->config.target_count == 1;

	session->http.last = group->count == 1 && chosen;
	return group_update(group, &session->trust, &session->http);
}

enum rill_code session_update(struct session *session, struct rill_error *error)
{
	enum rill_code recovered = session_recover(session, error), code;

	if (recovered == RILL_BUSY || session->waiting)
		return recovered;
	code = session_poll(session, !session->options->target, update_group, error);
	return recovered != RILL_OK ? recovered : code;
}
