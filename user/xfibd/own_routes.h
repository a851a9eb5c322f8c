/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Routes of tables that are xfib's own, which outlive the daemon in its maps. */
#ifndef XFIBD_OWN_ROUTES_H
#define XFIBD_OWN_ROUTES_H

struct maps;
struct mirror;

/*
 * Writes the own routes of the set that is pinned at `pin` into the new
 * one, in their order. Those of a table that is mirrored now, and those by
 * interfaces that have gone, are dropped, which is logged. A set that cannot be
 * read is an error: its routes would be lost.
 *
 * Cost: a look-up for each prefix, and 150 bytes a route for the time being.
 */
int own_routes__restore(const char *pin, const struct maps *maps, struct mirror *mirror);

#endif
