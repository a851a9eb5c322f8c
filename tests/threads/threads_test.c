// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * threads_test SECONDS: eight threads ask for routes that never change, one
 * creates and deletes others, and a registration hears of it all, on the
 * instance that $XFIB_BACKEND names. tests/netns/threads.sh makes the
 * interfaces and the constant routes. Status 1: an answer was wrong.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netioapi.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xfib/xfib.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define READERS 8

static unsigned int stop, wrong;
static unsigned long answers, creations, deletions, added, deleted, resyncs;
static NET_IFINDEX t1, t2;

static unsigned long load(const unsigned long *number)
{
	return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

static void count(unsigned long *number)
{
	__atomic_add_fetch(number, 1, __ATOMIC_ACQ_REL);
}

static void complain(const char *what, const char *about, NTSTATUS status)
{
	if (__atomic_fetch_add(&wrong, 1, __ATOMIC_ACQ_REL) < 10)
		fprintf(stderr, "%s: %s: status 0x%08x: %s\n", about, what, (unsigned int)status, xfib_error__last());
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

static bool is_over(void)
{
	return __atomic_load_n(&stop, __ATOMIC_ACQUIRE);
}

static void set(SOCKADDR_INET *address, const char *text)
{
	memset(address, 0, sizeof(*address));
	address->si_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address->si_family, text,
		      address->si_family == AF_INET6 ? (void *)&address->Ipv6.sin6_addr : (void *)&address->Ipv4.sin_addr) != 1)
		abort();
}

/* ---- readers ---- */

static const struct answer {
	const char *destination;
	NET_IFINDEX *index;
	const char *next_hop, *source;
	ULONG metric;
} constant[] = {
	{ "203.0.113.9", &t1, "10.1.0.1", "10.1.0.254", 7 },
	{ "192.0.2.9", &t2, "10.2.0.1", "10.2.0.254", 0 },
	{ "10.1.0.77", &t1, "0.0.0.0", "10.1.0.254", 0 },
	{ "2001:db8:100::9", &t2, "2001:db8:2::1", "2001:db8:2::fe", 9 },
};

static void ask(const struct answer *answer, const NET_LUID *luid)
{
	SOCKADDR_INET destination, next_hop, source, best;
	MIB_IPFORWARD_ROW2 row;
	NTSTATUS status;

	set(&destination, answer->destination);
	set(&next_hop, answer->next_hop);
	set(&source, answer->source);
	status = GetBestRoute2((NET_LUID *)luid, *answer->index, NULL, &destination, 0, &row, &best);
	if (status != STATUS_SUCCESS || row.InterfaceIndex != *answer->index || row.Metric != answer->metric ||
	    memcmp(&row.NextHop, &next_hop, sizeof(next_hop)) || memcmp(&best, &source, sizeof(source)))
		complain("wrong answer", answer->destination, status);
	status = GetIpForwardEntry2(&row);
	if (status != STATUS_SUCCESS || row.Metric != answer->metric)
		complain("its row is gone", answer->destination, status);
	count(&answers);
}

static void *read_often(void *data)
{
	unsigned int at = (unsigned int)(uintptr_t)data;

	while (!is_over()) {
		const struct answer *answer = &constant[at++ % COUNT(constant)];
		MIB_IPFORWARD_TABLE2 *table;
		NET_LUID luid;

		if (ConvertInterfaceIndexToLuid(*answer->index, &luid) != STATUS_SUCCESS)
			complain("no LUID", answer->destination, 0);
		ask(answer, at % 2 ? &luid : NULL);
		if (at % 64)
			continue;
		if (GetIpForwardTable2(AF_UNSPEC, &table) != STATUS_SUCCESS)
			complain("no table", answer->destination, 0);
		else
			FreeMibTable(table);
	}
	return NULL;
}

/* ---- the writer ---- */

static void check_best(const char *text, NET_IFINDEX index)
{
	SOCKADDR_INET destination, best;
	MIB_IPFORWARD_ROW2 row;
	NTSTATUS status;

	set(&destination, text);
	status = GetBestRoute2(NULL, t1, NULL, &destination, 0, &row, &best);
	if (index ? status != STATUS_SUCCESS || row.InterfaceIndex != index : status != STATUS_NETWORK_UNREACHABLE)
		complain(index ? "not there after its creation" : "there after its deletion", text, status);
}

