/* SPDX-License-Identifier: Apache-2.0
 *
 * A main() for a fuzzer where there is no libFuzzer: runs it on each file of its seeds.
 */
#include "tests/support/must.h"

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int main(int argc, char **argv)
{
	static uint8_t bytes[1 << 16];

	must(argc > 1);
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t n;

		must(file != NULL);
		n = fread(bytes, 1, sizeof bytes, file);
		fclose(file);
		LLVMFuzzerTestOneInput(bytes, n);
	}
	return 0;
}
