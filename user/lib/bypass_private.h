/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the two files about rules that are bypassed share. */
#ifndef XFIB_LIB_BYPASS_PRIVATE_H
#define XFIB_LIB_BYPASS_PRIVATE_H

#include "bypass.h"

/* As bypass__each(), of the tables of iptables-legacy and ip6tables-legacy. */
void bypass__legacy(void (*found)(const struct bypass *bypass, void *data), void *data);

#endif
