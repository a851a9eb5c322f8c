// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * CreateIpForwardEntry2, SetIpForwardEntry2 and DeleteIpForwardEntry2.
 *
 * A row is one path of a route of table main. Linux tells routes apart by
 * prefix, TOS and metric, Windows by prefix, interface and next hop: so
 * whether a row exists is asked before a change, and one thread at a time of
 * the process does both. What is changed is changed in one transaction, and
 * what a row does not say of a route (preferred source, MTU, other paths)
 * stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netioapi_private.h"

#define FOR_EVER 0xffffffffu
#define IPV6_METRIC 1024 /* what the kernel makes of an IPv6 metric of 0 */

/* ---- what a row asks for ---- */

struct wanted {
	struct netio_key key;
	uint32_t metric;
	uint32_t lifetime; /* seconds; 0: for ever */
	NL_ROUTE_PROTOCOL protocol;
	uint8_t rtprot; /* which Linux has for it */
};

/* The key, where the next hop has to be given. */
static bool read_full_key(const MIB_IPFORWARD_ROW2 *row, struct netio_key *ret_key)
{
	if (!row || !netio__read_key(row, ret_key) || ret_key->any_next_hop)
		return false;
	/* An IPv6 next hop for an IPv4 prefix is RFC 5549; the reverse is nothing. */
	return ret_key->family == AF_INET || row->NextHop.si_family == AF_INET6;
}

static bool read_row(const MIB_IPFORWARD_ROW2 *row, struct wanted *ret_wanted)
{
	struct xfib_route route = { .type = XFIB_ROUTE_UNICAST };

	if (!read_full_key(row, &ret_wanted->key) || row->PreferredLifetime > row->ValidLifetime ||
	    (row->SitePrefixLength != 255 && row->SitePrefixLength > row->DestinationPrefix.PrefixLength) ||
	    netio__rtprot_of(row->Protocol, &ret_wanted->rtprot))
		return false;
	route.protocol = ret_wanted->rtprot;
	ret_wanted->protocol = netio__protocol_of(&route);
	ret_wanted->metric = row->Metric == 0xffffffff ? 0 : row->Metric;
	if (!ret_wanted->metric && ret_wanted->key.family == AF_INET6)
		ret_wanted->metric = IPV6_METRIC;
	/* IPv4 routes have no lifetime, and 0 is what a zeroed row has. */
	ret_wanted->lifetime = ret_wanted->key.family == AF_INET || row->ValidLifetime == FOR_EVER ? 0 :
													row->ValidLifetime;
	return true;
}

/* The instance, and the interface into the key. */
static enum outcome resolve(const MIB_IPFORWARD_ROW2 *row, struct netio_key *key, struct xfib **ret_instance)
{
	uint32_t scope = netio__scope(&row->NextHop);
	enum outcome outcome;
	int err = netio__instance(ret_instance);

	if (err)
		return netio__outcome(err);
	outcome = netio__find_interface(*ret_instance, row, key);
	if (outcome == OUTCOME_SUCCESS && scope && scope != key->ifindex) {
		error__set(0, "route: the scope %u of the next hop is not the interface %u", scope, key->ifindex);
		return OUTCOME_INVALID_PARAMETER;
	}
	return outcome == OUTCOME_SUCCESS ? netio__check_stack(*ret_instance, key->family) : outcome;
}

/* ---- outcomes ---- */

static enum outcome refuse_row(void)
{
	error__set(0, "route: the row is NULL or impossible: it needs an interface, a prefix without host bits, a next hop "
		      "of its family, a preferred lifetime no longer than the valid one, and a protocol that there is");
	return OUTCOME_INVALID_PARAMETER;
}

/* Does this interface take no IPv6 routes? The kernel then says EACCES, as to a caller without the right to write. */
static bool is_ipv6_off(const struct xfib *instance, const struct netio_key *key)
{
	struct xfib_link link;
	char path[64], digit = '0';
	int fd;

	if (key->family != AF_INET6 || xfib_link__by_index(instance, key->ifindex, &link))
		return false;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%.*s/disable_ipv6", (int)sizeof(link.name), link.name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit == '1';
}

static enum outcome change_outcome(const struct xfib *instance, const struct netio_key *key, int err)
{
	switch (-err) {
	case EEXIST:
		return OUTCOME_ALREADY_EXISTS;
	case ENOENT:
	case ESRCH:
		return OUTCOME_NOT_FOUND;
	case EACCES:
		return is_ipv6_off(instance, key) ? OUTCOME_NOT_SUPPORTED : OUTCOME_ACCESS_DENIED;
	case EHOSTUNREACH:
		return OUTCOME_NETWORK_UNREACHABLE;
	case ENOSPC:
		return OUTCOME_NO_MEMORY;
	default: /* also of an interface that is down, and without a daemon: not supported */
		return netio__outcome(err);
	}
}

