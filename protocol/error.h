/* SPDX-License-Identifier: Apache-2.0
 *
 * The one error type of Rill and the table of exit codes.
 *
 * A function that can fail returns an enum rill_code and takes a struct rill_error
 * as its last parameter. On failure it returns rill_fail(), which records the
 * message; callers add where it happened with rill_error_in() and pass the code
 * on. main() prints the message once. The value of a code is the exit code of the
 * programs: scripts depend on it, so a number is never given a second meaning.
 */
#ifndef RILL_ERROR_H
#define RILL_ERROR_H

#include <stdio.h>

enum rill_code {
	RILL_OK = 0,
	RILL_INTERNAL = 1,
	RILL_USAGE = 2,
	RILL_IO = 3,
	RILL_NETWORK = 4,
	RILL_NO_SPACE = 5,
	RILL_MEMORY = 6,
	RILL_SECURITY = 7,
	RILL_EXPIRED = 8,
	RILL_WRONG_BASE = 9,
	RILL_CORRUPT = 10,
	RILL_UNSUPPORTED = 11,
	RILL_POLICY = 12,
	RILL_UNHEALTHY = 13,
	RILL_BUSY = 14,
	RILL_CONFIG = 15,
	RILL_REBOOT = 16,
};

/* What went wrong: one sentence without the program's name and without a newline. */
struct rill_error {
	enum rill_code code;
	char text[512];
};

/* Records a failure and returns its code. `format` is for printf. */
enum rill_code rill_fail(struct rill_error *error, enum rill_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "WHERE: " before the recorded message (a file, a URL, a field). */
void rill_error_in(struct rill_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A short name for scripts ("wrong-base") and a sentence for people. */
const char *rill_code_name(enum rill_code code);
const char *rill_code_sentence(enum rill_code code);

/* Prints the whole table, a code a line, as --help shows it. */
void rill_print_exit_codes(FILE *out);

#endif
