// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Names of reasons, verdicts and route types. */
#include "private.h"

static const struct {
	const char *name, *text;
	enum xfib_verdict verdict;
} reasons[] = {
#define REASON(symbol, reason_name, reason_verdict, reason_text)                                                       \
	[XFIB_REASON_##symbol] = { reason_name, reason_text, XFIB_VERDICT_##reason_verdict },
	XFIB_REASONS(REASON)
#undef REASON
};

XFIB_PUBLIC const char *xfib_reason__name(uint32_t reason)
{
	return reason < XFIB_REASON_COUNT ? reasons[reason].name : NULL;
}

XFIB_PUBLIC const char *xfib_reason__text(uint32_t reason)
{
	return reason < XFIB_REASON_COUNT ? reasons[reason].text : NULL;
}

XFIB_PUBLIC enum xfib_verdict xfib_reason__verdict(uint32_t reason)
{
	return reason < XFIB_REASON_COUNT ? reasons[reason].verdict : XFIB_VERDICT_PASS;
}

static const struct {
	const char *name, *text;
} candidate_reasons[] = {
#define REASON(symbol, reason_name, reason_text) [XFIB_CANDIDATE_##symbol] = { reason_name, reason_text },
	XFIB_CANDIDATE_REASONS(REASON)
#undef REASON
};

XFIB_PUBLIC const char *xfib_candidate_reason__name(uint32_t reason)
{
	return reason < XFIB_CANDIDATE_REASON_COUNT ? candidate_reasons[reason].name : NULL;
}

XFIB_PUBLIC const char *xfib_candidate_reason__text(uint32_t reason)
{
	return reason < XFIB_CANDIDATE_REASON_COUNT ? candidate_reasons[reason].text : NULL;
}

XFIB_PUBLIC const char *xfib_verdict__name(uint32_t verdict)
{
	static const char *const names[] = { "pass", "redirect", "drop" };

	return verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : NULL;
}

XFIB_PUBLIC const char *xfib_route_type__name(uint32_t type)
{
	static const char *const names[XFIB_ROUTE_TYPES] = {
		"unspec",    "unicast",	  "local",	 "broadcast", "anycast",
		"multicast", "blackhole", "unreachable", "prohibit",  "throw",
	};

	return type < XFIB_ROUTE_TYPES ? names[type] : NULL;
}
