/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an answer, at the start of any bytes.
 */
#include "device/http_head.h"
#include "tests/support/must.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t length = http_head_length(bytes, n);
	struct http_head head;
	struct rill_error error;
	uint8_t *exact;

	if (length == 0)
		return 0;
	must(length <= n && http_head_length(bytes, length - 1) == 0);
	exact = malloc(length);
	must(exact);
	memcpy(exact, bytes, length);
	if (http_head_parse(&head, exact, length, &error) == RILL_OK)
		must(head.status >= 0 && head.status <= 999 && head.length <= 999999999999999 &&
		     (head.has_length || head.length == 0));
	else
		must(error.code == RILL_NETWORK);
	free(exact);
	return 0;
}
