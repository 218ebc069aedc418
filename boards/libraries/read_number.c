/* SPDX-License-Identifier: Apache-2.0
 *
 * In place of strtod() and sscanf() for cJSON, which reads numbers by them: those of the C library
 * would be 10 KB of the small agent. Whole numbers up to 2^53 come out exactly, and the agent's
 * configuration and state have no others; a fraction or an exponent may be off in its last bits.
 */
#include <stdarg.h>
#include <stdint.h>

double rill_read_double(const char *text, char **end);
int rill_read_number(const char *text, const char *format, ...);

#define EXPONENT_MOST 400 /* beyond the range of a double */

/* A run of digits, behind what `value` holds; `*count` says how many. */
static const char *read_digits(const char *at, double *value, int *count)
{
	for (; *at >= '0' && *at <= '9'; at++, ++*count)
		*value = *value * 10 + (*at - '0');
	return at;
}

/* The exponent of ten at `at`, 0 when there is none; moves behind it. */
static int read_exponent(const char **at)
{
	const char *digits, *behind;
	double value = 0;
	int count = 0;

	if (**at != 'e' && **at != 'E')
		return 0;
	digits = *at + 1 + ((*at)[1] == '-' || (*at)[1] == '+');
	behind = read_digits(digits, &value, &count);
	if (count == 0)
		return 0;
	if (value > EXPONENT_MOST)
		value = EXPONENT_MOST;
	value = digits[-1] == '-' ? -value : value;
	*at = behind;
	return (int)value;
}

double rill_read_double(const char *text, char **end)
{
	const char *at = text + (*text == '-');
	double value = 0;
	int digits = 0, fraction = 0, shift;

	at = read_digits(at, &value, &digits);
	*end = (char *)(uintptr_t)text;
	if (digits == 0)
		return 0;
	if (*at == '.')
		at = read_digits(at + 1, &value, &fraction);
	shift = read_exponent(&at) - fraction;
	*end = (char *)(uintptr_t)at;
	for (; shift > 0; shift--)
		value *= 10;
	for (; shift < 0; shift++)
		value /= 10;
	return *text == '-' ? -value : value;
}

int rill_read_number(const char *text, const char *format, ...)
{
	va_list arguments;
	char *end;

	va_start(arguments, format);
	*va_arg(arguments, double *) = rill_read_double(text, &end);
	va_end(arguments);
	return end != text;
}
