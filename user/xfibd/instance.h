/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * An instance: a set of maps and programs, its pin directory, and the lock
 * that says that a daemon looks after it.
 *
 * A new set is pinned beside the old one, filled, and then takes its name, so
 * that forwarding goes on over a restart and nobody sees a half-filled set.
 */
#ifndef XFIBD_INSTANCE_H
#define XFIBD_INSTANCE_H

#include <limits.h>
#include <stdbool.h>
#include <xfib/xfib.h>

#include "bpf_maps.h"
#include "peer.h"

/* Bytes of the path of a pin directory, with its end: those of a set's files beside it are longer. */
#define PIN_SIZE (PATH_MAX - 16)

struct instance;

/*
 * Checks capabilities, kernel, pin directory and lock, and creates maps and
 * programs. What fails is logged. -EBUSY: a daemon runs already.
 *
 * @pin: an absolute path of fewer than PIN_SIZE bytes
 * @readers: a group that may read the maps; NO_GROUP: root alone
 */
int instance__create(const char *pin, const struct map_sizes *sizes, gid_t readers, struct instance **ret_instance);

/* Was there an older set at the pin directory when this one was made? It is there until instance__publish(). */
bool instance__has_old(const struct instance *instance);

struct bpf_maps *instance__maps(const struct instance *instance);

/* Gives the filled set the name of the pin directory, and ports that had the old programs the new ones. */
int instance__publish(struct instance *instance);

/* Attaches the XDP program to a device by name. */
int instance__attach(const struct instance *instance, const char *device, enum xfib_mode mode);

/* Attaches to devices that have come since under the name of a port that `xfib attach` was given. Cost: a directory's. */
void instance__follow_ports(const struct instance *instance);

/* Detaches the programs from every port and removes the pins. */
void instance__teardown(struct instance *instance);

/* Did it find ports that forwarded by an older set, and take them over? Then ending must not end their forwarding. */
bool instance__took_over(const struct instance *instance);

/* Releases the lock and closes everything; what is pinned and attached stays. */
void instance__free(struct instance *instance);

#endif
