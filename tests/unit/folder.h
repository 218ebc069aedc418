/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary folder for a test of host/ or device/ to work in, and plain files in it.
 */
#ifndef RILL_TESTS_FOLDER_H
#define RILL_TESTS_FOLDER_H

#include "tests/unit/support.h"

#include <stdbool.h>

#define FOLDER_PATH 512

struct folder {
	char path[32];
	char names[8][FOLDER_PATH]; /* what folder_path() gave last */
	unsigned next;
};

/* Gives a test a folder of its own as its `*state`, and removes it with all in it. */
#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
int make_folder(void **state);
int remove_folder(void **state);

/* The full path of NAME in the folder; good until seven more were asked for. */
const char *folder_path(struct folder *folder, const char *name);

void put_file(const char *path, const void *bytes, size_t n);
/* All bytes of a file, with a NUL behind them; free() them. */
char *get_file(const char *path, size_t *n);
void assert_file(const char *path, const void *bytes, size_t n);
bool is_there(const char *path);
unsigned mode_of(const char *path);
/* Entries of a folder, without "." and "..". */
unsigned count_files(const char *path);

#endif
