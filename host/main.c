/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"

#include <string.h>

static const struct {
	const char *name;
	enum rill_code (*run)(int argc, char **argv, struct rill_error *error);
	const char *help;
} commands[] = {
	{"diff", command_diff, "make the delta between two files or container images"},
	{"patch", command_patch, "apply a delta, or a patch of bsdiff"},
	{"info", command_info, "show what a delta says of itself"},
	{"key", command_key, "make, show and import signing keys"},
	{"repo", command_repo, "make a signed repository, publish to it, look after it"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(void)
{
	printf("Usage: mkdelta COMMAND [OPTION]... [OPERAND]...\n\n"
	       "Makes small deltas between releases and publishes them signed.\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	printf("\n'mkdelta COMMAND --help' shows a command's options.\n\n");
	rill_print_exit_codes(stdout);
}

static enum rill_code run(int argc, char **argv, struct rill_error *error)
{
	if (argc < 2)
		return rill_fail(error, RILL_USAGE, "no command: see mkdelta --help");
	if (strcmp(argv[1], "--help") == 0) {
		print_help();
		return RILL_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("mkdelta " RILL_VERSION "\n");
		return RILL_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1, error);
	return rill_fail(error, RILL_USAGE, "unknown command '%s': see mkdelta --help", argv[1]);
}

int main(int argc, char **argv)
{
	struct rill_error error = {.code = RILL_OK};
	enum rill_code code = run(argc, argv, &error);

	if (code == RILL_OK && (fflush(stdout) != 0 || ferror(stdout)))
		code = rill_fail(&error, RILL_IO, "standard output: cannot be written");
	if (code != RILL_OK)
		fprintf(stderr, "mkdelta: %s\n", error.text);
	return (int)code;
}
