// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The conversions between index, LUID and name: one table each. */
#include <stdint.h>
#include <string.h>

#include "conformance.h"

struct convert_case {
	const char *desc;
	enum world world;
	enum status status[2];
	NET_IFINDEX index; /* what goes in, or is expected */
	const char *luid;  /* likewise; NULL: no pointer */
	const char *name;
	size_t length;
	bool no_output;
};

/* ---- index to LUID ---- */

static const struct convert_case to_luid[] = {
	{ "loopback is of type 24", HOST, BOTH(OK), LO, "24:1" },
	{ "veth is of type 6", HOST, BOTH(OK), T1, "6:11" },
	{ "a bridge is of type 6", HOST, BOTH(OK), BR0, "6:15" },
	{ "TUN is of type 1", HOST, BOTH(OK), TUN0, "1:16" },
	{ "PPP is of type 23", HOST, BOTH(OK), PPP0, "23:17" },
	{ "a tunnel is of type 131", HOST, BOTH(OK), TUNNEL0, "131:18" },
	{ "wireless is of type 71", HOST, BOTH(OK), WLAN0, "71:19" },
	{ "an interface that is down", HOST, BOTH(OK), T3, "6:13" },
	{ "index 0", HOST, BOTH(FILE_NOT_FOUND), 0, "0" },
	{ "unknown index", HOST, BOTH(FILE_NOT_FOUND), UNKNOWN, "0" },
	{ "an index of 25 bits", HOST, BOTH(FILE_NOT_FOUND), 0x100000b, "0" },
	{ "largest index", HOST, BOTH(FILE_NOT_FOUND), 0xffffffff, "0" },
	{ "NULL", HOST, BOTH(INVALID), T1, .no_output = true },
	{ "NULL before an unknown index", HOST, BOTH(INVALID), UNKNOWN, .no_output = true },
	{ "where nothing is configured", EMPTY, BOTH(OK), LO, "24:1" },
	{ "without IPv6", NO6, BOTH(OK), T1, "6:11" },
};

static void run_to_luid(const struct convert_case *c, char why[WHY_BYTES])
{
	NET_LUID luid, expected = luid__read(c->luid ? c->luid : "0");

	poison(&luid, sizeof(luid));
	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)ConvertInterfaceIndexToLuid(c->index, c->no_output ? NULL : &luid));
	if (!c->no_output && luid.Value != expected.Value)
		result__note(why, "LUID %#llx, expected %#llx", (unsigned long long)luid.Value, (unsigned long long)expected.Value);
}

/* ---- LUID to index ---- */

static const struct convert_case to_index[] = {
	{ "loopback", HOST, BOTH(OK), LO, "24:1" },
	{ "Ethernet", HOST, BOTH(OK), T2, "6:12" },
	{ "TUN", HOST, BOTH(OK), TUN0, "1:16" },
	{ "wireless", HOST, BOTH(OK), WLAN0, "71:19" },
	{ "value 0", HOST, BOTH(FILE_NOT_FOUND), 0, "0" },
	{ "unknown", HOST, BOTH(FILE_NOT_FOUND), 0, "6:9999" },
	{ "another type", HOST, BOTH(FILE_NOT_FOUND), 0, "24:11" },
	{ "reserved bits", HOST, BOTH(FILE_NOT_FOUND), 0, "6:11:1" },
	{ "every bit", HOST, BOTH(FILE_NOT_FOUND), 0, "65535:16777215:16777215" },
	{ "NULL LUID", HOST, BOTH(INVALID) },
	{ "NULL index", HOST, BOTH(INVALID), T1, "6:11", .no_output = true },
};

static void run_to_index(const struct convert_case *c, char why[WHY_BYTES])
{
	NET_LUID luid = luid__read(c->luid ? c->luid : "0");
	NET_IFINDEX index, expected = c->index;

	poison(&index, sizeof(index));
	if (c->status[CONTRACT] == INVALID)
		expected = index; /* untouched */
	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)ConvertInterfaceLuidToIndex(c->luid ? &luid : NULL, c->no_output ? NULL : &index));
	if (!c->no_output && index != expected)
		result__note(why, "index %u, expected %u", index, expected);
}

/* ---- LUID to name ---- */

