/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One packet each, and what both programs have to do with it. */
#ifndef TESTS_PROG_CASES_H
#define TESTS_PROG_CASES_H

#include "world.h"

struct prog_case {
	const char *desc;
	struct frame_spec frame;
	struct world_settings settings;
	struct world_route routes[8]; /* beside those of base_routes */
	enum xfib_reason reason;
	/* of forwarded packets; 0 and NULL: EGRESS, and the gateway of the base routes */
	enum world_port port;
	const char *neighbour;
	/* where TC differs: */
	bool tc_differs;
	enum xfib_reason tc_reason;
	uint32_t gso_size;
	/* an event that has to be sent, and whom it asks for */
	uint32_t event;
	const char *event_address;
};

extern const struct world_route base_routes[];
extern const struct prog_case prog_cases[];
extern const size_t prog_case_count;

#endif
