// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Readers of the compiled FIB, in BPF programs and in user space, over an
 * instance's BPF maps:
 *
 *	readers_test [SECONDS]
 *
 * A million addresses get the same answers from both, and from the oracle.
 * Then two readers of either kind ask, for SECONDS (5), half of them for each family, for
 * addresses whose right answers never change, while a writer changes
 * everything around them. Not one may be wrong.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xfib/lookup.h>

#include "bpf_maps.h"
#include "readers.h"
#include "readers.skel.h"
#include "subject.h"
#include "tables.h"
#include "tap.h"
#include "xfib.skel.h"

#define FIXED 3000      /* prefixes that stay, each with some addresses */
#define CONSTANT 16384  /* addresses */
#define AROUND 8000     /* prefixes that come and go */
#define NEXTHOPS 64
#define WORDS (1u << 21)

static struct random shared;
static struct readers *bpf;
static struct question *questions;
static const uint64_t *answers;
static struct subject subject;
static struct bpf_maps *instance;

/* ---- an instance, but for its daemon ---- */

static void *map_array(const struct bpf_map *map)
{
	size_t bytes = ((size_t)bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map);
	void *memory = mmap(NULL, (bytes + 4095) / 4096 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int load(void)
{
	int err;

	bpf = readers__open();
	if (!bpf)
		return -errno;
	bpf->rodata->readers_mask = instance->maps.sizes.fib_words - 1; /* fewer than WORDS where the kernel takes no more */
	err = bpf_map__reuse_fd(bpf->maps.xfib_fib, bpf_map__fd(instance->skeleton->maps.xfib_fib));
	if (!err)
		err = bpf_map__reuse_fd(bpf->maps.xfib_state, bpf_map__fd(instance->skeleton->maps.xfib_state));
	return err ? err : readers__load(bpf);
}

static int open_instance(void)
{
	const struct map_sizes sizes = { .routes = 1024, .nexthops = 64, .groups = 4, .links = 64, .addresses = 64,
					 .neighbours = 64, .rules = 16, .fib_words = WORDS, .fibs = 64 };
	int err = bpf_maps__create(&sizes, &instance);

	if (!err)
		err = load();
	if (err)
		return err;
	subject.maps = &instance->maps;
	subject.table = XFIB_TABLE_MAIN;
	questions = map_array(bpf->maps.questions);
	answers = map_array(bpf->maps.answers);
	if (!questions || !answers)
		return -ENOMEM;
	return fib__new(subject.maps, &subject.fib);
}

/* Runs a program on the questions from `begin` on. */
static int run(const struct bpf_program *program, uint32_t begin)
{
	uint8_t packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet), .repeat = 1);
	int err;

	memcpy(packet, &begin, sizeof(begin));
	err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	return err ? err : opts.retval == 2 /* XDP_PASS */ ? 0 : -EIO;
}

static void put_question(uint32_t index, address_t address, const struct oracle_prefix *best)
{
	struct answer answer = answer__of(best);

	questions[index] = (struct question){ .high = (uint64_t)(address >> 64), .low = (uint64_t)address,
					      .family = subject__family(&subject), .leaf = answer.leaf, .route = answer.route };
}

/* ---- BPF = user space ---- */

static void same_answers(int bits, enum table_kind kind)
{
	struct intervals intervals;
	struct oracle oracle;
	uint64_t wrong = 0, wrong_bpf = 0;
	int err;

	subject.bits = bits;
	oracle__init(&oracle, bits);
	table__generate(kind, &shared, 20000, NEXTHOPS, &oracle);
	err = subject__compile(&subject, &oracle);
	oracle__intervals(&oracle, &intervals);
	for (uint32_t i = 0; i < READERS_QUESTIONS; i++) {
		address_t address = table__address(&shared, bits);
		const struct interval *near = &intervals.list[random__next(&shared) % intervals.count];

		if (i % 4) /* at an edge, or somewhere behind it */
			address = (near->begin + (address >> (i % 4 == 1 ? 127 : 8 + i % 61)) * (i % 4 == 1 ? address__step(bits) : 1)) &
				  address__mask(bits);
		put_question(i, address, &intervals__find(&intervals, address)->best);
		wrong += subject__check(&subject, address, &intervals__find(&intervals, address)->best);
	}
	for (uint32_t i = 0; i < READERS_QUESTIONS && !err; i += READERS_BATCH)
		err = run(bpf->progs.answer, i);
	for (uint32_t i = 0; i < READERS_QUESTIONS; i++) {
		if (answers[i] != questions[i].leaf && !wrong_bpf++)
			printf("# question %u: %#llx, not %#x\n", i, (unsigned long long)answers[i], questions[i].leaf);
	}
	tap__result(!err && !wrong && !wrong_bpf,
		    "IPv%d, table %s: %u addresses in BPF and in user space: %llu and %llu wrong, error %d", bits == 32 ? 4 : 6,
		    table_kinds[kind], READERS_QUESTIONS, (unsigned long long)wrong_bpf, (unsigned long long)wrong, err);
	intervals__free(&intervals);
	oracle__free(&oracle);
}

