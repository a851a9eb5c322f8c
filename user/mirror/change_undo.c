// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Takes changes of the kernel's tables back, by opposite changes in reverse
 * order.
 *
 * What a change did is learnt from the events that carry the number of its
 * request, as the RIB applied them: that holds for a change that only half
 * failed, and for changes of a batch that the kernel made behind the one that
 * failed. After an overrun, when events were lost, it is what a full dump found
 * different in the prefixes that the changes name.
 *
 * What is put back is what the RIB knows. Attributes that only the kernel knows
 * (other metrics than the MTU, a next hop object's id, realms) are lost. A route
 * with an encapsulation cannot be put back at all: -EIO.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "change_private.h"

/* The spec of a route, with paths of its own. -ENOMEM. */
static int make_spec(const struct rib_route *route, struct xfib_route_spec *ret_spec)
{
	struct xfib_path_spec *paths = calloc(route->path_count, sizeof(*paths));
	uint32_t count = 0;

	if (!paths)
		return -ENOMEM;
	for (uint32_t i = 0; i < route->path_count; i++) {
		const struct nexthop_key *key = &route->paths[i].nexthop;
		struct xfib_path_spec *path = &paths[count];

		if (!key->ifindex && !key->gateway_family)
			continue; /* blackhole and the like */
		path->ifindex = key->ifindex;
		path->gateway_family = key->gateway_family;
		memcpy(path->gateway, key->gateway, sizeof(path->gateway));
		path->weight = route->paths[i].weight;
		path->flags = key->flags & XFIB_NEXTHOP_ONLINK;
		count++;
	}
	*ret_spec = (struct xfib_route_spec){
		.size = sizeof(*ret_spec),
		.family = route->family,
		.prefix_length = route->prefix_length,
		.table = route->table,
		.metric = route->metric,
		.type = route->type,
		.scope = route->scope,
		.protocol = route->protocol,
		.tos = route->tos,
		.preference = route->preference,
		.mtu = route->paths[0].nexthop.route_mtu,
		.lifetime = route->flags & XFIB_ROUTE_EXPIRES ? (uint32_t)(route->lifetime / 1000 + 1) : 0,
		.flags = XFIB_SPEC_SCOPE,
		.path_count = count,
		.paths = paths,
	};
	memcpy(ret_spec->prefix, route->prefix, sizeof(ret_spec->prefix));
	memcpy(ret_spec->source, route->paths[0].nexthop.source, sizeof(ret_spec->source));
	return 0;
}

static bool is_beyond(const struct rib_route *route)
{
	for (uint32_t i = 0; i < route->path_count; i++) {
		if (route->paths[i].nexthop.flags & XFIB_NEXTHOP_UNSUPPORTED)
			return true;
	}
	return false;
}

static int push(struct changing *changing, int what, const struct rib_route *route)
{
	struct undo *undo;
	int err;

	if (changing->undo_count == changing->undo_room) {
		uint32_t room = changing->undo_room ? changing->undo_room * 2 : 64;
		struct undo *undos = realloc(changing->undos, room * sizeof(*undos));

		if (!undos)
			return -ENOMEM;
		changing->undos = undos;
		changing->undo_room = room;
	}
	undo = &changing->undos[changing->undo_count];
	undo->change.what = (enum xfib_change)what;
	undo->impossible = what != XFIB_DELETE && is_beyond(route);
	err = make_spec(route, &undo->change.spec);
	if (err)
		return err;
	/* A path that joined an IPv6 route has a protocol of its own, which the RIB does not know; the gateway tells. */
	if (what == XFIB_DELETE && route->family == XFIB_INET6 && route->paths[0].nexthop.gateway_family)
		undo->change.spec.protocol = 0;
	changing->undo_count++;
	return 0;
}

/*
 * Notes what undoes the change of a route that others of its class stand before:
 * those are deleted, front first, since the kernel surely takes the first one
 * for itself; then `what` is done; then they come back, last one first. It is
 * noted in reverse.
 */
static int push_between(struct changing *changing, int what, const struct rib_route *route,
			const struct rib_route_change *change)
{
	int err = 0;

	for (uint32_t i = 0; i < change->before_count && !err; i++)
		err = push(changing, CHANGE_PREPEND, &change->before[i]);
	if (!err)
		err = push(changing, what, route);
	for (uint32_t i = change->before_count; i > 0 && !err; i--)
		err = push(changing, XFIB_DELETE, &change->before[i - 1]);
	return err;
}

/* What puts a route back that was deleted. */
static int push_back(struct changing *changing, const struct rib_route_change *change)
{
	bool in_front = change->old->family == XFIB_INET && (change->first || change->before_count);

	return push_between(changing, in_front ? CHANGE_PREPEND : XFIB_APPEND, change->old, change);
}

static bool has_path(const struct rib_route *route, const struct rib_path *path)
{
	for (uint32_t i = 0; i < route->path_count; i++) {
		if (!memcmp(&route->paths[i].nexthop, &path->nexthop, sizeof(path->nexthop)) &&
		    route->paths[i].weight == path->weight)
			return true;
	}
	return false;
}

/* Does `more` have all paths of `less`, and other ones, which *ret_others then has (its paths are to be freed)? */
static bool has_more(const struct rib_route *more, const struct rib_route *less, struct rib_route *ret_others)
{
	struct rib_path *others;
	uint32_t count = 0;

	if (more->family != XFIB_INET6 || more->path_count <= less->path_count || more->protocol != less->protocol ||
	    more->preference != less->preference || more->flags != less->flags)
		return false;
	others = calloc(more->path_count, sizeof(*others));
	if (!others)
		return false;
	for (uint32_t i = 0; i < more->path_count; i++) {
		if (!has_path(less, &more->paths[i]))
			others[count++] = more->paths[i];
	}
	if (count != more->path_count - less->path_count) {
		free(others);
		return false;
	}
	*ret_others = *more;
	ret_others->paths = others;
	ret_others->path_count = count;
	return true;
}

/* What makes `old` of `made`. IPv6 paths that joined a route are taken out of it: the others keep their attributes. */
static int push_replace(struct changing *changing, const struct rib_route *old, const struct rib_route *made)
{
	struct rib_route others;
	int err;

	if (!has_more(made, old, &others))
		return push(changing, XFIB_REPLACE, old);
	err = push(changing, XFIB_DELETE, &others);
	free((void *)(uintptr_t)others.paths);
	return err;
}

void change_undo__note(const struct rib_route_change *change, void *data)
{
	struct mirror *mirror = data;
	struct changing *changing = mirror->changing;
	const struct rib_route *any = change->made ? change->made : change->old;
	int err;

	if (!changing || changing->undoing)
		return;
	if (!any) {
		changing->undo_lost = true;
		return;
	}
	if (!mirror->origin &&
	    !(mirror->syncing && changing__names(changing, any->family, any->table, any->prefix_length, any->prefix)))
		return; /* somebody else did it */
	if (change->old && change->made)
		err = push_replace(changing, change->old, change->made);
	else if (change->made)
		err = push_between(changing, XFIB_DELETE, change->made, change);
	else
		err = push_back(changing, change);
	if (err)
		changing->undo_lost = true;
}

void change_undo__note_refused(struct changing *changing, const struct rib_route *route, uint32_t sequence, int err)
{
	if (changing->undoing)
		return;
	if (sequence - changing->first_sequence >= changing->count) /* of an earlier call that did not wait for it */
		return;
	if (push(changing, XFIB_DELETE, route))
		changing->undo_lost = true;
	changing__fail(changing, sequence - changing->first_sequence, err,
		       "xfib has no room for it (%s); restart xfibd with a larger --max-routes or --max-nexthops",
		       strerror(-err));
}

/* ---- taking back ---- */

static void on_error(uint32_t sequence, int err, const char *text, void *data)
{
	int *failed = data;

	(void)sequence, (void)text;
	*failed = err;
}

/* Sends what takes back undos from `end` downwards, as many as fit; how many. */
static uint32_t send_batch(struct changing *changing, uint32_t end, char *buffer, int *failed)
{
	struct nl *nl = changing->mirror->nl;
	uint32_t at_once = nl__requests_at_once(nl), count = 0, first = nl__take_sequences(nl, at_once);
	struct nlmsghdr *last = NULL;
	size_t length = 0;

	while (count < end && count < at_once) {
		const struct undo *undo = &changing->undos[end - count - 1];

		if (count && length + change_message__room(&undo->change) > CHANGE_BATCH_BYTES)
			break;
		last = (void *)(buffer + length);
		length += change_message__put(&undo->change, first + count, last);
		count++;
		if (undo->impossible)
			*failed = -EOPNOTSUPP;
	}
	if (last) {
		int err;

		last->nlmsg_flags |= NLM_F_ACK;
		err = nl__request(nl, buffer, length, first + count - 1, on_error, failed);
		if (err)
			*failed = err;
	}
	return count;
}

int change_undo__run(struct changing *changing)
{
	uint32_t left = changing->undo_count;
	int failed = changing->undo_lost ? -ENOMEM : 0;
	char *buffer = left ? malloc(CHANGE_BATCH_BYTES) : NULL;

	changing->undoing = true;
	if (left && !buffer)
		failed = -ENOMEM;
	while (buffer && left) {
		left -= send_batch(changing, left, buffer, &failed);
		if (mirror__catch_up(changing->mirror) < 0 || changing__breathe(changing, changing->count))
			failed = -EIO;
	}
	free(buffer);
	return failed ? -EIO : 0;
}

void change_undo__free(struct changing *changing)
{
	for (uint32_t i = 0; i < changing->undo_count; i++)
		free((void *)(uintptr_t)changing->undos[i].change.spec.paths);
	free(changing->undos);
}
