// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See multipath.h. None of these settings is announced. */
#include "multipath.h"

#include <stdio.h>
#include <xfib/lookup.h>

#define L3 (XFIB_HASH_SOURCE | XFIB_HASH_DESTINATION | XFIB_HASH_FLOW_LABEL)
#define L4 (XFIB_HASH_SOURCE | XFIB_HASH_DESTINATION | XFIB_HASH_PROTOCOL | XFIB_HASH_SOURCE_PORT | XFIB_HASH_DESTINATION_PORT)
#define CUSTOM_DEFAULT (XFIB_HASH_SOURCE | XFIB_HASH_DESTINATION | XFIB_HASH_PROTOCOL)

int setting__read(const char *path, int otherwise)
{
	FILE *file = fopen(path, "re");
	long long value;

	if (!file)
		return otherwise;
	if (fscanf(file, "%lld", &value) != 1)
		value = otherwise;
	fclose(file);
	return (int)value;
}

/* Of IPv4 headers a flow label is never read; those of IPv6 packets within have one. */
static __u16 fields_of(enum xfib_hash_policy policy, int custom)
{
	switch (policy) {
	case XFIB_HASH_L4:
		return L4;
	case XFIB_HASH_INNER_L3:
		return L3 | L3 << XFIB_HASH_INNER;
	case XFIB_HASH_CUSTOM:
		return (__u16)(custom & XFIB_HASH_FIELDS);
	default:
		return L3;
	}
}

__u16 multipath__hash(uint8_t family, int policy, int fields)
{
	__u16 chosen;

	if (policy < XFIB_HASH_L3 || policy > XFIB_HASH_CUSTOM)
		policy = XFIB_HASH_L3;
	chosen = fields_of((enum xfib_hash_policy)policy, fields);
	if (family == XFIB_INET)
		chosen &= (__u16)~XFIB_HASH_FLOW_LABEL;
	return (__u16)(policy << XFIB_HASH_POLICY | chosen);
}

/* Not by hash__bytes(), which every process seeds anew. */
__u32 multipath__make_seed(__u64 netns)
{
	__u64 hash = netns * 0x9e3779b97f4a7c15ULL;
	char boot[64] = { 0 };
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file) {
		if (!fgets(boot, sizeof(boot), file))
			boot[0] = '\0';
		fclose(file);
	}
	for (size_t i = 0; boot[i]; i++)
		hash = xfib_hash__mix64(hash ^ (__u8)boot[i]);
	return (__u32)(hash >> 32);
}

bool multipath__read_settings(struct xfib_state *state, __u32 seed)
{
	int policy4 = setting__read("/proc/sys/net/ipv4/fib_multipath_hash_policy", XFIB_HASH_L3);
	int policy6 = setting__read("/proc/sys/net/ipv6/fib_multipath_hash_policy", XFIB_HASH_L3);
	int fields4 = setting__read("/proc/sys/net/ipv4/fib_multipath_hash_fields", CUSTOM_DEFAULT);
	int fields6 = setting__read("/proc/sys/net/ipv6/fib_multipath_hash_fields", CUSTOM_DEFAULT);
	__u32 wanted = (__u32)setting__read("/proc/sys/net/ipv4/fib_multipath_hash_seed", 0);

	__atomic_store_n(&state->hash4, multipath__hash(XFIB_INET, policy4, fields4), __ATOMIC_RELAXED);
	__atomic_store_n(&state->hash6, multipath__hash(XFIB_INET6, policy6, fields6), __ATOMIC_RELAXED);
	__atomic_store_n(&state->hash_seed, wanted ? wanted : seed, __ATOMIC_RELAXED);
	return setting__read("/proc/sys/net/ipv4/fib_multipath_use_neigh", 0) != 0;
}
