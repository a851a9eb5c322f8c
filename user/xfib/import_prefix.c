// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Lines of one prefix each, whose next hop the options give. */
#include <errno.h>
#include <string.h>

#include "import_private.h"

int import_prefix__line(struct import *import, int count, struct why *ret_why)
{
	struct xfib_route_spec spec = { .size = sizeof(spec) };
	struct xfib_path_spec path;
	uint32_t family;
	uint8_t length;

	if (count > 1)
		return why__set(ret_why, "unknown word " QUOTED ": one prefix a line", import->words[1]);
	family = strcmp(import->words[0], "default") ? 0 : import->options.family;
	if (read_prefix(import->words[0], family, &spec.family, spec.prefix, &length, ret_why))
		return -EINVAL;
	spec.prefix_length = length;
	return import__deliver(import, import->place, &spec, &path, ret_why);
}
