/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command says of each target when it is done with it: a line, or a JSON object a line.
 */
#ifndef RILL_DEVICE_RESULT_H
#define RILL_DEVICE_RESULT_H

#include "device/session.h"

/* Errors go to standard error, also with --json. Nothing is printed of a recovery that had nothing
 * to do. */
void result_print(const struct session *session, const struct update *update);

/* How the options want progress to be shown. */
enum progress_style result_progress(const struct options *options);

#endif
