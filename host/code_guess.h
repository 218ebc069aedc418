/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds arm64 code in files that are no ELF executables: firmware images, kernels, archives
 * of executables. Addresses are not known there; offsets in the file stand for them, which
 * is right for distances within one image.
 */
#ifndef RILL_CODE_GUESS_H
#define RILL_CODE_GUESS_H

#include "host/elf_regions.h"

/* Fills `elf` as elf_regions_read() does, when there is code enough; leaves it as it is when
 * not. */
void code_guess(struct elf_regions *elf, const uint8_t *bytes, size_t n);

#endif
