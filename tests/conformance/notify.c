// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* NotifyRouteChange2 and CancelMibChangeNotify2: the table of cases, and what concerns the time of calls. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "conformance.h"

#define EVENTS 16
#define ADDED MibAddInstance
#define DELETED MibDeleteInstance
#define CHANGED MibParameterNotification

/* ---- a callback that notes what it is told ---- */

struct event {
	MIB_NOTIFICATION_TYPE type;
	MIB_IPFORWARD_ROW2 row;
};

struct recorder {
	pthread_mutex_t lock;
	struct event events[EVENTS];
	size_t count, initial; /* events with a row, and those without */
	int running, overlaps;
	pthread_t thread;
	size_t threads; /* of calls with a row: 1 */
	HANDLE handle;
	bool cancel;    /* from inside */
	uint32_t cancelled;
	long sleep_ms;  /* in each call */
	size_t after;   /* calls that began when `done` was set */
	bool done;
};

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* The route by which the tests know that the library has followed, see ip(). */
static bool is_mark(const MIB_IPFORWARD_ROW2 *row)
{
	SOCKADDR_INET mark;

	address__read("192.0.2.200", &mark);
	return !memcmp(&row->DestinationPrefix.Prefix, &mark, sizeof(mark));
}

static void note(struct recorder *recorder, const MIB_IPFORWARD_ROW2 *row, MIB_NOTIFICATION_TYPE type)
{
	if (!recorder->threads || !pthread_equal(recorder->thread, pthread_self()))
		recorder->threads++;
	recorder->thread = pthread_self();
	if (recorder->count < EVENTS) {
		recorder->events[recorder->count].type = type;
		recorder->events[recorder->count].row = *row;
	}
	recorder->count++;
}

static void callback(PVOID context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	struct recorder *recorder = context;
	bool cancel;

	if (row && is_mark(row))
		return;
	pthread_mutex_lock(&recorder->lock);
	recorder->overlaps += recorder->running++ > 0;
	recorder->after += recorder->done;
	if (row)
		note(recorder, row, type);
	else
		recorder->initial += type == MibInitialNotification;
	cancel = recorder->cancel && row;
	pthread_mutex_unlock(&recorder->lock);
	if (recorder->sleep_ms)
		pause_ms(recorder->sleep_ms);
	if (cancel)
		recorder->cancelled = (uint32_t)CancelMibChangeNotify2(recorder->handle);
	pthread_mutex_lock(&recorder->lock);
	recorder->running--;
	pthread_mutex_unlock(&recorder->lock);
}

static size_t count_of(struct recorder *recorder)
{
	size_t count;

	pthread_mutex_lock(&recorder->lock);
	count = recorder->count;
	pthread_mutex_unlock(&recorder->lock);
	return count;
}

static void await(struct recorder *recorder, size_t count)
{
	unsigned int attempt = 0;

	while (count_of(recorder) < count && !deadline__over(&attempt))
		;
}

static void begin(char why[WHY_BYTES], ADDRESS_FAMILY family, BOOLEAN initial, struct recorder *recorder)
{
	*recorder = (struct recorder){ .lock = PTHREAD_MUTEX_INITIALIZER };
	result__status(why, CONTRACT, OK, (uint32_t)NotifyRouteChange2(family, callback, recorder, initial, &recorder->handle));
	if (!recorder->handle)
		result__note(why, "the handle is NULL");
}

static void end(char why[WHY_BYTES], struct recorder *recorder)
{
	if (recorder->handle)
		result__status(why, CONTRACT, OK, (uint32_t)CancelMibChangeNotify2(recorder->handle));
	if (recorder->running || recorder->overlaps)
		result__note(why, "%d calls run, %d ran at the same time as another", recorder->running, recorder->overlaps);
	if (recorder->threads > 1 || (recorder->threads && pthread_equal(recorder->thread, pthread_self())))
		result__note(why, "calls come from %zu threads, or the caller's", recorder->threads);
}

/* ---- the table ---- */

struct notify_case {
	const char *desc;
	enum world world;
	enum status status[2];
	ADDRESS_FAMILY family;
	const char *before, *commands;
	struct {
		MIB_NOTIFICATION_TYPE type;
		struct row row;
	} events[4];
	bool any_order, no_callback, no_handle;
};

