// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * GetBestRoute2 in both contracts, and the whole table, against the oracle;
 * and the oracle against `ip route get`:
 *
 *	best_route_test topology SEED        prints lines for ip -batch
 *	best_route_test check SEED COUNT     asks COUNT questions in the topology that is there
 *
 * Lines of "ok" and "not ok" without numbers: oracle.sh adds them.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

#define SHOWN 20
#define UNKNOWN 9999

/* The same function of the other contract, whose types in the header would be others. */
uint32_t best_route_user(NET_LUID *luid, NET_IFINDEX index, const SOCKADDR_INET *source, const SOCKADDR_INET *destination,
			 ULONG options, PMIB_IPFORWARD_ROW2 row, SOCKADDR_INET *best_source) __asm__("GetBestRoute2_user");

static struct world world;

/* ---- questions ---- */

static void any_host(const struct route *route, uint8_t ret_address[16])
{
	uint32_t bits = route->family == AF_INET6 ? 128 : 32;

	memcpy(ret_address, route->prefix, 16);
	for (uint32_t bit = route->length; bit < bits; bit++) {
		if (random__below(3) == 0)
			ret_address[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
}

static void any_source(struct question *question)
{
	const struct own_address *own = &world.addresses[random__below((uint32_t)world.address_count)];
	uint32_t kind = random__below(8);

	if (kind >= 3)
		return;
	memcpy(question->source, own->bytes, 16);
	if (own->family != question->family)
		memset(question->source, 0, 16);
	else if (kind == 2)
		question->source[3] ^= 0x55; /* most likely of another machine */
}

static void any_question(struct question *question)
{
	const struct route *route = &world.routes[random__below((uint32_t)world.route_count)];
	const struct own_address *own = &world.addresses[random__below((uint32_t)world.address_count)];
	uint32_t kind = random__below(16);

	memset(question, 0, sizeof(*question));
	question->family = kind ? route->family : own->family;
	if (kind)
		any_host(route, question->destination);
	else
		memcpy(question->destination, own->bytes, 16);
	if (random__below(3))
		question->index = world.devices[random__below((uint32_t)world.device_count)].index;
	if (!random__below(200))
		question->index = UNKNOWN;
	any_source(question);
}

/* Those whose answer by the kernel is another kind of thing: see kernel.c. */
static bool is_left_out(const struct question *question)
{
	const uint8_t *a = question->destination;

	if (question->family == AF_INET)
		return !a[0] || a[0] >= 224;
	return is_zero(a) || a[0] == 0xff || (is_link_local(AF_INET6, a) && !question->index);
}

/* ---- asking the library ---- */

static void put(int family, const uint8_t bytes[16], uint32_t scope, SOCKADDR_INET *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->si_family = (ADDRESS_FAMILY)family;
	if (family == AF_INET6) {
		memcpy(&ret_address->Ipv6.sin6_addr, bytes, 16);
		ret_address->Ipv6.sin6_scope_id = scope;
	} else {
		memcpy(&ret_address->Ipv4.sin_addr, bytes, 4);
	}
}

static const uint32_t numbers[][2] = {
	[OK] = { 0, 0 }, [INVALID] = { 0xC000000D, 87 }, [NOT_FOUND] = { 0xC0000225, 1168 }, [UNREACHABLE] = { 0xC000023C, 1231 },
};

static bool agrees(const struct question *question, const struct answer *answer, bool user)
{
	uint32_t expected = numbers[answer->status][user], status, poison = answer->status == INVALID ? 0xa5 : 0;
	MIB_IPFORWARD_ROW2 row, expected_row;
	SOCKADDR_INET destination, source, best, expected_best;
	const SOCKADDR_INET *given = is_zero(question->source) ? NULL : &source;

	if (user && question->index == UNKNOWN)
		expected = 2;
	put(question->family, question->destination, 0, &destination);
	put(question->family, question->source, 0, &source);
	memset(&row, 0xa5, sizeof(row));
	memset(&best, 0xa5, sizeof(best));
	status = user ? best_route_user(NULL, question->index, given, &destination, 0, &row, &best) :
			(uint32_t)GetBestRoute2(NULL, question->index, given, &destination, 0, &row, &best);
	memset(&expected_row, (int)poison, sizeof(expected_row));
	memset(&expected_best, (int)poison, sizeof(expected_best));
	if (answer->status == OK) {
		row__of(&world, answer, &expected_row);
		expected_row.Age = row.Age < 3600 ? row.Age : 0;
		put(question->family, answer->source, is_link_local(question->family, answer->source) ? answer->path->index : 0,
		    &expected_best);
	}
	return status == expected && !memcmp(&row, &expected_row, sizeof(row)) && !memcmp(&best, &expected_best, sizeof(best));
}

static void show(const struct question *question, const struct answer *answer, const char *contract)
{
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET destination, source, best;
	uint32_t status;

	put(question->family, question->destination, 0, &destination);
	put(question->family, question->source, 0, &source);
	status = best_route_user(NULL, question->index, is_zero(question->source) ? NULL : &source, &destination, 0, &row, &best);
	printf("# %s: %s by %u source %s: status %u, expected %s", contract, text_of(question->family, question->destination),
	       question->index, text_of(question->family, question->source), status,
	       ((const char *[]){ "success", "invalid parameter", "not found", "unreachable" })[answer->status]);
	if (!status)
		printf("; prefix length %u by %u metric %u source %s", row.DestinationPrefix.PrefixLength, row.InterfaceIndex,
		       row.Metric, text_of(question->family, question->family == AF_INET6 ? (const uint8_t *)&best.Ipv6.sin6_addr : (const uint8_t *)&best.Ipv4.sin_addr));
	if (answer->status == OK)
		printf("; expected %s/%u %s by %u metric %u source %s", text_of(question->family, answer->route->prefix),
		       answer->route->length, answer->route->type, answer->path->index, answer->route->metric,
		       text_of(question->family, answer->source));
	putchar('\n');
}

/* ---- the table ---- */

/* Every path of every route that has rows, and nothing else. */
static size_t compare_table(void)
{
	MIB_IPFORWARD_TABLE2 *table;
	size_t differences = 0, count = 0;

	if (GetIpForwardTable2(AF_UNSPEC, &table))
		return 1;
	for (size_t i = 0; i < world.route_count; i++) {
		for (size_t j = 0; has_row(&world.routes[i]) && j < world.routes[i].path_count; j++) {
			struct answer answer = { .route = &world.routes[i], .path = &world.routes[i].paths[j] };
			MIB_IPFORWARD_ROW2 row;
			bool found = false;

			count++;
			row__of(&world, &answer, &row);
			for (ULONG k = 0; k < table->NumEntries && !found; k++) {
				row.Age = table->Table[k].Age;
				found = !memcmp(&row, &table->Table[k], sizeof(row));
			}
			if (!found && differences++ < SHOWN)
				printf("# %s/%u %s metric %u by %u is not in the table\n", text_of(world.routes[i].family, world.routes[i].prefix),
				       world.routes[i].length, world.routes[i].type, world.routes[i].metric, answer.path->index);
		}
	}
	if (count != table->NumEntries && ++differences)
		printf("# the table has %u rows, the kernel %zu\n", table->NumEntries, count);
	FreeMibTable(table);
	return differences;
}

/* ---- the program ---- */

static void result(bool ok, const char *desc, size_t number)
{
	printf("%s - %s", ok ? "ok" : "not ok", desc);
	if (!ok)
		printf(": %zu differ", number);
	putchar('\n');
}

static void check(size_t count)
{
	struct question *questions = calloc(count, sizeof(*questions));
	struct answer *answers = calloc(count, sizeof(*answers));
	size_t wrong[2] = { 0 }, asked[4] = { 0 };

	if (!questions || !answers)
		exit(2);
	for (size_t i = 0; i < count; i++) {
		do
			any_question(&questions[i]);
		while (is_left_out(&questions[i]));
		oracle__ask(&world, &questions[i], &answers[i]);
		asked[answers[i].status]++;
		for (int user = 0; user < 2; user++) {
			bool ok = agrees(&questions[i], &answers[i], user) || (!user && !questions[i].index);

			if (!ok && wrong[user]++ < SHOWN)
				show(&questions[i], &answers[i], user ? "user" : "driver");
		}
	}
	printf("# %zu found, %zu invalid, %zu not found, %zu unreachable\n", asked[OK], asked[INVALID], asked[NOT_FOUND], asked[UNREACHABLE]);
	result(!wrong[0], "GetBestRoute2, driver: as the rules have it", wrong[0]);
	result(!wrong[1], "GetBestRoute2, user: as the rules have it", wrong[1]);
	wrong[0] = kernel__compare(&world, questions, answers, count);
	result(!wrong[0], "as ip route get has it, where the rules agree", wrong[0]);
	wrong[0] = compare_table();
	result(!wrong[0], "GetIpForwardTable2: every route of the kernel, and nothing else", wrong[0]);
	free(questions);
	free(answers);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "topology")) {
		random__seed(strtoull(argv[2], NULL, 10));
		topology__print();
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "check")) {
		world__read(&world);
		random__seed(~strtoull(argv[2], NULL, 10));
		check(strtoul(argv[3], NULL, 10));
		puts("# end");
		return 0;
	}
	fputs("usage: best_route_test topology SEED | check SEED COUNT\n", stderr);
	return 2;
}
