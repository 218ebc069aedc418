/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon: recovers, polls, waits. It holds the lock of the work only while it works, so that
 * the other commands can do theirs in between; another lock keeps a second daemon away.
 */
#include "device/session.h"

#include "device/notify.h"
#include "device/policy.h"
#include "device/retry.h"
#include "device/signals.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Seconds until it looks again. */
#define WAIT_BUSY 5 /* another command is at work */
#define WAIT_LATER 300 /* hooks, hours or storage do not let us */
#define WAIT_COMMIT 30
#define WAIT_MAX 3600 /* a clock may have been set meanwhile */

static bool is_due(const struct session *session)
{
	const struct config *config = &session->config;
	struct poll poll = policy_read_poll(config->state);
	int64_t left = poll.next - session->clock.now;

	/* So far ahead it is only when the clock went back. */
	return left <= 0 || left > config->poll_interval + config->poll_jitter + POLICY_WAIT_MAX;
}

static int64_t until_poll(const struct session *session)
{
	int64_t left = policy_read_poll(session->config.state).next - session->clock.now;

	return left < 1 ? 1 : left < WAIT_MAX ? left : WAIT_MAX;
}

/* One round; the milliseconds until the next. */
static int64_t work(struct session *session, unsigned *failures)
{
	const struct retry_policy *retry = &session->config.http.retry;
	struct rill_error error = {.code = RILL_OK};
	enum rill_code code = session_begin(session, &error);
	bool began = code == RILL_OK, due = began && (*failures > 0 || is_due(session));
	int64_t wait;

	if (due)
		code = session_update(session, &error);
	else if (began)
		code = session_recover(session, &error);
	if (code != RILL_OK && error.text[0] && !(code == RILL_BUSY && signals_stop()))
		fprintf(stderr, "rill-agent: %s\n", error.text);
	if ((code == RILL_NETWORK || session->unreached) && session->polled) {
		wait = retry_wait_ms(retry, ++*failures, retry_random());
		/* Sooner than the poll's record says, as long as this runs. */
	} else {
		*failures = 0;
		wait = !began		  ? (code == RILL_BUSY ? WAIT_BUSY : WAIT_LATER)
		       : session->waiting ? WAIT_COMMIT
		       : code != RILL_OK && !session->polled ? WAIT_LATER
							     : until_poll(session);
		wait *= 1000;
	}
	if (began) {
		session_end(session);
		session_reboot(session);
	}
	return wait;
}

/* Reads the configuration anew; one that is not right is not taken. */
static void reload(struct session *session, int *lock)
{
	struct session fresh;
	struct rill_error error;
	enum rill_code code = session_open(&fresh, session->options, &error);

	if (code == RILL_OK && strcmp(fresh.config.state, session->config.state) != 0) {
		int other = session_lock(fresh.config.state, "daemon", &error);

		if (other >= 0)
			close(*lock);
		*lock = other >= 0 ? other : *lock;
		code = other >= 0 ? RILL_OK : error.code;
	}
	if (code == RILL_OK) {
		session_close(session);
		*session = fresh;
		fprintf(stderr, "rill-agent: the configuration is read anew\n");
	} else {
		session_close(&fresh);
		fprintf(stderr, "rill-agent: %s; the configuration stays as it was\n", error.text);
	}
}

static void run(struct session *session, int *lock)
{
	unsigned failures = 0;

	notify("READY=1");
	for (;;) {
		int64_t wait;
		int signal_number;

		notify("STATUS=working");
		wait = work(session, &failures);
		notify("STATUS=next round in %lld s", (long long)(wait / 1000));
		/* A signal that came during the work is still pending, and ends the wait. */
		signal_number = signals_wait(wait);
		if (signal_number == SIGTERM || signal_number == SIGINT)
			break;
		if (signal_number == SIGHUP)
			reload(session, lock);
	}
	notify("STOPPING=1");
}

enum rill_code command_run(const struct options *options, struct rill_error *error)
{
	struct options daemon = *options;
	struct session session;
	enum rill_code code;
	int lock = -1;

	daemon.daemon = true;
	daemon.target = NULL;
	code = session_open(&session, &daemon, error);
	if (code == RILL_OK)
		lock = session_lock(session.config.state, "daemon", error);
	if (code == RILL_OK && lock < 0)
		code = error->code;
	if (code == RILL_OK)
		run(&session, &lock);
	if (lock >= 0)
		close(lock);
	session_close(&session);
	return code;
}