/* Prefixes of the writer's own, and one beside a constant route, with a higher metric. */
static void make_row(unsigned int number, MIB_IPFORWARD_ROW2 *row, char *text, size_t room)
{
	unsigned int which = number % 17;

	InitializeIpForwardEntry(row);
	row->InterfaceIndex = t1;
	snprintf(text, room, "198.18.%u.1", which);
	if (which == 16) {
		set(&row->DestinationPrefix.Prefix, "203.0.113.0");
		set(&row->NextHop, "10.1.0.2");
	} else {
		set(&row->DestinationPrefix.Prefix, "198.18.0.0");
		row->DestinationPrefix.Prefix.Ipv4.sin_addr.s_addr |= htonl(which << 8);
		set(&row->NextHop, which % 2 ? "10.1.0.1" : "0.0.0.0");
	}
	row->DestinationPrefix.PrefixLength = 24;
	row->Metric = 100;
}

static void *write_often(void *data)
{
	for (unsigned int number = 0; !is_over(); number++) {
		MIB_IPFORWARD_ROW2 row;
		NTSTATUS status;
		char text[32];

		make_row(number, &row, text, sizeof(text));
		status = CreateIpForwardEntry2(&row);
		if (status != STATUS_SUCCESS) {
			complain("cannot be created", text, status);
			break;
		}
		count(&creations);
		if (number % 17 != 16)
			check_best(text, t1);
		status = DeleteIpForwardEntry2(&row);
		if (status != STATUS_SUCCESS) {
			complain("cannot be deleted", text, status);
			break;
		}
		count(&deletions);
		if (number % 17 != 16)
			check_best(text, 0);
	}
	return data;
}

/* ---- the registration ---- */

static void note(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	if (context != &added)
		complain("wrong context", "notification", 0);
	if (!row) {
		count(&resyncs); /* the first one is the initial notification */
		return;
	}
	if (row->DestinationPrefix.Prefix.si_family != AF_INET || row->Metric != 100)
		return;
	if (row->InterfaceIndex != t1 || row->InterfaceLuid.Info.IfType != 6 || row->DestinationPrefix.PrefixLength != 24)
		complain("incomplete row", "notification", 0);
	if (type == MibAddInstance)
		count(&added);
	else if (type == MibDeleteInstance)
		count(&deleted);
	else
		complain("type of a change that nobody made", "notification", (NTSTATUS)type);
}

/* Each change was reported once, unless some were lost, which was then said. */
static void check_notifications(void)
{
	for (int i = 0; i < 30000 && (load(&added) < load(&creations) || load(&deleted) < load(&deletions)); i++) {
		if (load(&resyncs) > 1)
			break;
		usleep(1000);
	}
	if (load(&resyncs) <= 1 && (load(&added) != load(&creations) || load(&deleted) != load(&deletions)))
		complain("not each change was reported once", "notifications", 0);
}

/* ---- all of them ---- */

static void run(double seconds)
{
	struct timespec time = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
	pthread_t readers[READERS], writer;

	for (size_t i = 0; i < READERS; i++) {
		if (pthread_create(&readers[i], NULL, read_often, (void *)i))
			abort();
	}
	if (pthread_create(&writer, NULL, write_often, NULL))
		abort();
	nanosleep(&time, NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	pthread_join(writer, NULL);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 5;
	HANDLE handle;
	NTSTATUS status;

	t1 = if_nametoindex("t1");
	t2 = if_nametoindex("t2");
	if (!t1 || !t2 || seconds <= 0) {
		fprintf(stderr, "usage: threads_test SECONDS, where there are interfaces t1 and t2\n");
		return 2;
	}
	status = NotifyRouteChange2(AF_UNSPEC, note, &added, TRUE, &handle);
	if (status != STATUS_SUCCESS) {
		complain("cannot be watched", "routes", status);
		return 1;
	}
	run(seconds);
	check_notifications();
	if (CancelMibChangeNotify2(handle) != STATUS_SUCCESS)
		complain("cannot be cancelled", "registration", 0);
	printf("%lu answers, %lu routes created and deleted, %lu notifications, %lu resyncs\n", load(&answers),
	       load(&deletions), load(&added) + load(&deleted), load(&resyncs) - 1);
	return __atomic_load_n(&wrong, __ATOMIC_ACQUIRE) != 0 || !load(&answers) || !load(&deletions);
}
