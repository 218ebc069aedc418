/* SPDX-License-Identifier: Apache-2.0
 *
 * A bsdiff patch. Its first byte says whether the rest is a whole one, or control,
 * difference and extra block not yet coded, so that bzip2's sums do not bar the way.
 */
#include "host/bsdiff4.h"
#include "tests/support/must.h"

#include <bzlib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define OUTPUT_MAX (1 << 20)

static void put_block(struct buffer *patch, const uint8_t *raw, size_t n, size_t field)
{
	static char packed[1 << 16];
	unsigned int length = sizeof packed;
	struct rill_error error;

	must(BZ2_bzBuffToBuffCompress(packed, &length, (char *)(uintptr_t)raw, (unsigned int)n, 1,
				      0, 0) == BZ_OK);
	must(buffer_append(patch, packed, length, &error) == RILL_OK);
	if (field)
		memcpy(patch->bytes + field, &(uint64_t){length}, 8);
}

/* Two bytes each are the lengths of the first two blocks, eight the length of the result. */
static void make_patch(struct buffer *patch, const uint8_t *bytes, size_t n)
{
	uint8_t header[32] = "BSDIFF40";
	size_t control = bytes[0] + 256u * bytes[1], difference = bytes[2] + 256u * bytes[3];
	struct rill_error error;

	memcpy(header + 24, bytes + 4, 8);
	bytes += 12;
	n -= 12;
	control = control < n ? control : n;
	difference = difference < n - control ? difference : n - control;
	must(buffer_append(patch, header, sizeof header, &error) == RILL_OK);
	put_block(patch, bytes, control, 8);
	put_block(patch, bytes + control, difference, 16);
	put_block(patch, bytes + control + difference, n - control - difference, 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	signal(SIGXFSZ, SIG_IGN); /* a bomb: its write fails */
	return setrlimit(RLIMIT_FSIZE, &(struct rlimit){OUTPUT_MAX, OUTPUT_MAX});
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const uint8_t base_bytes[200] = "something that a patch may copy from";
	const struct input base = {.bytes = base_bytes, .length = sizeof base_bytes};
	static struct output output = {.path = "fuzz", .fd = -1};
	struct buffer patch = {0};
	struct rill_error error;
	enum rill_code code;

	if (output.fd < 0)
		output.fd = memfd_create("fuzz", 0);
	if (n < 13 || n > 60000 || ftruncate(output.fd, 0) || lseek(output.fd, 0, SEEK_SET))
		return 0;
	if (bytes[0] & 1)
		make_patch(&patch, bytes + 1, n - 1);
	else
		must(buffer_append(&patch, bytes + 1, n - 1, &error) == RILL_OK);
	code = bsdiff4_apply(&base, &(struct input){.bytes = patch.bytes, .length = patch.length},
			     &output, &error);
	must(code == RILL_OK || code == RILL_CORRUPT || code == RILL_WRONG_BASE ||
	     lseek(output.fd, 0, SEEK_CUR) == OUTPUT_MAX);
	buffer_free(&patch);
	return 0;
}