#define STATIC RouteProtocolNetMgmt, NlroManual
#define V4 "100.80.0.0/16"
#define V6 "2001:db8:80::/48"
#define ADD4 "route add 100.80.0.0/16 via 10.1.0.1 proto static metric 5"
#define ROW4 { V4, "10.1.0.1", T1, 5, STATIC }
#define ADD6 "route add 2001:db8:80::/48 via 2001:db8:1::1 proto static metric 5"
#define ROW6 { V6, "2001:db8:1::1", T1, 5, STATIC }

static const struct notify_case cases[] = {
	{ "NULL callback", HOST, BOTH(INVALID), AF_UNSPEC, .no_callback = true },
	{ "NULL handle", HOST, BOTH(INVALID), AF_UNSPEC, .no_handle = true },
	{ "another family", HOST, BOTH(INVALID), AF_UNIX },
	{ "Windows' own AF_INET6", HOST, BOTH(INVALID), 23 },
	{ "a route comes", HOST, BOTH(OK), AF_INET, NULL, ADD4, { { ADDED, ROW4 } } },
	{ "a route goes, and its row is complete", HOST, BOTH(OK), AF_INET, ADD4, "route del 100.80.0.0/16", { { DELETED, ROW4 } } },
	{ "comes and goes, in order", HOST, BOTH(OK), AF_INET, NULL, ADD4 "\nroute del 100.80.0.0/16", { { ADDED, ROW4 }, { DELETED, ROW4 } } },
	{ "a row changes", HOST, BOTH(OK), AF_INET, ADD4, "route change 100.80.0.0/16 via 10.1.0.1 proto bgp metric 5", { { CHANGED, { V4, "10.1.0.1", T1, 5, RouteProtocolBgp, NlroManual } } } },
	{ "another next hop is another row", HOST, BOTH(OK), AF_INET, ADD4, "route change 100.80.0.0/16 via 10.2.0.1 proto static metric 5", { { DELETED, ROW4 }, { ADDED, { V4, "10.2.0.1", T2, 5, STATIC } } }, .any_order = true },
	{ "each of several paths is a row", HOST, BOTH(OK), AF_INET, NULL, "route add 100.80.0.0/16 proto static nexthop via 10.1.0.1 nexthop via 10.2.0.1", { { ADDED, { V4, "10.1.0.1", T1, 0, STATIC } }, { ADDED, { V4, "10.2.0.1", T2, 0, STATIC } } }, .any_order = true },
	{ "IPv6", HOST, BOTH(OK), AF_INET6, NULL, ADD6, { { ADDED, ROW6 } } },
	{ "IPv6 goes", HOST, BOTH(OK), AF_INET6, ADD6, "route del 2001:db8:80::/48", { { DELETED, ROW6 } } },
	{ "both families", HOST, BOTH(OK), AF_UNSPEC, NULL, ADD4 "\n" ADD6, { { ADDED, ROW4 }, { ADDED, ROW6 } } },
	{ "IPv4 alone", HOST, BOTH(OK), AF_INET, NULL, ADD6 "\n" ADD4, { { ADDED, ROW4 } } },
	{ "IPv6 alone", HOST, BOTH(OK), AF_INET6, NULL, ADD4 "\n" ADD6, { { ADDED, ROW6 } } },
	{ "a blackhole is no row", HOST, BOTH(OK), AF_INET, NULL, "route add blackhole 100.81.0.0/16\n" ADD4, { { ADDED, ROW4 } } },
	{ "a route of another table is none", HOST, BOTH(OK), AF_INET, NULL, "route add 100.81.0.0/16 dev t1 table 1000\nroute del 100.81.0.0/16 table 1000\n" ADD4, { { ADDED, ROW4 } } },
	{ "without IPv6", NO6, BOTH(OK), AF_UNSPEC, NULL, ADD4, { { ADDED, ROW4 } } },
	{ "where there is no route yet", EMPTY, BOTH(OK), AF_INET, "link set lo up\nlink set t1 up", "route add 100.80.0.0/16 dev t1 proto static", { { ADDED, { V4, NULL, T1, 0, STATIC } } } },
};

static size_t expected_count(const struct notify_case *c)
{
	size_t count = 0;

	while (count < COUNT(c->events) && c->events[count].row.prefix)
		count++;
	return count;
}

