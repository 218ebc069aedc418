/* SPDX-License-Identifier: Apache-2.0 */
#include "host/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 24
#define HELP 1000

static void print_help(const struct usage *usage)
{
	printf("Usage: mkdelta %s [OPTION]... %s\n\n%s\n\nOptions:\n", usage->command,
	       usage->synopsis, usage->about);
	for (const struct option_spec *o = usage->options; o->name; o++) {
		char left[40];

		snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			 o->argument ? " " : "", o->argument ? o->argument : "");
		printf("  %-26s %s\n", left, o->help);
	}
	printf("      %-22s %s\n\n", "--help", "print this");
	rill_print_exit_codes(stdout);
}

static enum rill_code set_number(const struct option_spec *spec, const char *text,
				 struct rill_error *error)
{
	static const char suffixes[] = "KMG";
	int64_t *value = spec->value, factor = 1;
	const char *suffix;
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		factor = INT64_C(1) << 10 * (suffix - suffixes + 1);
		end++;
	}
	if (errno || end == text || *end || *value < 1 ||
	    __builtin_mul_overflow(*value, factor, value))
		return rill_fail(error, RILL_USAGE,
				 "--%s: '%s' is not a whole number from 1 (K, M, G may follow)",
				 spec->name, text);
	return RILL_OK;
}

static enum rill_code add_text(struct text_list *list, const char *text, struct rill_error *error)
{
	const char **items = realloc(list->items, (list->count + 1) * sizeof *items);

	if (!items)
		return rill_fail(error, RILL_MEMORY, "no memory");
	list->items = items;
	list->items[list->count++] = text;
	return RILL_OK;
}

enum rill_code check_output(const struct common *common, const char *output,
			    struct rill_error *error)
{
	if (common->json && strcmp(output, "-") == 0)
		return rill_fail(error, RILL_USAGE,
				 "--json and -o - would both use standard output");
	return RILL_OK;
}

void text_list_free(struct text_list *list)
{
	free(list->items);
	*list = (struct text_list){0};
}

static enum rill_code set_option(const struct option_spec *spec, const char *text,
				 struct rill_error *error)
{
	switch (spec->type) {
	case OPTION_FLAG: *(bool *)spec->value = true; return RILL_OK;
	case OPTION_TEXT: *(const char **)spec->value = text; return RILL_OK;
	case OPTION_NUMBER: return set_number(spec, text, error);
	case OPTION_LIST: return add_text(spec->value, text, error);
	}
	return RILL_OK;
}

/* getopt's tables of ours: an option's number is its place, or its letter. */
static size_t fill_tables(const struct option_spec *specs, struct option *table, char *letters)
{
	size_t n = 0;

	*letters++ = ':';
	for (; specs[n].name; n++) {
		bool takes = specs[n].type != OPTION_FLAG;

		table[n] = (struct option){specs[n].name, takes, NULL, (int)(HELP + 1 + n)};
		if (specs[n].letter) {
			*letters++ = specs[n].letter;
			if (takes)
				*letters++ = ':';
		}
	}
	table[n] = (struct option){"help", no_argument, NULL, HELP};
	*letters = 0;
	return n;
}

enum rill_code parse_options(const struct usage *usage, int argc, char **argv, char ***operands,
			     size_t *count, bool *done, struct rill_error *error)
{
	struct option table[OPTIONS_MAX + 2] = {0};
	char letters[2 * OPTIONS_MAX + 2];
	size_t known = fill_tables(usage->options, table, letters);
	int which;

	*done = false;
	optind = 1;
	optopt = 0;
	opterr = 0;
	while ((which = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		const struct option_spec *spec = usage->options;
		enum rill_code code;

		if (which == HELP) {
			print_help(usage);
			*done = true;
			return RILL_OK;
		}
		if (which == '?' || which == ':') {
			const char letter[] = {'-', (char)optopt, 0};
			bool is_letter = optopt > 0 && optopt < HELP;

			return rill_fail(error, RILL_USAGE, "%s '%s': see mkdelta %s --help",
					 which == '?' ? "unknown option" : "no value for option",
					 is_letter ? letter : argv[optind - 1], usage->command);
		}
		if (which > HELP)
			spec += which - HELP - 1;
		else
			while (spec < usage->options + known && spec->letter != which)
				spec++;
		code = set_option(spec, optarg, error);
		if (code != RILL_OK)
			return code;
	}
	*operands = argv + optind;
	*count = (size_t)(argc - optind);
	if (*count < usage->least || *count > usage->most)
		return rill_fail(error, RILL_USAGE, "usage: mkdelta %s [OPTION]... %s",
				 usage->command, usage->synopsis);
	return RILL_OK;
}
