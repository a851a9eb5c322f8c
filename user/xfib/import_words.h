/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The words of `xfib route import`. */
#ifndef XFIB_IMPORT_WORDS_H
#define XFIB_IMPORT_WORDS_H

#include "import.h"

struct import_words {
	const char *file; /* "-": standard input */
	enum xfib_change change;
	bool keep_going, dry_run;
	struct import_options options; /* but for `device` */
};

/* A status. */
int import_words__parse(int argc, char **argv, struct import_words *ret_words);

#endif
