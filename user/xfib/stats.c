// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib stats: packets and bytes by reason. */
#include <stdio.h>

#include "command.h"

static json_t *object_of(uint32_t reason, const struct xfib_counter *counter)
{
	return json_pack("{s:s,s:s,s:I,s:I,s:s}", "reason", xfib_reason__name(reason), "verdict",
			 xfib_verdict__name(xfib_reason__verdict(reason)), "packets", (json_int_t)counter->packets,
			 "bytes", (json_int_t)counter->bytes, "text", xfib_reason__text(reason));
}

static void print_table(const struct xfib_counter counters[XFIB_REASON_COUNT])
{
	printf("%-18s %-8s %16s %20s\n", "REASON", "VERDICT", "PACKETS", "BYTES");
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
		if (counters[reason].packets)
			printf("%-18s %-8s %16llu %20llu\n", xfib_reason__name(reason),
			       xfib_verdict__name(xfib_reason__verdict(reason)), counters[reason].packets,
			       counters[reason].bytes);
	}
}

int command_stats(int argc, char **argv)
{
	struct xfib_counter counters[XFIB_REASON_COUNT];
	struct xfib *instance;
	uint32_t ifindex = 0;
	int status = STATUS_DONE;

	if (argc > 1)
		return fail(STATUS_USAGE, "stats: unknown word '%s'", argv[1]);
	if (argc)
		status = parse_device(argv[0], &ifindex);
	if (!status)
		status = open_maps("stats", "the counters", &instance);
	if (status)
		return status;
	if (xfib_stats__read(instance, ifindex, counters, XFIB_REASON_COUNT)) {
		status = fail(STATUS_FAILED, "%s", xfib_error__last());
	} else if (options.json) {
		for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++)
			print_element(reason, object_of(reason, &counters[reason]));
		print_end(XFIB_REASON_COUNT);
	} else {
		struct xfib_state state;

		print_table(counters);
		if (!xfib_instance__state(instance, &state) && state.refused)
			printf("routes refused for want of room: %llu\n", (unsigned long long)state.refused);
	}
	xfib_instance__close(instance);
	return status;
}
