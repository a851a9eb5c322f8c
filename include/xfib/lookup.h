/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The pure part of a look-up: functions of their arguments only, compiled into
 * the BPF programs and into the library, so that a test in user space is a
 * test of what packets meet. They read no map: the caller brings the memory.
 *
 * Cost: each is straight-line code or a loop with a constant bound.
 */
#ifndef XFIB_LOOKUP_H
#define XFIB_LOOKUP_H

#include <xfib/abi.h>

#define XFIB_INLINE static inline __attribute__((always_inline, unused))

/*
 * Which of two matches decides, that of table local or that of the table
 * searched after it? By rule 0 the local table comes first, so any match there
 * wins, except where the kernel keeps both in one trie (IPv4 without rules of
 * the user's): there the longer prefix wins, and local when they are equal.
 * A throw route ends the search of its table only. Either may be NULL.
 */
XFIB_INLINE const struct xfib_rib_value *xfib_rib__decide(const struct xfib_rib_value *local,
							  const struct xfib_rib_value *table, int merged)
{
	if (!local)
		return table;
	if (merged && table && table->prefix_length > local->prefix_length)
		return table;
	return local;
}

/* Slot to try first for an interface, of `slots` (a power of two); the following ones modulo `slots` come next. */
XFIB_INLINE __u32 xfib_link__slot(__u32 ifindex, __u32 slots, __u32 probe)
{
	__u32 slot = (ifindex + probe) & (slots - 1);

	return slot ? slot : slots - 1;
}

/* The 64-bit word that begins at `member`, read by one load: see struct xfib_nexthop. */
#define XFIB_READ_WORD(member) (*(const volatile __u64 *)(const void *)(member))

/* The metric of the routes by a unicast next hop, or XFIB_METRIC_LARGE. 0 for those of neighbours. */
XFIB_INLINE __u32 xfib_nexthop__metric(const struct xfib_nexthop *nexthop)
{
	return (__u32)nexthop->metric_high << 16 | nexthop->metric_low;
}

/* Mixes 32 bits so that each bit of the result depends on all of them. */
XFIB_INLINE __u32 xfib_hash__mix(__u32 value)
{
	value ^= value >> 16;
	value *= 0x7feb352dU;
	value ^= value >> 15;
	value *= 0x846ca68bU;
	value ^= value >> 16;
	return value;
}

/* Likewise 64 bits. */
XFIB_INLINE __u64 xfib_hash__mix64(__u64 value)
{
	value ^= value >> 32;
	value *= 0xbf58476d1ce4e5b9ULL;
	value ^= value >> 29;
	value *= 0x94d049bb133111ebULL;
	return value ^ value >> 32;
}

/*
 * What of two addresses goes into the hash of a flow: the same in both directions, as in the kernel's hash, so that an ICMP
 * error can be hashed as the packet that it is about. Any byte order, always the same one.
 */
XFIB_INLINE __u64 xfib_hash__addresses4(__u32 source, __u32 destination)
{
	return source < destination ? (__u64)source << 32 | destination : (__u64)destination << 32 | source;
}

XFIB_INLINE __u64 xfib_hash__fold6(const __u32 *words)
{
	return xfib_hash__mix64(xfib_hash__mix64((__u64)words[1] << 32 | words[0]) ^ ((__u64)words[3] << 32 | words[2]));
}

XFIB_INLINE __u64 xfib_hash__addresses6(const __u32 *source, const __u32 *destination)
{
	return xfib_hash__fold6(source) + xfib_hash__fold6(destination);
}

/* What else goes into it: ports in either order, protocol, flow label of 20 bits; 0 for what does not count. */
XFIB_INLINE __u64 xfib_hash__rest(__u32 source_port, __u32 destination_port, __u32 protocol, __u32 flow_label)
{
	__u32 ports = source_port < destination_port ? source_port << 16 | destination_port : destination_port << 16 | source_port;

	return (__u64)ports << 32 | protocol << 20 | flow_label;
}

