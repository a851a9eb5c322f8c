// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib's programs, XDP and TC, the kernel and bpf_fib_lookup() have to say the same of every packet, whatever was changed before.
 *
 * XFIB_STEPS=N steps (20000) in worlds of XFIB_WORLD=N (1000) each, from XFIB_SEED (500; 0: by the clock). After every other step or so the mirror catches up
 * with the kernel, and packets at random are asked about: the program by BPF_PROG_RUN, the kernel by RTM_GETROUTE with
 * the ingress port, the helper by a program of its own. The mirror runs in this process over real maps, so that "caught
 * up" is exact: no event waits, and no full dump is due. Then the audit finds no route that is not as the kernel has it.
 * (That the daemon gets there by itself is tests/netns's matter.)
 *
 * A world that fails is run again with steps left out, as long as it fails in the same way, and what is left is printed
 * as commands. Each world runs in a child, which takes its namespaces with it.
 */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xfib/xfib.h>

#include "bpf_maps.h"
#include "differential.h"
#include "log.h"
#include "mirror_private.h"
#include "rib_private.h"

#define STEPS_EACH_MAX 1000
#define QUESTIONS 12   /* after each catching up */
#define PATIENCE_MS 400 /* for what the kernel does by itself a little later */

struct list {
	struct step step[BEGINNING_MAX + STEPS_EACH_MAX];
	size_t count;
};

/* What a child leaves behind. */
struct outcome {
	bool failed;
	size_t at; /* the step after which it failed */
	struct question question;
	char what[80], text[16384];
	struct tally tally;
};

static struct outcome *outcome; /* shared with the child */
static bool verbose;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- one world, in a child ---- */

static struct mirror *mirror;
static bool settings_changed, life_changed;
static struct address differs; /* what the audit has said last is different; family 0: nothing */

static bool has_news(void)
{
	struct pollfd fds[] = { { .fd = mirror__event_fd(mirror), .events = POLLIN }, { .fd = mirror__feature_fd(mirror), .events = POLLIN } };

	return poll(fds, 2, 0) > 0;
}

/* Lets the mirror do all that it would have done after a while. */
static void catch_up(void)
{
	world__flush();
	if (settings_changed) /* some have no event: it looks at them every ten seconds */
		mirror->settings_dirty = true;
	if (life_changed) /* which has no event either: it looks at it before it ends */
		mirror__request_sync(mirror, NULL);
	settings_changed = life_changed = false;
	do {
		mirror__handle(mirror);
		if (mirror->sync_at && mirror->sync_at < now_ms() + 10000) {
			mirror__sync(mirror);
			outcome->tally.syncs++;
		}
	} while (has_news());
	outcome->tally.settled++;
}

/* True: wrong, and not because the kernel was still at work. */
static bool is_wrong(const struct question *question, uint64_t patience)
{
	uint64_t end = now_ms() + patience;
	const char *what = judge__ask(question, outcome->text, sizeof(outcome->text));

	while (what && now_ms() < end) {
		usleep(2000);
		catch_up();
		judge__begin();
		what = judge__ask(question, outcome->text, sizeof(outcome->text));
	}
	if (!what)
		return false;
	snprintf(outcome->what, sizeof(outcome->what), "%s", what);
	outcome->question = *question;
	return true;
}

/* Does each bucket of a group of xfib's lead where the kernel's does? */
static bool is_kernels_group(const struct xfib_group *group, uint32_t object)
{
	uint32_t objects[BUCKETS_MAX];
	size_t count = kernel__buckets(object, objects);

	if (count != group->resilient.buckets)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct xfib_nexthop *nexthop = &mirror->maps->nexthops[group->resilient.nexthop[group->resilient.bucket[i]]];
		struct path_seen path;

		if (!kernel__object(objects[i], &path) || nexthop->ifindex != path.ifindex ||
		    nexthop->gateway_family != path.gateway.family || memcmp(nexthop->gateway, path.gateway.byte, sizeof(nexthop->gateway)))
			return false;
	}
	return true;
}

/* Packets choose among the next hops of a resilient group by the kernel's buckets. */
static bool has_wrong_buckets(void)
{
	const struct rib *rib = mirror->rib;

	for (uint32_t id = 1; rib->objects && id < mirror->maps->state->routes_end; id++) {
		uint32_t group = rib->target[id] & ~XFIB_TARGET_GROUP;

		if (!(rib->target[id] & XFIB_TARGET_GROUP) || !(mirror->maps->groups[group].flags & XFIB_GROUP_RESILIENT))
			continue;
		outcome->tally.groups++;
		if (!is_kernels_group(&mirror->maps->groups[group], groups__object(rib->groups, group)))
			return true;
	}
	return false;
}

/* Does the audit find something, by a whole round of it? */
static bool has_differences(void)
{
	uint64_t before = mirror->maps->state->audit_differences;

	mirror__restart_audit(mirror);
	for (int turn = 0; turn < 2; turn++) { /* all routes, and what is to be said of them */
		mirror->audit_at = 1;
		mirror__audit(mirror);
	}
	mirror->audit_at = 0;
	if (mirror->maps->state->audit_differences == before)
		return false;
	mirror->sync_at = 0; /* a full dump, which would mend it */
	return true;
}