/* ---- readers under fire ---- */

static struct {
	bool stop;
	uint64_t asked, wrong, left_to_trie, again; /* by readers in user space */
	int err;
} fire;

static void *read_by_bpf(void *data)
{
	uint32_t at = *(const uint32_t *)data * READERS_BATCH;

	while (!__atomic_load_n(&fire.stop, __ATOMIC_RELAXED)) {
		int err = run(bpf->progs.check, at % CONSTANT);

		if (err)
			__atomic_store_n(&fire.err, err, __ATOMIC_RELAXED);
		at += READERS_BATCH;
	}
	return NULL;
}

/* As the library has it: what was found counts if no slot was given out again meanwhile. */
static bool ask_once(const struct question *question, struct answer *ret_answer)
{
	const struct maps *maps = subject.maps;
	const struct xfib_state *state = maps->state;
	uint64_t generation = __atomic_load_n(&state->generation, __ATOMIC_ACQUIRE), root;
	uint32_t mask = maps->sizes.fib_words - 1;
	struct xfib_fib_step step;

	root = __atomic_load_n(question->family == XFIB_INET6 ? &state->root6 : &state->root4, __ATOMIC_ACQUIRE);
	if (question->family == XFIB_INET6)
		step = xfib_fib__find6(maps->fib_words, mask, root, question->high, question->low);
	else
		step = xfib_fib__find4(maps->fib_words, mask, root, (uint32_t)(question->high >> 32));
	ret_answer->leaf = step.reference & 0xffff;
	ret_answer->route = __atomic_load_n(&((const uint32_t *)maps->fib_routes)[step.position & (mask * 4 + 3)], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&state->generation, __ATOMIC_RELAXED) == generation;
}

static void *read_in_user_space(void *data)
{
	uint64_t asked = 0, wrong = 0, left_to_trie = 0, again = 0;

	for (uint32_t at = *(const uint32_t *)data; !__atomic_load_n(&fire.stop, __ATOMIC_RELAXED); at++, asked++) {
		const struct question *question = &questions[at % CONSTANT];
		struct answer answer;

		while (!ask_once(question, &answer))
			again++;
		if (answer.leaf == XFIB_LEAF_TRIE && question->leaf != XFIB_LEAF_TRIE)
			left_to_trie++;
		else
			wrong += answer.leaf != question->leaf ||
				 (answer.route != question->route && answer.leaf != XFIB_LEAF_NONE && answer.leaf != XFIB_LEAF_TRIE);
	}
	__atomic_fetch_add(&fire.asked, asked, __ATOMIC_RELAXED);
	__atomic_fetch_add(&fire.wrong, wrong, __ATOMIC_RELAXED);
	__atomic_fetch_add(&fire.left_to_trie, left_to_trie, __ATOMIC_RELAXED);
	__atomic_fetch_add(&fire.again, again, __ATOMIC_RELAXED);
	return NULL;
}

