// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Look-ups in the compiled FIB. Its words may be used anew while a reader is among them: what was found counts only
 * if nothing changed meanwhile (xfib_state.changes), which is nearly always so.
 */
#include <string.h>

#include "fib_read.h"

static uint64_t root_of(const struct xfib *instance, const struct xfib_state *state, uint32_t family, uint32_t table)
{
	const struct xfib_fib *fibs = instance->fibs.memory;
	uint32_t slots = instance->fibs.count, slot = xfib_fib__slot(table, family, slots);

	if (table == XFIB_TABLE_MAIN)
		return __atomic_load_n(family == XFIB_INET6 ? &state->root6 : &state->root4, __ATOMIC_ACQUIRE);
	for (uint32_t i = 0; i < slots && fibs[slot].family; i++, slot = (slot + 1) & (slots - 1)) {
		if (fibs[slot].table == table && fibs[slot].family == family)
			return __atomic_load_n(&fibs[slot].root, __ATOMIC_ACQUIRE);
	}
	return 0;
}

static bool counts_bits(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("popcnt");
#else
	return false;
#endif
}

struct xfib_fib_step fib__find(const struct xfib *instance, uint64_t root, uint32_t family, const uint8_t *address)
{
	const struct fib_bulk bulk = { .words = instance->fib.memory, .mask = instance->fib.count - 1, .root = root };

#if defined(__x86_64__)
	if (counts_bits())
		return fib_bulk__one_popcnt(&bulk, family, address);
#endif
	return fib_bulk__find_one(&bulk, family, address);
}

bool fib__is_steady(const struct xfib *instance, uint32_t before)
{
	const struct xfib_state *state = instance->state.memory;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return instance->backend != XFIB_BACKEND_MAPS || __atomic_load_n(&state->changes, __ATOMIC_RELAXED) == before;
}

/* The count of changes at the beginning. False: there is no FIB, or it is being changed. */
static bool begin(const struct xfib *instance, uint32_t *ret_before)
{
	const struct xfib_state *state = instance->state.memory;

	if (!instance->fib.memory || !state)
		return false;
	*ret_before = __atomic_load_n(&state->changes, __ATOMIC_ACQUIRE);
	return !(*ret_before & 1) || instance->backend != XFIB_BACKEND_MAPS;
}

bool fib__begin(const struct xfib *instance, uint32_t family, uint32_t table, uint64_t *ret_root, uint32_t *ret_before)
{
	if (!begin(instance, ret_before))
		return false;
	*ret_root = root_of(instance, instance->state.memory, family, table);
	return *ret_root != 0;
}

bool fib__begin_usual(const struct xfib *instance, uint32_t family, uint64_t *ret_root, uint32_t *ret_before)
{
	const struct xfib_state *state = instance->state.memory;
	bool six = family == XFIB_INET6;

	if (!begin(instance, ret_before) || !(state->flags & (six ? XFIB_STATE_IPV6 : XFIB_STATE_IPV4)) ||
	    state->flags & (six ? XFIB_STATE_RULES6 : XFIB_STATE_RULES4))
		return false;
	*ret_root = __atomic_load_n(six ? &state->root6 : &state->root4, __ATOMIC_ACQUIRE);
	return *ret_root != 0;
}

enum fib_answer fib__look_up(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
			     uint32_t *ret_route)
{
	struct xfib_fib_step step;
	uint32_t before, leaf;
	uint64_t root;

	if (!fib__begin(instance, family, table, &root, &before))
		return FIB_ANSWER_NONE;
	step = fib__find(instance, root, family, address);
	leaf = step.reference & 0xffff;
	*ret_route = fib__route(instance, step);
	if (!fib__is_steady(instance, before) || (leaf == XFIB_LEAF_TRIE && !*ret_route))
		return FIB_ANSWER_NONE;
	return leaf == XFIB_LEAF_NONE ? FIB_ANSWER_NO_ROUTE : FIB_ANSWER_ROUTE;
}

bool fib__exists(const struct xfib *instance, uint32_t family, uint32_t table)
{
	return instance->fib.memory && instance->state.memory && root_of(instance, instance->state.memory, family, table);
}

bool fib__leaf(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16], uint32_t *ret_leaf)
{
	uint32_t before;
	uint64_t root;

	if (!fib__begin(instance, family, table, &root, &before))
		return false;
	*ret_leaf = fib__find(instance, root, family, address).reference & 0xffff;
	return fib__is_steady(instance, before);
}

static fib_bulk_fn *choose_find(uint32_t family)
{
#if defined(__x86_64__)
	if (counts_bits())
		return family == XFIB_INET6 ? fib_bulk__find6_popcnt : fib_bulk__find4_popcnt;
#endif
	return family == XFIB_INET6 ? fib_bulk__find6 : fib_bulk__find4;
}

bool fib__begin_bulk(const struct xfib *instance, uint32_t family, struct fib_bulk_reader *ret_reader)
{
	if (!fib__begin_usual(instance, family, &ret_reader->bulk.root, &ret_reader->before))
		return false;
	ret_reader->bulk.words = instance->fib.memory;
	ret_reader->bulk.routes = instance->fib_routes.memory;
	ret_reader->bulk.mask = instance->fib.count - 1;
	ret_reader->find = choose_find(family);
	ret_reader->has_default = family == XFIB_INET &&
				  root_of(instance, instance->state.memory, family, XFIB_TABLE_DEFAULT);
	return true;
}
