// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * MRT dumps: the first byte says which peer's routes (0: the first one's, else
 * that number less one), the second one how many bytes a piece has.
 */
#include "import_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct import_options options = { .format = IMPORT_MRT };

	if (length < 2)
		return 0;
	if (data[0]) {
		options.peer = IMPORT_PEER_INDEX;
		options.peer_index = data[0] - 1u;
	}
	import_fuzz__run(&options, data + 2, length - 2, data[1]);
	return 0;
}
