/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The verbs of `xfib route`: arguments after the verb. Each returns a status. */
#ifndef XFIB_ROUTE_H
#define XFIB_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

int route_show(int argc, char **argv);
int route_add(int argc, char **argv);
int route_replace(int argc, char **argv);
int route_append(int argc, char **argv);
int route_del(int argc, char **argv);
int route_flush(int argc, char **argv);
int route_export(int argc, char **argv);
int route_import(int argc, char **argv);

#endif
