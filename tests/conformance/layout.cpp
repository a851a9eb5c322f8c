// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The same assertions in C++. */
#include "layout.c"
