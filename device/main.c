/* SPDX-License-Identifier: Apache-2.0 */
#include "device/commands.h"
#include "device/signals.h"

#include <getopt.h>
#include <string.h>

static const struct {
	const char *name;
	enum rill_code (*run)(const struct options *options, struct rill_error *error);
	const char *help;
} commands[] = {
	{"run", command_run, "stay, and update whenever it is due (for init)"},
	{"update", command_update, "fetch, verify and install what is new, once"},
	{"check", command_check, "say what update would fetch, and change nothing"},
	{"status", command_status, "show the targets and how their last updates went"},
	{"commit", command_commit, "keep the new version that is being tested"},
	{"rollback", command_rollback, "bring the version before back, without the network"},
	{"version", command_version, "print the version"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(void)
{
	printf("Usage: rill-agent COMMAND [OPTION]...\n\n"
	       "Keeps files of this device current by signed deltas.\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-9s %s\n", commands[i].name, commands[i].help);
	printf("\nOptions:\n"
	       "  -c, --config FILE  configuration (/etc/rill/rill-agent.json)\n"
	       "  -t, --target NAME  this target only\n"
	       "      --json         print results as JSON\n"
	       "      --progress     with --json: a line a second on how far it is\n"
	       "  -n, --now          do not wait for the hours, link or server that policy asks "
	       "for,\n                     and try a release again that failed\n"
	       "  -q, --quiet        print nothing but errors\n"
	       "      --help         print this\n\n");
	rill_print_exit_codes(stdout);
}

static enum rill_code parse(struct options *options, int argc, char **argv, bool *help,
			    struct rill_error *error)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'}, {"target", required_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},	  {"quiet", no_argument, NULL, 'q'},
		{"now", no_argument, NULL, 'n'},	  {"progress", no_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},	  {NULL, 0, NULL, 0},
	};
	int which;

	opterr = 0;
	while ((which = getopt_long(argc, argv, ":c:t:qn", table, NULL)) != -1) {
		switch (which) {
		case 'c': options->config = optarg; break;
		case 't': options->target = optarg; break;
		case 'j': options->json = true; break;
		case 'q': options->quiet = true; break;
		case 'n': options->now = true; break;
		case 'p': options->progress = true; break;
		case 'h': *help = true; return RILL_OK;
		default:
			return rill_fail(error, RILL_USAGE, "%s '%s': see rill-agent --help",
					 which == ':' ? "no value for option" : "unknown option",
					 argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return rill_fail(error, RILL_USAGE, "one command is wanted: see rill-agent --help");
	return RILL_OK;
}

static enum rill_code run(int argc, char **argv, struct rill_error *error)
{
	struct options options = {.config = "/etc/rill/rill-agent.json"};
	bool help = false;
	enum rill_code code = parse(&options, argc, argv, &help, error);

	if (code != RILL_OK)
		return code;
	if (help) {
		print_help();
		return RILL_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[optind], commands[i].name) == 0)
			return commands[i].run(&options, error);
	return rill_fail(error, RILL_USAGE, "unknown command '%s': see rill-agent --help",
			 argv[optind]);
}

int main(int argc, char **argv)
{
	struct rill_error error = {.code = RILL_OK};
	enum rill_code code;

	signals_hold();
	code = run(argc, argv, &error);
	if (code == RILL_OK && (fflush(stdout) != 0 || ferror(stdout)))
		code = rill_fail(&error, RILL_IO, "standard output: cannot be written");
	if (code != RILL_OK && error.text[0])
		fprintf(stderr, "rill-agent: %s\n", error.text);
	signals_release(); /* a signal that came ends us here, if not before */
	return (int)code;
}
