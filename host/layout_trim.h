/* SPDX-License-Identifier: Apache-2.0
 *
 * A region whose copied bytes are the same everywhere needs no prediction, and its entry in the
 * layout table would cost more than it saves.
 */
#ifndef RILL_LAYOUT_TRIM_H
#define RILL_LAYOUT_TRIM_H

#include "host/copy_select.h"
#include "host/sources.h"
#include "protocol/layout.h"

/* Takes such regions out, and images that have none left. `layout` is by offsets in sources.
 * RILL_MEMORY. */
enum rill_code layout_trim(struct rill_layout *layout, const struct copy_list *copies,
			   const struct sources *sources, struct rill_error *error);

#endif