static void compare(char why[WHY_BYTES], const struct notify_case *c, const struct recorder *recorder)
{
	size_t count = expected_count(c);

	if (recorder->count != count)
		result__note(why, "%zu calls, expected %zu", recorder->count, count);
	for (size_t i = 0; i < count; i++) {
		char row_why[WHY_BYTES] = "none is of its type";

		for (size_t j = 0; j < recorder->count && j < EVENTS && *row_why; j++) {
			if ((j != i && !c->any_order) || recorder->events[j].type != c->events[i].type)
				continue;
			*row_why = '\0';
			row__compare(row_why, &c->events[i].row, &recorder->events[j].row);
		}
		if (*row_why)
			result__note(why, "call %zu: %s", i, row_why);
	}
}

static void run_refused(char why[WHY_BYTES], const struct notify_case *c)
{
	HANDLE handle = &handle;
	NETIO_STATUS status = NotifyRouteChange2(c->family, c->no_callback ? NULL : callback, NULL, FALSE, c->no_handle ? NULL : &handle);

	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)status);
	if (!c->no_handle && handle)
		result__note(why, "the handle is not NULL");
}

static void run_case(const struct notify_case *c)
{
	struct recorder recorder;
	char why[WHY_BYTES] = "";

	if (c->status[CONTRACT] != OK) {
		run_refused(why, c);
		result(CONTRACT, "NotifyRouteChange2", c->desc, why);
		return;
	}
	if (c->before)
		ip(c->before);
	begin(why, c->family, FALSE, &recorder);
	if (recorder.handle) {
		ip(c->commands);
		await(&recorder, expected_count(c));
		pause_ms(30); /* for what should not come */
	}
	end(why, &recorder);
	compare(why, c, &recorder);
	result(CONTRACT, "NotifyRouteChange2", c->desc, why);
	ip__flush();
}

/* ---- the initial notification ---- */

static void initial(void)
{
	struct recorder recorder;
	char why[WHY_BYTES] = "";

	begin(why, AF_UNSPEC, TRUE, &recorder);
	if (recorder.initial != 1) /* at this moment, without waiting */
		result__note(why, "%zu initial notifications before registration returned", recorder.initial);
	end(why, &recorder);
	if (recorder.count)
		result__note(why, "%zu calls with a row", recorder.count);
	result(CONTRACT, "NotifyRouteChange2", "the initial notification has fired when registration returns", why);

	*why = '\0';
	begin(why, AF_UNSPEC, FALSE, &recorder);
	pause_ms(30);
	end(why, &recorder);
	if (recorder.initial)
		result__note(why, "it came");
	result(CONTRACT, "NotifyRouteChange2", "no initial notification that was not asked for", why);
}

/* ---- several registrations ---- */

static void several(void)
{
	struct recorder first, second;
	char why[WHY_BYTES] = "";

	begin(why, AF_INET, FALSE, &first);
	begin(why, AF_UNSPEC, FALSE, &second);
	ip(ADD4);
	await(&first, 1);
	await(&second, 1);
	end(why, &first);
	if (first.count != 1 || second.count != 1)
		result__note(why, "%zu and %zu calls", first.count, second.count);
	if (first.count && second.count && !pthread_equal(first.thread, second.thread))
		result__note(why, "they come from two threads");
	result(CONTRACT, "NotifyRouteChange2", "two registrations are told of one change, by one thread", why);

	*why = '\0';
	ip("route del 100.80.0.0/16");
	await(&second, 2);
	if (first.count != 1 || second.count != 2)
		result__note(why, "%zu and %zu calls", first.count, second.count);
	end(why, &second);
	result(CONTRACT, "CancelMibChangeNotify2", "the other registration goes on", why);
}