/* Is it still so when the mirror has had the time to catch up? Then that is the outcome. */
static bool stays(bool (*check)(void), const char *what)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	bool wrong = check();

	while (wrong && now_ms() < end) {
		usleep(2000);
		catch_up();
		wrong = check();
	}
	if (!wrong)
		return false;
	snprintf(outcome->what, sizeof(outcome->what), "%s", what);
	snprintf(outcome->text, sizeof(outcome->text), "%s\n", what);
	if (differs.family)
		judge__describe(&differs, outcome->text + strlen(outcome->text), sizeof(outcome->text) - strlen(outcome->text));
	return true;
}

/* Asks random questions, or the one that is given. */
static bool compare(const struct question *only)
{
	struct question question;

	judge__begin();
	if (stays(has_wrong_buckets, "buckets are not the kernel's") ||
	    stays(has_differences, "routes are not as the kernel has them"))
		return true;
	if (only)
		return is_wrong(only, 50);
	for (int i = 0; i < QUESTIONS; i++) {
		if (judge__draw(&question) && is_wrong(&question, PATIENCE_MS))
			return true;
	}
	return false;
}

/* Of which prefix the audit speaks, for who has to find out why. */
static void note_difference(const char *line)
{
	char text[INET6_ADDRSTRLEN];

	if (sscanf(line, "audit: %*u routes are not as the kernel has them, %45[^/]", text) != 1)
		return;
	differs.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	inet_pton(differs.family, text, differs.byte);
}

static void log_line(enum log_level level, const char *line)
{
	note_difference(line);
	if (level <= LOG_LEVEL_WARNING || verbose)
		fprintf(stderr, "# mirror: %s\n", line);
}

static void open_world(void)
{
	const struct map_sizes sizes = { .routes = 8192, .nexthops = 8192, .groups = 2048, .links = 64, .addresses = 256,
					 .neighbours = 1024, .rules = 64 };
	const struct mirror_opts opts = { .receive_buffer = 1 << 22 };
	struct bpf_maps *maps;
	int err;

	libbpf_set_print(NULL);
	log__set_sink(log_line);
	world__make();
	kernel__open();
	err = bpf_maps__create(&sizes, &maps);
	if (!err)
		err = mirror__new(&maps->maps, &opts, &mirror);
	if (!err)
		err = mirror__sync(mirror);
	if (err) {
		fprintf(stderr, "differential: no mirror: %s\n", strerror(-err));
		exit(2);
	}
	judge__open(maps, &outcome->tally);
}

/* Has the kernel, which refuses an IPv6 route that it has, given that one the life of the one that it refuses (fib6_add_rt2node())? */
static bool changes_life(const struct step *step, int err)
{
	return err == -EEXIST && step->kind == STEP_ROUTE && step->family == AF_INET6 && step->verb != VERB_ADD;
}

static _Noreturn void child(const struct list *list, uint64_t seed, const struct question *only)
{
	open_world();
	random__seed(seed);
	for (size_t i = 0; i < list->count; i++) {
		const struct step *step = &list->step[i];
		int err = world__apply(step);

		outcome->tally.steps++;
		outcome->tally.refused += err != 0;
		settings_changed |= step->kind == STEP_SETTING;
		life_changed |= changes_life(step, err);
		if (verbose) {
			fprintf(stderr, "%s ", err ? strerror(-err) : "-");
			step__print(step, stderr);
		}
		if (!step->settles)
			continue;
		catch_up();
		if (compare(only)) {
			outcome->failed = true;
			outcome->at = i;
			break;
		}
	}
	_exit(0);
}

/* Runs a world. `only`: the one question to ask; NULL: random ones. Returns whether it failed. */
static bool run(const struct list *list, uint64_t seed, const struct question *only)
{
	int status;
	pid_t pid;

	memset(outcome, 0, sizeof(*outcome));
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(list, seed, only);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("differential: child");
		exit(2);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return outcome->failed;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		exit(2);
	outcome->failed = true;
	outcome->at = list->count - 1;
	snprintf(outcome->what, sizeof(outcome->what), "the mirror died");
	snprintf(outcome->text, sizeof(outcome->text), "the mirror died: status %#x\n", (unsigned int)status);
	return true;
}

/* ---- shrinking ---- */

/* `from` without `count` steps from `begin` on; where the mirror caught up, it still does. */
static void leave_out(const struct list *from, size_t begin, size_t count, struct list *ret_list)
{
	ret_list->count = 0;
	for (size_t i = 0; i < from->count; i++) {
		if (i < begin || i >= begin + count)
			ret_list->step[ret_list->count++] = from->step[i];
		else if (from->step[i].settles && ret_list->count)
			ret_list->step[ret_list->count - 1].settles = true;
	}
}

