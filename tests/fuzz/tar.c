/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes, as they are and with the checksum of every block made right: members lie one
 * behind the other, inside the bytes, and the walk ends.
 */
#include "host/tar.h"
#include "tests/support/must.h"

#include <stdio.h>
#include <string.h>

static void sign(uint8_t *block)
{
	unsigned sum = 8 * ' ';

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : block[i];
	snprintf((char *)block + 148, 8, "%06o", sum);
}

static void walk(const uint8_t *bytes, size_t n)
{
	struct tar_walker walker;
	struct tar_entry member;
	enum tar_result result;
	size_t end = 0;

	tar_start(&walker, bytes, n);
	while ((result = tar_next(&walker, &member)) == TAR_MEMBER) {
		must(member.header >= end && member.data >= member.header + TAR_BLOCK);
		must(member.data <= n && member.size <= n - member.data);
		must(strlen(member.name) <= TAR_NAME_MAX && strlen(member.link) <= TAR_NAME_MAX);
		end = member.data + member.size;
		must(walker.at >= end && walker.at <= n);
	}
	must(result == TAR_END || *walker.why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	must(copy);
	memcpy(copy, bytes, n);
	walk(copy, n);
	for (size_t at = 0; n - at >= TAR_BLOCK; at += TAR_BLOCK)
		sign(copy + at);
	walk(copy, n);
	free(copy);
	return 0;
}
