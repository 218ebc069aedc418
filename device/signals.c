/* SPDX-License-Identifier: Apache-2.0 */
#include "device/signals.h"

#include "device/dial.h"
#include "device/notify.h"
#include <time.h>

#define SLICE_MS 250

static sigset_t held(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void signals_hold(void)
{
	sigset_t set = held();

	signal(SIGPIPE, SIG_IGN); /* a closed connection is an error like any other */
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void signals_release(void)
{
	sigset_t set = held();

	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool signals_stop(void)
{
	sigset_t set;

	notify_alive(); /* whoever looks here is at work */
	return sigpending(&set) == 0 &&
	       (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1);
}

enum rill_code signals_check(struct rill_error *error)
{
	return signals_stop() ? rill_fail(error, RILL_BUSY, "stopped by a signal") : RILL_OK;
}

void signals_sleep(int64_t ms)
{
	int64_t end = monotonic_ms() + ms;

	while (!signals_stop()) {
		int64_t left = end - monotonic_ms();
		struct timespec pause = {.tv_nsec = (long)(left < SLICE_MS ? left : SLICE_MS) *
						    1000000};

		if (left <= 0)
			return;
		nanosleep(&pause, NULL);
	}
}

static int wait_once(int64_t ms)
{
	const struct timespec wait = {.tv_sec = (time_t)(ms / 1000),
				      .tv_nsec = (long)(ms % 1000 * 1000000)};
	sigset_t set = held();
	int signal_number = sigtimedwait(&set, NULL, &wait);

	return signal_number > 0 ? signal_number : 0;
}

int signals_wait(int64_t ms)
{
	int64_t end = monotonic_ms() + ms, slice = notify_interval_ms();
	int signal_number;

	do {
		notify_alive();
		signal_number = wait_once(ms < slice ? ms : slice);
		ms = end - monotonic_ms();
	} while (signal_number == 0 && ms > 0);
	return signal_number;
}

void signals_may_kill(sigset_t *was)
{
	sigset_t set = held();

	sigdelset(&set, SIGHUP);
	sigprocmask(SIG_UNBLOCK, &set, was);
}

void signals_as_before(const sigset_t *was)
{
	sigprocmask(SIG_SETMASK, was, NULL);
}