/* ---- one change at a time ---- */

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

/* A child has no thread that would unlock what another thread of its parent had locked. */
static void unlock_child(void)
{
	changing = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

__attribute__((constructor)) static void watch_fork(void)
{
	pthread_atfork(NULL, NULL, unlock_child);
}

/* ---- Create ---- */

static void begin_spec(const struct wanted *wanted, const struct xfib_path_spec *path, struct xfib_route_spec *ret_spec)
{
	*ret_spec = (struct xfib_route_spec){ .size = sizeof(*ret_spec),
					      .family = wanted->key.family,
					      .prefix_length = wanted->key.length,
					      .table = XFIB_TABLE_MAIN,
					      .metric = wanted->metric,
					      .type = XFIB_ROUTE_UNICAST,
					      .protocol = wanted->rtprot,
					      .lifetime = wanted->lifetime,
					      .path_count = 1,
					      .paths = path };
	memcpy(ret_spec->prefix, wanted->key.prefix, sizeof(ret_spec->prefix));
}

/*
 * Appends, so that next hops of one prefix and metric go side by side. On
 * Windows every next hop is on its interface's link; here the kernel believes
 * that of one that no connected route covers when it is told so.
 */
static int append(const struct xfib *instance, const struct wanted *wanted)
{
	struct xfib_path_spec path = { .ifindex = wanted->key.ifindex, .gateway_family = wanted->key.gateway_family };
	struct xfib_route_spec spec;
	int err;

	memcpy(path.gateway, wanted->key.gateway, sizeof(path.gateway));
	begin_spec(wanted, &path, &spec);
	err = xfib_route__change(instance, XFIB_APPEND, &spec);
	if ((err != -ENETUNREACH && err != -EHOSTUNREACH) || !path.gateway_family)
		return err;
	path.flags = XFIB_NEXTHOP_ONLINK;
	return xfib_route__change(instance, XFIB_APPEND, &spec);
}

static enum outcome create(const struct xfib *instance, const struct wanted *wanted)
{
	struct netio_found found;
	int err = netio__find(instance, &wanted->key, &found);

	if (!err) {
		error__set(0, "creating a route: there is one of that interface, prefix and next hop, of metric %u",
			   found.route.metric);
		return OUTCOME_ALREADY_EXISTS;
	}
	if (err != -ENOENT)
		return netio__outcome(err);
	return change_outcome(instance, &wanted->key, append(instance, wanted));
}

enum outcome netio__create(const MIB_IPFORWARD_ROW2 *row)
{
	struct wanted wanted;
	struct xfib *instance;
	enum outcome outcome;

	if (!read_row(row, &wanted))
		return refuse_row();
	outcome = resolve(row, &wanted.key, &instance);
	if (outcome != OUTCOME_SUCCESS)
		return outcome;
	pthread_mutex_lock(&changing);
	outcome = create(instance, &wanted);
	pthread_mutex_unlock(&changing);
	return outcome;
}

/* ---- routes that are there ---- */

/* The whole route of a row, as it is. The paths are those of `found`. */
static void spec_of(const struct netio_found *found, struct xfib_route_spec *ret_spec)
{
	struct xfib_path_spec path;

	xfib_route_spec__from(&found->route, &found->nexthop, ret_spec, &path);
	ret_spec->path_count = found->path_count;
	ret_spec->paths = found->paths;
}

/* What names a route to be deleted: all but what runs down, or is no part of its identity. */
static void deletion_of(const struct netio_found *found, struct xfib_route_spec *ret_spec)
{
	spec_of(found, ret_spec);
	ret_spec->mtu = ret_spec->lifetime = ret_spec->preference = 0;
	if (found->route.flags & XFIB_ROUTE_NEXTHOP_OBJECT) /* whose paths the kernel does not compare */
		ret_spec->path_count = 0;
}

/* Puts `spec` where the row's route is. One that is not alone is taken away first: the first of all would be replaced. */
static int replace(struct xfib_transaction *transaction, const struct netio_found *found,
		   const struct xfib_route_spec *spec)
{
	struct xfib_route_spec old;
	int err;

	if (found->alone)
		return xfib_transaction__add(transaction, XFIB_REPLACE, spec);
	deletion_of(found, &old);
	err = xfib_transaction__add(transaction, XFIB_DELETE, &old);
	return err ? err : xfib_transaction__add(transaction, XFIB_APPEND, spec);
}

/*
 * Takes the row's path out of its route. An IPv6 route loses a path by
 * itself; an IPv4 route is replaced by one without it.
 */
static int take_out(struct xfib_transaction *transaction, const struct netio_found *found)
{
	struct xfib_path_spec rest[XFIB_GROUP_MEMBERS];
	uint32_t behind = found->path + 1;
	struct xfib_route_spec spec;

	if (found->path_count < 2 || found->route.family == AF_INET6) {
		deletion_of(found, &spec);
		if (spec.path_count > 1) {
			spec.path_count = 1;
			spec.paths = &found->paths[found->path];
		}
		return xfib_transaction__add(transaction, XFIB_DELETE, &spec);
	}
	memcpy(rest, found->paths, found->path * sizeof(rest[0]));
	memcpy(rest + found->path, found->paths + behind, (found->path_count - behind) * sizeof(rest[0]));
	if (found->path_count == 2)
		rest[0].weight = 0; /* of one path it means nothing */
	spec_of(found, &spec);
	spec.paths = rest;
	spec.path_count--;
	return replace(transaction, found, &spec);
}

/* ---- Set and Delete ---- */

static bool is_as_wanted(const struct wanted *wanted, const struct netio_found *found)
{
	struct xfib_route_spec held;

	spec_of(found, &held);
	return wanted->metric == found->route.metric && wanted->protocol == netio__protocol_of(&found->route) &&
	       wanted->lifetime == held.lifetime;
}

/* Protocol and lifetime are those of the whole route; a path with another metric is a route of its own. */
static int note_set(struct xfib_transaction *transaction, const struct wanted *wanted, const struct netio_found *found)
{
	struct xfib_path_spec path = found->paths[found->path];
	struct xfib_route_spec spec;
	int err;

	spec_of(found, &spec);
	spec.metric = wanted->metric;
	spec.lifetime = wanted->lifetime;
	if (netio__protocol_of(&found->route) != wanted->protocol) /* else it keeps its own number */
		spec.protocol = wanted->rtprot;
	if (wanted->metric == found->route.metric)
		return replace(transaction, found, &spec);
	path.weight = 0;
	spec.paths = &path;
	spec.path_count = 1;
	err = take_out(transaction, found);
	return err ? err : xfib_transaction__add(transaction, XFIB_APPEND, &spec);
}

static int note_delete(struct xfib_transaction *transaction, const struct wanted *wanted __attribute__((unused)),
		       const struct netio_found *found)
{
	return take_out(transaction, found);
}

typedef int (*note_fn)(struct xfib_transaction *, const struct wanted *, const struct netio_found *);

/* Makes what `note` notes for a row that was found. */
static int commit(const struct xfib *instance, note_fn note, const struct wanted *wanted, const struct netio_found *found)
{
	struct xfib_transaction *transaction;
	int err = xfib_transaction__new(instance, &transaction);

	if (err)
		return err;
	err = note(transaction, wanted, found);
	if (!err)
		err = xfib_transaction__commit(transaction, NULL);
	xfib_transaction__free(transaction);
	return err;
}

static enum outcome change(const struct xfib *instance, note_fn note, const struct wanted *wanted)
{
	struct netio_found found;
	int err = netio__find(instance, &wanted->key, &found);

	if (err == -ENOENT) {
		error__set(0, "changing a route: there is none of that interface, prefix and next hop");
		return OUTCOME_NOT_FOUND;
	}
	if (err)
		return netio__outcome(err);
	if (note == note_set && is_as_wanted(wanted, &found))
		return OUTCOME_SUCCESS;
	if (found.route.table != XFIB_TABLE_MAIN) {
		error__set(0, "changing a route: it belongs to an address of the machine, and goes with that");
		return OUTCOME_ACCESS_DENIED;
	}
	if (!found.plain && (note == note_set || found.path_count > 1)) {
		error__set(0, "changing a route: it has an encapsulation or a next hop object, which would be lost");
		return OUTCOME_NOT_SUPPORTED;
	}
	return change_outcome(instance, &wanted->key, commit(instance, note, wanted, &found));
}

static enum outcome locked_change(const MIB_IPFORWARD_ROW2 *row, note_fn note, struct wanted *wanted)
{
	struct xfib *instance;
	enum outcome outcome = resolve(row, &wanted->key, &instance);

	if (outcome != OUTCOME_SUCCESS)
		return outcome;
	pthread_mutex_lock(&changing);
	outcome = change(instance, note, wanted);
	pthread_mutex_unlock(&changing);
	return outcome;
}

enum outcome netio__set(const MIB_IPFORWARD_ROW2 *row)
{
	struct wanted wanted;

	return read_row(row, &wanted) ? locked_change(row, note_set, &wanted) : refuse_row();
}

enum outcome netio__delete(const MIB_IPFORWARD_ROW2 *row)
{
	struct wanted wanted = { 0 };

	return read_full_key(row, &wanted.key) ? locked_change(row, note_delete, &wanted) : refuse_row();
}
