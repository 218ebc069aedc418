/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps that group.h is made of; for its own files. All work on the members that are
 * `wanted`, whose `error` they set when they fail.
 */
#ifndef RILL_DEVICE_GROUP_STEPS_H
#define RILL_DEVICE_GROUP_STEPS_H

#include "device/group.h"

/* The first such member, and the one after another; or NULL. */
struct update *group_first(const struct group *group);
struct update *group_next(const struct group *group, struct update *member);
/* True when any member, wanted or not, is in this state. */
bool group_any_in(const struct group *group, enum update_state state);

/* Puts all into a state, by one write of the journal, with one time. */
enum rill_code group_put(struct group *group, enum update_state state, struct rill_error *error);
/* The same error for all; returns its code. */
enum rill_code group_fail(struct group *group, const struct rill_error *error);
/* Where the member's switch is: kind_find(). */
enum rill_code group_find(const struct update *member, enum kind_position *position,
			  struct rill_error *error);

/* Brings all back, for that reason, to where they were before the switch. */
enum rill_code group_roll_back(struct group *group, const struct rill_error *why);
/* Ends a rollback that the journal has. What cannot be undone is final; what failed by an I/O
 * error is tried again by the next run. */
enum rill_code group_finish_rollback(struct group *group);
/* Commits. */
enum rill_code group_keep(struct group *group);

/* group_switch.c: all are prepared and open. Switches, tests, and keeps or rolls back. */
enum rill_code group_switch(struct group *group);
/* Go on with that from the states switching and testing. */
enum rill_code group_finish_switch(struct group *group);
enum rill_code group_finish_test(struct group *group);

#endif