static void own_changes(void)
{
	static const struct row created = ROW4, changed = { V4, "10.1.0.1", T1, 9, STATIC };
	static const struct {
		MIB_NOTIFICATION_TYPE type;
		const struct row *row;
	} expected[] = { { ADDED, &created }, { CHANGED, &changed }, { DELETED, &changed } };
	struct recorder recorder;
	MIB_IPFORWARD_ROW2 row;
	char why[WHY_BYTES] = "";

	begin(why, AF_INET, FALSE, &recorder);
	row__make(&created, &row);
	result__status(why, CONTRACT, OK, (uint32_t)CreateIpForwardEntry2(&row));
	row.Metric = 9;
	result__status(why, CONTRACT, OK, (uint32_t)SetIpForwardEntry2(&row));
	await(&recorder, 2);
	result__status(why, CONTRACT, OK, (uint32_t)DeleteIpForwardEntry2(&row));
	await(&recorder, COUNT(expected));
	pause_ms(30);
	end(why, &recorder);
	if (recorder.count != COUNT(expected))
		result__note(why, "%zu calls, expected %zu", recorder.count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected) && i < recorder.count; i++) {
		if (recorder.events[i].type != expected[i].type)
			result__note(why, "call %zu is of type %d", i, (int)recorder.events[i].type);
		row__compare(why, expected[i].row, &recorder.events[i].row);
	}
	result(CONTRACT, "NotifyRouteChange2", "what the program itself creates, sets and deletes", why);
	ip__flush();
}

/* ---- Cancel ---- */

static void cancel_handles(void)
{
	struct recorder recorder;
	char why[WHY_BYTES] = "";
	int nothing;

	result__status(why, CONTRACT, INVALID, (uint32_t)CancelMibChangeNotify2(NULL));
	result(CONTRACT, "CancelMibChangeNotify2", "NULL", why);
	*why = '\0';
	result__status(why, CONTRACT, INVALID_HANDLE, (uint32_t)CancelMibChangeNotify2(&nothing));
	result(CONTRACT, "CancelMibChangeNotify2", "a handle that is none", why);
	*why = '\0';
	begin(why, AF_INET, FALSE, &recorder);
	end(why, &recorder);
	result__status(why, CONTRACT, INVALID_HANDLE, (uint32_t)CancelMibChangeNotify2(recorder.handle));
	result(CONTRACT, "CancelMibChangeNotify2", "a second time", why);
}

static void cancel_ends(void)
{
	struct recorder recorder;
	char why[WHY_BYTES] = "";

	begin(why, AF_INET, FALSE, &recorder);
	ip(ADD4);
	await(&recorder, 1);
	end(why, &recorder);
	ip("route del 100.80.0.0/16");
	pause_ms(50);
	if (recorder.count != 1)
		result__note(why, "%zu calls, expected the one before it", recorder.count);
	result(CONTRACT, "CancelMibChangeNotify2", "no call comes after it", why);
}

static void cancel_inside(void)
{
	struct recorder recorder;
	char why[WHY_BYTES] = "";
	unsigned int attempt = 0;

	begin(why, AF_INET, FALSE, &recorder);
	recorder.cancel = true;
	recorder.cancelled = 0x5a5a5a5a;
	ip(ADD4 "\nroute del 100.80.0.0/16");
	while (recorder.cancelled == 0x5a5a5a5a && !deadline__over(&attempt))
		;
	pause_ms(50);
	result__status(why, CONTRACT, OK, recorder.cancelled);
	if (recorder.count != 1)
		result__note(why, "%zu calls, expected one", recorder.count);
	result__status(why, CONTRACT, INVALID_HANDLE, (uint32_t)CancelMibChangeNotify2(recorder.handle));
	result(CONTRACT, "CancelMibChangeNotify2", "from inside its callback it returns, and the call is the last", why);
}

static void cancel_waits(void)
{
	struct recorder recorder;
	char why[WHY_BYTES] = "";
	unsigned int attempt = 0;

	begin(why, AF_INET, FALSE, &recorder);
	recorder.sleep_ms = 200;
	ip(ADD4);
	while (!recorder.running && !deadline__over(&attempt))
		;
	if (!recorder.running)
		result__note(why, "no call ran");
	end(why, &recorder); /* which looks for a running call */
	recorder.done = true;
	ip("route del 100.80.0.0/16");
	pause_ms(50);
	if (recorder.after)
		result__note(why, "a call came after it");
	result(CONTRACT, "CancelMibChangeNotify2", "returns when no call runs", why);
}

void OF_CONTRACT(notify)(enum world world)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].world == world)
			run_case(&cases[i]);
	}
	if (world != HOST)
		return;
	initial();
	several();
	own_changes();
	cancel_handles();
	cancel_ends();
	cancel_inside();
	cancel_waits();
}
