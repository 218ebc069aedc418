/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include <string.h>

void assert_ok(enum rill_code code, const struct rill_error *error)
{
	if (code != RILL_OK)
		fail_msg("%s: %s", rill_code_name(code), error->text);
}

void assert_fails(enum rill_code code, enum rill_code expected, const struct rill_error *error,
		  const char *fragment)
{
	if (code != expected)
		fail_msg("%s, not %s: %s", rill_code_name(code), rill_code_name(expected),
			 code == RILL_OK ? "" : error->text);
	assert_int_equal(error->code, expected);
	if (!strstr(error->text, fragment))
		fail_msg("\"%s\" is not in the message: %s", fragment, error->text);
}

uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}
