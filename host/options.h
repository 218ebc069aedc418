/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of a subcommand as a table: parsed by getopt_long(3), printed by --help.
 */
#ifndef RILL_HOST_OPTIONS_H
#define RILL_HOST_OPTIONS_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG, /* value: bool */
	OPTION_TEXT, /* value: const char * */
	OPTION_NUMBER, /* value: int64_t, from 1; K, M and G multiply by powers of 1024 */
	OPTION_LIST, /* value: struct text_list, one more for each time it is given */
};

struct text_list {
	const char **items;
	size_t count;
};

struct option_spec {
	const char *name; /* without the dashes; ends the table when NULL */
	char letter; /* short form, or 0 */
	enum option_type type;
	void *value;
	const char *argument, *help;
};

struct usage {
	const char *command; /* "diff" */
	const char *synopsis; /* "OLD NEW -o DELTA" */
	const char *about; /* sentences for --help */
	size_t least, most; /* number of operands */
	struct option_spec *options;
};

/* What every command has. */
struct common {
	bool json, quiet;
};
#define COMMON_OPTIONS(common)                                                                     \
	{"json", 0, OPTION_FLAG, &(common).json, NULL, "print the result as JSON"},                \
		{"quiet", 'q', OPTION_FLAG, &(common).quiet, NULL, "print nothing but errors"},    \
	{                                                                                          \
		NULL, 0, OPTION_FLAG, NULL, NULL, NULL                                             \
	}

/* Reads the options; `*operands` and `*count` are what is left. `*done` is true when --help
 * was printed and nothing else is to do. RILL_USAGE. */
enum rill_code parse_options(const struct usage *usage, int argc, char **argv, char ***operands,
			     size_t *count, bool *done, struct rill_error *error);

/* Refuses --json when the result itself goes to standard output. RILL_USAGE. */
enum rill_code check_output(const struct common *common, const char *output,
			    struct rill_error *error);

void text_list_free(struct text_list *list);

#endif
