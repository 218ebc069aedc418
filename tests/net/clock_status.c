/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into the agent: the kernel says of its clock what $RILL_CLOCK says.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

int adjtimex(struct timex *timex)
{
	const char *status = getenv("RILL_CLOCK");

	memset(timex, 0, sizeof *timex);
	timex->status = status && strcmp(status, "synchronized") == 0 ? STA_PLL : STA_UNSYNC;
	return timex->status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}