static const struct convert_case to_name[] = {
	{ "loopback", HOST, BOTH(OK), 0, "24:1", "lo", 64 },
	{ "Linux' own name", HOST, BOTH(OK), 0, "6:11", "t1", 64 },
	{ "just enough room", HOST, BOTH(OK), 0, "6:11", "t1", 3 },
	{ "a byte too little", HOST, BOTH(NO_MEMORY), 0, "6:11", NULL, 2 },
	{ "no room", HOST, BOTH(NO_MEMORY), 0, "6:11", NULL, 0 },
	{ "a longer name", HOST, BOTH(OK), 0, "6:20", "ethernet_12", 64 },
	{ "unknown", HOST, BOTH(FILE_NOT_FOUND), 0, "6:9999", NULL, 64 },
	{ "another type", HOST, BOTH(FILE_NOT_FOUND), 0, "1:11", NULL, 64 },
	{ "value 0", HOST, BOTH(FILE_NOT_FOUND), 0, "0", NULL, 64 },
	{ "NULL LUID", HOST, BOTH(INVALID), 0, NULL, NULL, 64 },
	{ "NULL name", HOST, BOTH(INVALID), 0, "6:11", NULL, 64, true },
};

static void run_to_name(const struct convert_case *c, char why[WHY_BYTES])
{
	NET_LUID luid = luid__read(c->luid ? c->luid : "0");
	char name[64];
	size_t used = c->name ? strlen(c->name) + 1 : 0;

	poison(name, sizeof(name));
	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)ConvertInterfaceLuidToNameA(c->luid ? &luid : NULL, c->no_output ? NULL : name, c->length));
	if (used && memcmp(name, c->name, used))
		result__note(why, "name '%.32s', expected '%s'", name, c->name);
	if (!is_filled(name + c->length, POISON, sizeof(name) - c->length))
		result__note(why, "bytes behind the room are touched");
}

/* ---- name to LUID ---- */

static const struct convert_case name_to_luid[] = {
	{ "loopback", HOST, BOTH(OK), 0, "24:1", "lo" },
	{ "Linux' own name", HOST, BOTH(OK), 0, "6:11", "t1" },
	{ "ethernet_N is interface N", HOST, BOTH(OK), 0, "6:11", "ethernet_11" },
	{ "unless an interface has that name", HOST, BOTH(OK), 0, "6:20", "ethernet_12" },
	{ "ethernet_N of one that is not Ethernet", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_1" },
	{ "ethernet_N of an unknown one", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_9999" },
	{ "ethernet_ without a number", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_" },
	{ "ethernet_0", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_0" },
	{ "ethernet_N and more", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_11x" },
	{ "ethernet_N with a sign", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_+11" },
	{ "ethernet_N that overflows", HOST, BOTH(INVALID_NAME), 0, "0", "ethernet_4294967307" },
	{ "unknown", HOST, BOTH(INVALID_NAME), 0, "0", "eth99" },
	{ "empty", HOST, BOTH(INVALID_NAME), 0, "0", "" },
	{ "a name's beginning", HOST, BOTH(INVALID_NAME), 0, "0", "t" },
	{ "longer than a name can be", HOST, BOTH(INVALID_NAME), 0, "0", "t1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "NULL name", HOST, BOTH(INVALID_NAME), 0, "0", NULL },
	{ "NULL LUID", HOST, BOTH(INVALID), 0, "0", "t1", .no_output = true },
};

static void run_name_to_luid(const struct convert_case *c, char why[WHY_BYTES])
{
	NET_LUID luid, expected = luid__read(c->luid);

	poison(&luid, sizeof(luid));
	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)ConvertInterfaceNameToLuidA(c->name, c->no_output ? NULL : &luid));
	if (!c->no_output && luid.Value != expected.Value)
		result__note(why, "LUID %#llx, expected %#llx", (unsigned long long)luid.Value, (unsigned long long)expected.Value);
}

/* ---- running them ---- */

static void run(const char *function, enum world world, const struct convert_case *cases, size_t count,
		void (*call)(const struct convert_case *c, char why[WHY_BYTES]))
{
	for (size_t i = 0; i < count; i++) {
		char why[WHY_BYTES] = "";

		if (cases[i].world != world)
			continue;
		call(&cases[i], why);
		result(CONTRACT, function, cases[i].desc, why);
	}
}

void OF_CONTRACT(convert)(enum world world)
{
	run("ConvertInterfaceIndexToLuid", world, to_luid, COUNT(to_luid), run_to_luid);
	run("ConvertInterfaceLuidToIndex", world, to_index, COUNT(to_index), run_to_index);
	run("ConvertInterfaceLuidToNameA", world, to_name, COUNT(to_name), run_to_name);
	run("ConvertInterfaceNameToLuidA", world, name_to_luid, COUNT(name_to_luid), run_name_to_luid);
}
