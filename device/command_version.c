/* SPDX-License-Identifier: Apache-2.0 */
#include "device/commands.h"

#include "protocol/delta_header.h"

enum rill_code command_version(const struct options *options, struct rill_error *error)
{
	(void)error;
	if (options->json)
		printf("{\"version\":\"" RILL_VERSION "\",\"delta_format\":%d}\n",
		       RILL_DELTA_VERSION);
	else
		printf("rill-agent " RILL_VERSION ", delta format %d\n", RILL_DELTA_VERSION);
	return RILL_OK;
}
