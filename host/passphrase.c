/* SPDX-License-Identifier: Apache-2.0 */
#include "host/passphrase.h"

#include "host/file.h"
#include <stdio.h>
#include <string.h>
#include <termios.h>

enum rill_code passphrase_read(const char *path, char passphrase[static PASSPHRASE_MAX],
			       struct rill_error *error)
{
	struct input file = {0};
	enum rill_code code = input_open(&file, path, error);
	const uint8_t *end;
	size_t n;

	if (code != RILL_OK)
		return code;
	end = file.length ? memchr(file.bytes, '\n', file.length) : NULL;
	n = end ? (size_t)(end - file.bytes) : file.length;
	if (n == 0 || n >= PASSPHRASE_MAX || memchr(file.bytes, 0, n))
		code = rill_fail(error, RILL_USAGE,
				 "%s: its first line is no passphrase of 1 to %d bytes", path,
				 PASSPHRASE_MAX - 1);
	if (code == RILL_OK) {
		memcpy(passphrase, file.bytes, n);
		passphrase[n] = 0;
	}
	input_close(&file);
	return code;
}

bool passphrase_ask(const char *prompt, char passphrase[static PASSPHRASE_MAX])
{
	FILE *terminal = fopen("/dev/tty", "r+e");
	struct termios was, silent;
	bool got;

	if (!terminal)
		return false;
	if (tcgetattr(fileno(terminal), &was) != 0) {
		fclose(terminal);
		return false;
	}
	silent = was;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	fprintf(terminal, "%s", prompt);
	fflush(terminal);
	got = fgets(passphrase, PASSPHRASE_MAX, terminal) != NULL;
	tcsetattr(fileno(terminal), TCSAFLUSH, &was);
	fprintf(terminal, "\n");
	fclose(terminal);
	if (got)
		passphrase[strcspn(passphrase, "\n")] = 0;
	return got && passphrase[0];
}
