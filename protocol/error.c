/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/error.h"

#include <stdarg.h>
#include <string.h>

static const struct {
	const char *name, *sentence;
} codes[] = {
	[RILL_OK] = {"ok", "done, or nothing to do"},
	[RILL_INTERNAL] = {"internal", "a defect in Rill itself"},
	[RILL_USAGE] = {"usage", "the command line is wrong"},
	[RILL_IO] = {"io", "a local file cannot be read or written"},
	[RILL_NETWORK] = {"network", "the server cannot be reached or answers badly: try later"},
	[RILL_NO_SPACE] = {"no-space", "not enough room on the file system"},
	[RILL_MEMORY] = {"memory", "needs more memory than the budget allows"},
	[RILL_SECURITY] = {"security", "a signature, hash or version of the metadata is not right"},
	[RILL_EXPIRED] = {"expired", "the metadata has expired"},
	[RILL_WRONG_BASE] = {"wrong-base", "the base is not the one that the delta was made from"},
	[RILL_CORRUPT] = {"corrupt", "an image, a delta or its result is damaged"},
	[RILL_UNSUPPORTED] = {"unsupported",
			      "a format, version or option that this build does not know"},
	[RILL_POLICY] = {"policy", "the policy in the configuration forbids it"},
	[RILL_UNHEALTHY] = {"unhealthy", "the health check failed; the previous version is back"},
	[RILL_BUSY] = {"busy", "another instance is at work"},
	[RILL_CONFIG] = {"config", "the configuration file is wrong"},
	[RILL_REBOOT] = {"reboot", "a reboot starts what was installed, or brought back"},
};

#define CODE_COUNT (sizeof codes / sizeof codes[0])

enum rill_code rill_fail(struct rill_error *error, enum rill_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	error->code = code;
	return code;
}

void rill_error_in(struct rill_error *error, const char *format, ...)
{
	char was[sizeof error->text];
	va_list args;
	int n;

	memcpy(was, error->text, sizeof was);
	va_start(args, format);
	n = vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof error->text) {
		size_t room = sizeof error->text - (size_t)n;

		snprintf(error->text + n, room, ": %.*s", (int)room, was);
	}
}

const char *rill_code_name(enum rill_code code)
{
	return (size_t)code < CODE_COUNT ? codes[code].name : "unknown";
}

const char *rill_code_sentence(enum rill_code code)
{
	return (size_t)code < CODE_COUNT ? codes[code].sentence : "unknown";
}

void rill_print_exit_codes(FILE *out)
{
	fprintf(out, "Exit codes:\n");
	for (size_t i = 0; i < CODE_COUNT; i++)
		fprintf(out, "  %2zu  %-12s %s\n", i, codes[i].name, codes[i].sentence);
}
