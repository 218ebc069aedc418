/* SPDX-License-Identifier: Apache-2.0
 *
 * In place of sscanf() for cJSON, whose only use of it is to read a number back: "%lg". The
 * whole of scanf would be 5 KB of the small agent.
 */
#include <stdarg.h>
#include <stdlib.h>

int rill_read_number(const char *text, const char *format, ...);

int rill_read_number(const char *text, const char *format, ...)
{
	va_list arguments;
	char *end;

	va_start(arguments, format);
	*va_arg(arguments, double *) = strtod(text, &end);
	va_end(arguments);
	return end != text;
}