/* The 31-bit hash of a flow, which chooses its path. */
XFIB_INLINE __u32 xfib_hash__flow(__u64 addresses, __u64 rest, __u32 seed)
{
	return (__u32)(xfib_hash__mix64(addresses + xfib_hash__mix64(rest ^ (__u64)seed << 1)) >> 33);
}

/*
 * Index of the member of a group that a 31-bit hash selects: the first one
 * whose upper bound is not below it. Binary search, nine steps for 511 members.
 */
XFIB_INLINE __u32 xfib_group__select(const struct xfib_group *group, __u32 hash)
{
	__u32 low = 0, count = group->count;

	if (count > XFIB_GROUP_MEMBERS)
		count = XFIB_GROUP_MEMBERS;
	for (int step = 0; step < 10; step++) {
		__u32 half = count / 2, middle = low + half;

		if (!count)
			break;
		if (middle >= XFIB_GROUP_MEMBERS)
			break;
		if (group->member[middle].upper_bound < hash) {
			low = middle + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

/* Next hop of a resilient group for a hash: the kernel's nexthop_select_path_res(). XFIB_NONE: the group is empty. */
XFIB_INLINE __u32 xfib_group__of_bucket(const struct xfib_group *group, __u32 hash)
{
	__u32 count = group->resilient.buckets, at;

	if (!count)
		return XFIB_NONE;
	at = hash % count;
	__asm__ volatile("" : "+r"(at)); /* the verifier has to see the bounds that the compiler could know */
	if (at >= XFIB_BUCKETS)
		return XFIB_NONE;
	at = group->resilient.bucket[at];
	if (at >= XFIB_BUCKET_MEMBERS)
		return XFIB_NONE;
	return group->resilient.nexthop[at];
}

/*
 * Hash of a prefix in xfib_prefixes: `words` are the 16 bytes of its address as two numbers, `place` is the table, the
 * family and the length. The seed keeps others from choosing what collides.
 */
XFIB_INLINE __u32 xfib_prefix__hash(__u64 seed, __u32 table, __u32 family, __u32 length, const __u64 words[2])
{
	__u64 hash = (seed ^ ((__u64)table << 16 | family << 8 | length)) * 0x9e3779b97f4a7c15ULL;

	hash = ((hash ^ hash >> 32) ^ words[0]) * 0xbf58476d1ce4e5b9ULL;
	hash = ((hash ^ hash >> 29) ^ words[1]) * 0x94d049bb133111ebULL;
	return (__u32)(hash >> 32);
}

/* ---- the compiled FIB: see XFIB_LEAF_NONE in abi.h ---- */

/* Whoever has an instruction for it may define XFIB_COUNT_BITS. */
XFIB_INLINE __u32 xfib_fib__count_bits(__u64 word)
{
#ifdef XFIB_COUNT_BITS
	return XFIB_COUNT_BITS(word);
#elif defined(__POPCNT__)
	return (__u32)__builtin_popcountll(word);
#else
	/* BPF has none: additions within ever larger fields. */
	word -= (word >> 1) & 0x5555555555555555ULL;
	word = (word & 0x3333333333333333ULL) + ((word >> 2) & 0x3333333333333333ULL);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (__u32)((word * 0x0101010101010101ULL) >> 56);
#endif
}

/* The leaf at a position, or with `wide` the reference: 32 bits of which the upper ones count only then. */
XFIB_INLINE __u32 xfib_fib__leaf(const __u64 *words, __u32 mask, __u32 position, __u32 wide)
{
	__u32 reference;

#ifdef __BPF__
	/* It has no load that is not aligned: clang makes two of one. */
	reference = ((const __u32 *)words)[(position >> 1) & (mask * 2 + 1)];
	reference >>= (position & 1) << 4;
#else
	__builtin_memcpy(&reference, (const __u16 *)words + (position & (mask * 4 + 3)), sizeof(reference));
#endif
	return reference & (0xffff | (0 - wide));
}

/* Slot of xfib_fibs to try first, of `slots` (a power of two); the following ones come next. */
XFIB_INLINE __u32 xfib_fib__slot(__u32 table, __u32 family, __u32 slots)
{
	return (table * 2 + (family == XFIB_INET6)) & (slots - 1);
}

/* Target, as in struct xfib_rib_value, of a leaf that is not XFIB_LEAF_TRIE. */
XFIB_INLINE __u32 xfib_fib__target(__u32 leaf)
{
	return leaf & XFIB_LEAF_GROUP ? XFIB_TARGET_GROUP | (leaf & ~XFIB_LEAF_GROUP) : leaf;
}

/*
 * Below, `words` is the arena, and `mask` the number of its words, a power of two, less one.
 *
 * A reference on the way of a look-up, and where it was read. The lower half of one that is no block is the leaf; its
 * place is for what lies beside it (xfib_fib_routes), and not to be read again: it may have become a reference to a block.
 */
struct xfib_fib_step {
	__u32 reference, position;
};

XFIB_INLINE struct xfib_fib_step xfib_fib__begin(const __u64 *words, __u32 mask, __u32 position)
{
	return (struct xfib_fib_step){ ((const __u32 *)words)[(position >> 1) & (mask * 2 + 1)], position };
}

/*
 * Runs that begin at values from 1 to `value` in a block of 8 bits, whether its head has them as ranges or as a bitmap. One
 * subtraction compares the value with all ranges: it leaves the highest bit of each that begins there or before.
 */
XFIB_INLINE __u32 xfib_fib__runs(const __u64 *words, __u32 mask, __u32 reference, __u32 value)
{
	__u32 block = reference & XFIB_BLOCK_WORD, bitmap = ((reference >> XFIB_BLOCK_RANGES_BIT) & 1) - 1;
	__u64 word = words[(block + ((1 + (value >> 6)) & bitmap)) & mask], all = (__u64)(__s64)(__s32)bitmap;
	__u32 before = ((const __u16 *)words)[(block * 4 + (value >> 6)) & (mask * 4 + 3)];
	__u64 in_ranges = (XFIB_RANGES_ONES * (value | XFIB_RANGES_UNUSED) - word) & XFIB_RANGES_ONES * XFIB_RANGES_UNUSED;
	__u64 in_bitmap = word & ((2ULL << (value & 63)) - 1);

	return (before & bitmap) + xfib_fib__count_bits(in_ranges ^ ((in_ranges ^ in_bitmap) & all));
}

/* Likewise in a block of 6 bits, or of 12, whose bitmap has counts before it. */
XFIB_INLINE __u32 xfib_fib__runs_of_bitmap(const __u64 *words, __u32 mask, __u32 reference, __u32 value, int width)
{
	__u32 block = reference & XFIB_BLOCK_WORD, counts = width > 6 ? 1U << width >> 8 : 0, word = value >> 6, runs;

	runs = xfib_fib__count_bits(words[(block + counts + word) & mask] & ((2ULL << (value & 63)) - 1));
	if (counts)
		runs += ((const __u16 *)words)[(block * 4 + word) & (mask * 4 + 3)];
	return runs;
}

/*
 * One step down from a block of `width` bits, by the address' next bits, which are the upper ones of `high`. From a
 * leaf it goes nowhere, by a selection, of which cc makes no branch: whether there is a further step is what a processor
 * cannot guess, and a wrong guess costs more than the step, because it ends the overlap with other work. (clang makes one
 * for BPF; kept from it, the program was no faster.) Nor can it guess what the head of a block is. All indices are within
 * the arena whatever the words say. `is_wide`: 1, 0, or -1 where the reference must tell.
 */
XFIB_INLINE struct xfib_fib_step xfib_fib__descend(const __u64 *words, __u32 mask, struct xfib_fib_step from, __u64 high,
						   int width, int is_wide)
{
	__u32 stay = (__u32)((__s32)~from.reference >> 31), block = from.reference & XFIB_BLOCK_WORD;
	__u32 wide = is_wide < 0 ? (from.reference >> 30) & 1 : (__u32)is_wide;
	__u32 head = (1U << width >> 6) + (1U << width >> 8), value = (__u32)(high >> (64 - width));
	__u32 runs, position, reference;

	if (width == 8) {
		runs = xfib_fib__runs(words, mask, from.reference, value);
		head -= (from.reference >> XFIB_BLOCK_RANGES_BIT & 1) << 2;
	} else {
		runs = xfib_fib__runs_of_bitmap(words, mask, from.reference, value, width);
	}
	position = (block + head) * 4 + (runs << wide);
	reference = xfib_fib__leaf(words, mask, position, wide);
	return (struct xfib_fib_step){ (reference & ~stay) | (from.reference & stay),
				       (position & ~stay) | (from.position & stay) };
}

/*
 * The same, after asking for the line where the leaf is likely to be, by how full the block is, so that it comes while the
 * head of the block is awaited. BPF has only loads for this; a processor does not wait for one whose result nobody needs.
 */
XFIB_INLINE struct xfib_fib_step xfib_fib__descend_asking(const __u64 *words, __u32 mask, struct xfib_fib_step from,
							  __u64 high, int width, int is_wide)
{
	__u32 wide = is_wide < 0 ? (from.reference >> 30) & 1 : (__u32)is_wide, head = (1U << width >> 6) + (1U << width >> 8);
	__u32 guess = (__u32)(high >> (64 - width)) * ((from.reference >> XFIB_BLOCK_FILL & 7) + 1) >> 3;
	__u32 position = ((from.reference & XFIB_BLOCK_WORD) + head) * 4 + (guess << wide);
	const __u16 *leaf = (const __u16 *)words + (position & (mask * 4 + 3));

#ifdef __BPF__
	(void)*(const volatile __u16 *)leaf;
#else
	__builtin_prefetch(leaf);
#endif
	return xfib_fib__descend(words, mask, from, high, width, is_wide);
}

/* Blocks of 8 bits, which few addresses have. `levels` bounds the loop; no FIB has more. */
XFIB_INLINE struct xfib_fib_step xfib_fib__walk(const __u64 *words, __u32 mask, struct xfib_fib_step step, __u64 high,
						__u64 low, int levels)
{
	for (int level = 0; level < levels; level++) {
		if (!(step.reference & XFIB_BLOCK))
			break;
		step = xfib_fib__descend_asking(words, mask, step, high, 8, -1);
		high = high << 8 | low >> 56;
		low <<= 8;
	}
	return step;
}

/* Where the look-up of an IPv4 address, in host byte order, ends. `root` is valid. */
XFIB_INLINE struct xfib_fib_step xfib_fib__find4(const __u64 *words, __u32 mask, __u64 root, __u32 address)
{
	__u32 first = ((__u32)root & XFIB_BLOCK_WORD) * 4;
	struct xfib_fib_step step;

	if (!(root & XFIB_ROOT_LARGE))
		return xfib_fib__walk(words, mask, xfib_fib__begin(words, mask, first), (__u64)address << 32, 0, 4);
	step = xfib_fib__begin(words, mask, first + 4 + (address >> (32 - XFIB_ROOT_DEPTH4)) * 2);
	step = xfib_fib__descend_asking(words, mask, step, (__u64)address << (32 + XFIB_ROOT_DEPTH4), 6, -1);
	if (!(step.reference & XFIB_BLOCK))
		return step;
	return xfib_fib__descend_asking(words, mask, step, (__u64)address << 56, 8, 0);
}

/* The word of a large IPv6 root that has the shortcut of a /32 within the window, if there is one. */
XFIB_INLINE __u32 xfib_fib__shortcut(__u64 root, __u32 prefix)
{
	return ((__u32)root & XFIB_BLOCK_WORD) + 1 + (1U << (XFIB_ROOT_DEPTH6 - XFIB_WINDOW_LENGTH) >> 1) +
	       (prefix * 0x9e3779b1U >> (32 - XFIB_SHORTCUT_BITS));
}

/* Where the first 32 bits of an IPv6 address within the window lead by a large root, without shortcuts. */
XFIB_INLINE struct xfib_fib_step xfib_fib__find6_first(const __u64 *words, __u32 mask, __u64 root, __u64 high)
{
	__u32 first = ((__u32)root & XFIB_BLOCK_WORD) * 4 + 4;

	first += (__u32)(high << XFIB_WINDOW_LENGTH >> (64 + XFIB_WINDOW_LENGTH - XFIB_ROOT_DEPTH6)) * 2;
	return xfib_fib__descend_asking(words, mask, xfib_fib__begin(words, mask, first), high << XFIB_ROOT_DEPTH6, 12, 1);
}

/* Likewise of an IPv6 address, as two numbers in host byte order. */
XFIB_INLINE struct xfib_fib_step xfib_fib__find6(const __u64 *words, __u32 mask, __u64 root, __u64 high, __u64 low)
{
	__u32 first = ((__u32)root & XFIB_BLOCK_WORD) * 4;
	struct xfib_fib_step step;
	__u64 shortcut;

	if (!(root & XFIB_ROOT_LARGE) || high >> (64 - XFIB_WINDOW_LENGTH) != XFIB_WINDOW_VALUE)
		return xfib_fib__walk(words, mask, xfib_fib__begin(words, mask, first), high, low, 16);
	shortcut = words[xfib_fib__shortcut(root, (__u32)(high >> 32)) & mask];
	if ((shortcut ^ high) >> 32)
		step = xfib_fib__find6_first(words, mask, root, high);
	else
		step = (struct xfib_fib_step){ (__u32)shortcut, 0 };
	step = xfib_fib__descend_asking(words, mask, step, high << 32, 8, 1);
	step = xfib_fib__descend_asking(words, mask, step, high << 40, 8, -1);
	if (!(step.reference & XFIB_BLOCK))
		return step;
	return xfib_fib__walk(words, mask, step, high << 48 | low >> 16, low << 48, 10);
}

/* The number that stands for an IPv6 address in a filter; that of an IPv4 address is its four bytes, in any byte order. */
XFIB_INLINE __u32 xfib_filter__fold6(const __u32 *words)
{
	return xfib_hash__mix(words[0] ^ xfib_hash__mix(words[1] ^ xfib_hash__mix(words[2]))) ^ words[3];
}

/* The two bits of the Bloom filter that stand for an address. */
XFIB_INLINE void xfib_filter__bits(__u32 address, __u32 *ret_first, __u32 *ret_second)
{
	__u64 hash = address * 0x9e3779b97f4a7c15ULL; /* its upper bits depend on all of the address */

	*ret_first = hash >> 40 & (XFIB_FILTER_WORDS * 64 - 1);
	*ret_second = hash >> 52 & (XFIB_FILTER_WORDS * 64 - 1);
}

/* May the address be one of those that the filter was made from? No false negatives. */
XFIB_INLINE int xfib_filter__may_contain(const __u64 *filter, __u32 address)
{
	__u32 first, second;

	xfib_filter__bits(address, &first, &second);
	return (filter[first / 64] >> (first % 64)) & (filter[second / 64] >> (second % 64)) & 1;
}

/*
 * Checksum of an IPv4 header after its TTL went down by one: RFC 1624,
 * equation 3, never 0xffff. Network byte order in and out.
 */
XFIB_INLINE __u16 xfib_checksum__lower_ttl(__u16 checksum)
{
	/* The TTL is the first byte of its word: add 0x0100 as it stands in memory, for the sum knows no byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u32 sum = (__u32)checksum + 0x0001;
#else
	__u32 sum = (__u32)checksum + 0x0100;
#endif
	return (__u16)(sum + (sum >= 0xffff));
}

#endif
