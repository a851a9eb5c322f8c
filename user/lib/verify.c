// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The compiled FIB against the LPM tries, which are written first and apart
 * from it: for the first and the last address of every prefix, and the one behind, both must
 * lead packets to the same target. Two system calls an address.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "fib_read.h"

/* How often a difference is looked at again, since the two are not written at one moment. */
#define ATTEMPTS 50

static bool ask_trie(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
		     struct xfib_rib_value *ret_value)
{
	struct xfib_rib6_key key = { .prefixlen = family == XFIB_INET6 ? 160 : 64, .table = table };

	memcpy(key.address, address, sizeof(key.address));
	return !bpf_map_lookup_elem(family == XFIB_INET6 ? instance->rib6_fd : instance->rib4_fd, &key, ret_value);
}

static bool is_throw(const struct xfib *instance, const struct xfib_rib_value *value)
{
	struct xfib_nexthop nexthop;

	return !(value->target & XFIB_TARGET_GROUP) && instance__nexthop(instance, value->target, &nexthop) &&
	       nexthop.type == XFIB_ROUTE_THROW;
}

/* What packets get by the tries: of main, table local comes with it. */
static uint32_t target_by_tries(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16])
{
	const struct xfib_state *state = instance->state.memory;
	bool merged = family == XFIB_INET && state->flags & XFIB_STATE_MERGED4;
	struct xfib_rib_value local, value;
	const struct xfib_rib_value *decided;
	bool has_local = table == XFIB_TABLE_MAIN && ask_trie(instance, family, XFIB_TABLE_LOCAL, address, &local);
	bool has_value;

	if (has_local && !merged && !is_throw(instance, &local))
		return local.target;
	has_value = ask_trie(instance, family, table, address, &value);
	decided = xfib_rib__decide(has_local && merged ? &local : NULL, has_value ? &value : NULL, merged);
	return decided ? decided->target : XFIB_NONE;
}

enum outcome { SAME, LEFT_TO_TRIE, DIFFERENT, ABANDONED };

/* Did the daemon end in the middle of a change? Then nobody will ever say that it is complete. */
static bool is_abandoned(const struct xfib *instance)
{
	const struct xfib_state *state = instance->state.memory;

	return __atomic_load_n(&state->changes, __ATOMIC_ACQUIRE) & 1 && state->pid && kill((pid_t)state->pid, 0) && errno == ESRCH;
}

static enum outcome compare(const struct xfib *instance, struct xfib_difference *difference)
{
	bool by_fib = false;
	uint32_t leaf;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		const struct timespec pause = { .tv_nsec = 2000000 };

		if (attempt)
			nanosleep(&pause, NULL);
		if (!fib__exists(instance, difference->family, difference->table))
			return LEFT_TO_TRIE;
		if (!fib__leaf(instance, difference->family, difference->table, difference->address, &leaf))
			continue; /* the daemon is changing something */
		if (leaf == XFIB_LEAF_TRIE)
			return LEFT_TO_TRIE;
		by_fib = true;
		difference->by_fib = xfib_fib__target(leaf);
		difference->by_trie = target_by_tries(instance, difference->family, difference->table, difference->address);
		if (difference->by_fib == difference->by_trie)
			return SAME;
	}
	if (!by_fib && is_abandoned(instance))
		return ABANDONED;
	return by_fib ? DIFFERENT : LEFT_TO_TRIE;
}

/* Sets the bits behind a prefix; then the next address. False: there is none. */
static void set_host_bits(uint8_t address[16], uint32_t length, uint32_t bits)
{
	for (uint32_t bit = length; bit < bits; bit++)
		address[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
}

static bool step(uint8_t address[16], uint32_t bits)
{
	for (uint32_t byte = bits / 8; byte--;) {
		if (++address[byte])
			return true;
	}
	return false;
}

struct verification {
	const struct xfib *instance;
	xfib_difference_fn report;
	void *data;
	struct xfib_verification *result;
	bool abandoned;
};

static void check(struct verification *verification, struct xfib_difference *difference)
{
	verification->result->addresses++;
	switch (compare(verification->instance, difference)) {
	case SAME:
		break;
	case LEFT_TO_TRIE:
		verification->result->left_to_trie++;
		break;
	case ABANDONED:
		verification->abandoned = true;
		break;
	case DIFFERENT:
		verification->result->differences++;
		if (verification->report)
			verification->report(difference, verification->data);
	}
}

static void check_prefix(struct verification *verification, const struct xfib_route *route)
{
	uint32_t bits = route->family == XFIB_INET6 ? 128 : 32;
	struct xfib_difference difference = { .family = route->family,
					      .table = route->table == XFIB_TABLE_LOCAL ? XFIB_TABLE_MAIN : route->table };

	memcpy(difference.address, route->prefix, sizeof(difference.address));
	check(verification, &difference);
	set_host_bits(difference.address, route->prefix_length, bits);
	check(verification, &difference);
	if (step(difference.address, bits))
		check(verification, &difference);
}

XFIB_PUBLIC int xfib_instance__verify(const struct xfib *instance, xfib_difference_fn report, void *data,
				      struct xfib_verification *ret_result)
{
	struct xfib_verification result = { .size = sizeof(result) };
	struct verification verification = { .instance = instance, .report = report, .data = data, .result = &result };
	const struct xfib_state *state = instance->state.memory;
	struct xfib_route route;

	if (ret_result->size != sizeof(result))
		return error__set(-EINVAL, "xfib_instance__verify: size %zu of the result is not known", ret_result->size);
	if (instance->backend != XFIB_BACKEND_MAPS || !instance->fib.memory || !state)
		return error__set(-EOPNOTSUPP, "only maps of a daemon, which this process may map, have tries to compare with");
	for (uint32_t id = 1; !verification.abandoned && id < state->routes_end && id < instance->routes.count; id++) {
		if (!instance__route(instance, id, &route) || !route.family || route.flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER))
			continue;
		check_prefix(&verification, &route);
	}
	if (verification.abandoned)
		return error__set(-EAGAIN, "xfibd (pid %u) ended in the middle of a change, and look-ups go by the tries: start it again",
				  state->pid);
	*ret_result = result;
	return 0;
}
