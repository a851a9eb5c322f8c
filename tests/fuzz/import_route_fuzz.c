// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Lines of the import, in the format that the first byte says (bits 0 and 1),
 * of the family that bits 2 and 3 say, with a device in place of theirs (bit
 * 4), fed in pieces of as many bytes as the second byte says.
 */
#include "import_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const uint32_t families[] = { 0, AF_INET, AF_INET6, 0 };
	struct import_options options = { 0 };

	if (length < 2)
		return 0;
	options.format = data[0] % 3;
	options.family = families[data[0] >> 2 & 3];
	options.path.ifindex = data[0] >> 4 & 1;
	import_fuzz__run(&options, data + 2, length - 2, data[1]);
	return 0;
}