static void shrink(struct list *list, uint64_t seed)
{
	static struct list shorter;
	uint32_t runs = 0;
	struct outcome first = *outcome;
	uint64_t end = now_ms() + 1000 * (uint64_t)atoi(getenv("XFIB_SHRINK") ? getenv("XFIB_SHRINK") : "120");

	list->count = first.at + 1;
	for (size_t size = list->count / 2; size && now_ms() < end; size = size > 1 || list->count < 2 ? size / 2 : 0) {
		for (size_t begin = 0; begin < list->count && now_ms() < end;) {
			leave_out(list, begin, size, &shorter);
			runs++;
			if (run(&shorter, seed, &first.question) && !strcmp(outcome->what, first.what)) {
				shorter.count = outcome->at + 1;
				*list = shorter;
				first = *outcome;
			} else {
				begin += size;
			}
		}
	}
	*outcome = first;
	printf("# shrunk by %u runs\n", runs);
}

/* ---- all of it ---- */

static void add(struct tally *sum, const struct tally *tally)
{
	uint64_t *to = (uint64_t *)(void *)sum;
	const uint64_t *from = (const uint64_t *)(const void *)tally;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void print_commented(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("# %.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void print_failure(const struct list *list)
{
	print_commented(outcome->text);
	for (size_t i = 0; i < list->count; i++) {
		printf("#   ");
		step__print(&list->step[i], stdout);
	}
}

static void print_tally(const struct tally *tally)
{
	printf("# %llu steps, of which the kernel refused %llu; caught up %llu times, by %llu full dumps; %llu questions\n",
	       (unsigned long long)tally->steps, (unsigned long long)tally->refused, (unsigned long long)tally->settled,
	       (unsigned long long)tally->syncs, (unsigned long long)tally->questions);
	printf("# resilient groups compared %llu\n", (unsigned long long)tally->groups);
	printf("# forwarded %llu, dropped %llu, up and not forwarded by the kernel either %llu, not comparable %llu\n# up though the kernel forwards:",
	       (unsigned long long)tally->forwarded, (unsigned long long)tally->dropped, (unsigned long long)tally->kept,
	       (unsigned long long)tally->unmarked);
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
		if (tally->passed[reason])
			printf(" %s %llu", xfib_reason__name(reason), (unsigned long long)tally->passed[reason]);
	}
	printf("\n# bpf_fib_lookup() differs from the kernel:");
	for (size_t i = 1; i < COUNT(tally->helper); i++) {
		if (tally->helper[i] && judge__helper_name(i))
			printf(" %s %llu", judge__helper_name(i), (unsigned long long)tally->helper[i]);
	}
	putchar('\n');
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	char *end;
	uint64_t value;

	if (!text || !*text)
		return otherwise;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end) {
		fprintf(stderr, "differential: %s=%s: not a number\n", name, text);
		exit(2);
	}
	return value;
}

/* Before Linux 6.3 a veth device takes redirected frames for certain only where its other end has a program. */
static bool tells_redirect_targets(void)
{
	struct utsname name;
	unsigned int major, minor;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 3));
}

int main(void)
{
	static struct list list;
	struct tally sum = { 0 };
	struct timespec now;
	uint64_t seed, steps, each, worlds, least, failed = 0;
	bool is_idle, has_vrf;
	struct world_kind kind;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = setting("XFIB_SEED", 500); /* the same each time for who checks a change; 0 is for who looks for faults */
	if (!seed)
		seed = (uint64_t)now.tv_nsec;
	steps = setting("XFIB_STEPS", 20000);
	verbose = getenv("XFIB_VERBOSE") != NULL;
	each = setting("XFIB_WORLD", STEPS_EACH_MAX);
	each = each < 1 || each > STEPS_EACH_MAX ? STEPS_EACH_MAX : each;
	worlds = (steps + each - 1) / each;
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED) {
		perror("differential: mmap");
		return 2;
	}
	has_vrf = world__can_have_vrf();
	for (uint64_t world = 0; world < worlds; world++) {
		uint64_t one = seed + world;

		kind = (struct world_kind){ .rules = one % 4 == 3, .vrf = has_vrf && one % 3 != 2 };
		random__seed(one);
		list.count = draw__beginning(list.step, kind);
		draw__steps(list.step + list.count, each, kind);
		list.count += each;
		if (!run(&list, one, NULL)) {
			add(&sum, &outcome->tally);
			printf("ok %llu - world %llu\n", (unsigned long long)world + 1, (unsigned long long)one);
			continue;
		}
		failed++;
		printf("not ok %llu - world %llu: %s; again: XFIB_SEED=%llu XFIB_STEPS=1\n", (unsigned long long)world + 1,
		       (unsigned long long)one, outcome->what, (unsigned long long)one);
		print_commented(outcome->text);
		fflush(stdout);
		shrink(&list, one);
		print_failure(&list);
	}
	print_tally(&sum);
	/* A test in which nothing goes the fast way shows nothing. */
	least = sum.questions / (tells_redirect_targets() ? 50 : 200);
	is_idle = sum.forwarded < least;
	printf("%sok %llu - of the packets %llu or more are forwarded\n", is_idle ? "not " : "", (unsigned long long)worlds + 1,
	       (unsigned long long)least);
	failed += is_idle;
	printf("1..%llu\n", (unsigned long long)worlds + 1);
	return failed != 0;
}