static int by_value(const void *left, const void *right)
{
	const address_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Would the prefix change the answer for one of the constant addresses (sorted)? */
static bool decides(const struct oracle *fixed, const address_t *constant, address_t address, int length)
{
	address_t last = address__last(address, length, subject.bits);
	size_t low = 0, high = CONSTANT;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (constant[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < CONSTANT && constant[low] <= last; low++) {
		const struct oracle_prefix *best = oracle__best(fixed, constant[low]);

		if (!best || best->length <= length)
			return true;
	}
	return false;
}

/* Prefixes near the constant addresses that decide on none of them. */
static struct oracle_prefix *make_around(const struct oracle *fixed, const address_t *constant)
{
	struct oracle_prefix *around = calloc(AROUND, sizeof(*around));

	for (size_t i = 0; i < AROUND;) {
		struct oracle_prefix *prefix = &around[i];
		int keep = (int)random__below(&shared, (uint32_t)subject.bits);
		/* Very short ones seldom: each takes milliseconds. */
		int least = random__below(&shared, 200) ? (subject.bits == 32 ? 8 : 20) : 0;

		prefix->length = (uint8_t)((uint32_t)least + random__below(&shared, (uint32_t)(subject.bits - least) + 1));
		prefix->address = constant[random__below(&shared, CONSTANT)];
		if (random__below(&shared, 4))
			prefix->address = (prefix->address & address__mask(keep)) |
					  (table__address(&shared, subject.bits) & ~address__mask(keep));
		prefix->address &= address__mask(prefix->length);
		if (!decides(fixed, constant, prefix->address, prefix->length))
			i++;
	}
	return around;
}

static void write_for(double seconds, struct oracle *oracle, const struct oracle_prefix *around, uint64_t *ret_changes,
		      uint64_t *ret_refused)
{
	struct timespec now;
	double end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (double)now.tv_sec + (double)now.tv_nsec / 1e9 + seconds;
	*ret_changes = *ret_refused = 0;
	do {
		for (int i = 0; i < 200; i++) {
			const struct oracle_prefix *prefix = &around[random__below(&shared, AROUND)];
			bool held = oracle__get(oracle, prefix->address, prefix->length) != NULL;

			if (held && random__below(&shared, 3))
				*ret_refused += subject__clear(&subject, oracle, prefix->address, prefix->length) != 0;
			else
				*ret_refused += subject__set(&subject, oracle, prefix->address, prefix->length,
							     (uint32_t)random__next(&shared) | 1,
							     table__target(&shared, NEXTHOPS)) != 0;
			++*ret_changes;
		}
		fib__work(subject.fib);
		if (!random__below(&shared, 40) || fib__wants_compile(subject.fib, subject.table, subject__family(&subject)))
			*ret_refused += subject__compile(&subject, oracle) != 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((double)now.tv_sec + (double)now.tv_nsec / 1e9 < end);
}

/* Fills `constant` and the questions with addresses within the fixed prefixes, some at their edges. */
static void make_constant(const struct oracle *fixed, address_t *constant)
{
	struct oracle_prefix *list = oracle__list(fixed);

	for (uint32_t i = 0; i < CONSTANT; i++) {
		const struct oracle_prefix *in = &list[random__below(&shared, (uint32_t)fixed->count)];
		address_t host = ~address__mask(in->length) & address__mask(subject.bits);
		address_t offset = random__below(&shared, 4) ? table__address(&shared, subject.bits) : random__below(&shared, 2) ? 0 : ~(address_t)0;

		constant[i] = in->address | (offset & host);
	}
	qsort(constant, CONSTANT, sizeof(*constant), by_value);
	for (uint32_t i = 0; i < CONSTANT; i++) /* in no order */
		put_question(i * 10007 % CONSTANT, constant[i], oracle__best(fixed, constant[i]));
	free(list);
}

static void under_fire(int bits, double seconds)
{
	static address_t constant[CONSTANT];
	struct oracle oracle;
	struct oracle_prefix *around;
	uint64_t changes, refused;
	uint32_t first[4] = { 0, CONSTANT / 2, 0, CONSTANT / 2 };
	pthread_t readers[4];
	struct fib_usage usage;
	int err;

	subject.bits = bits;
	memset(&fire, 0, sizeof(fire));
	bpf->bss->asked = bpf->bss->wrong = bpf->bss->left_to_trie = 0;
	oracle__init(&oracle, bits);
	while (oracle.count < FIXED)
		table__generate(TABLE_RUNS, &shared, 1000, NEXTHOPS, &oracle);
	make_constant(&oracle, constant);
	around = make_around(&oracle, constant);
	err = subject__compile(&subject, &oracle);
	for (int i = 0; i < 4; i++)
		pthread_create(&readers[i], NULL, i < 2 ? read_by_bpf : read_in_user_space, &first[i]);
	write_for(seconds, &oracle, around, &changes, &refused);
	__atomic_store_n(&fire.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(readers[i], NULL);
	usage = fib__usage(subject.fib);
	printf("# %llu changes (%llu refused), %llu grace periods, %llu compactions; left to the trie: %llu and %llu; %llu asked again\n",
	       (unsigned long long)changes, (unsigned long long)refused, (unsigned long long)usage.graces,
	       (unsigned long long)usage.compactions, (unsigned long long)bpf->bss->left_to_trie,
	       (unsigned long long)fire.left_to_trie, (unsigned long long)fire.again);
	if (bpf->bss->wrong)
		printf("# in BPF, one of them: question %llu, leaf %#llx\n", (unsigned long long)(bpf->bss->first_wrong >> 32),
		       (unsigned long long)(bpf->bss->first_wrong & 0xffff));
	tap__result(!err && !fire.err && !bpf->bss->wrong && bpf->bss->asked > 2 * bpf->bss->left_to_trie,
		    "IPv%d: two BPF readers under fire for %.1f s: %llu answers, %llu wrong, error %d", bits == 32 ? 4 : 6, seconds,
		    (unsigned long long)bpf->bss->asked, (unsigned long long)bpf->bss->wrong, err ? err : fire.err);
	tap__result(!fire.wrong && fire.asked > 2 * fire.left_to_trie,
		    "IPv%d: two readers in user space at the same time: %llu answers, %llu wrong", bits == 32 ? 4 : 6,
		    (unsigned long long)fire.asked, (unsigned long long)fire.wrong);
	subject.may_ask_trie = refused > 0;
	tap__result(!subject__compare(&subject, &oracle, &shared), "IPv%d: afterwards the whole table is the oracle",
		    bits == 32 ? 4 : 6);
	subject.may_ask_trie = false;
	free(around);
	oracle__free(&oracle);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) / 2 : 2.5;
	int err;

	shared.state = random__seed();
	if (geteuid()) {
		tap__skip("readers in BPF programs", "only root may load them");
		return tap__finish();
	}
	err = open_instance();
	tap__result(!err, "programs and maps load");
	if (err)
		return tap__finish();
	same_answers(32, TABLE_MIXED);
	same_answers(128, TABLE_MIXED);
	same_answers(32, TABLE_FEW);
	same_answers(128, TABLE_FEW);
	under_fire(32, seconds);
	under_fire(128, seconds);
	return tap__finish();
}
