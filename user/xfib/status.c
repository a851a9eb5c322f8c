// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib status: what the daemon holds, and what has come between it and the kernel since it began. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "command.h"
#include "format.h"

static const struct field {
	const char *name, *text;
	size_t offset;
	bool wide; /* 64 bits */
} fields[] = {
#define NARROW(name, text) { #name, text, offsetof(struct xfib_state, name), false }
#define WIDE(name, text) { #name, text, offsetof(struct xfib_state, name), true }
	NARROW(routes4, "IPv4 routes"),
	NARROW(routes6, "IPv6 routes"),
	WIDE(refused, "routes that found no room"),
	WIDE(resyncs, "times that everything was compared with the kernel anew"),
	WIDE(overruns, "times that the kernel dropped events for want of room in the daemon's buffer"),
	WIDE(misread, "messages of the kernel that were truncated, damaged or not known"),
	WIDE(repeated, "dumps that were made again since changes interrupted them"),
	WIDE(audited, "routes that the audit has compared"),
	WIDE(audit_differences, "differences that it found"),
	NARROW(fib_tables, "tables and families with a compiled FIB"),
	WIDE(fib_words, "words of it in use"),
	WIDE(fib_escapes, "parts of it that found no room"),
#undef NARROW
#undef WIDE
};

static uint64_t value_of(const struct xfib_state *state, const struct field *field)
{
	const char *at = (const char *)state + field->offset;

	return field->wide ? *(const uint64_t *)(const void *)at : *(const uint32_t *)(const void *)at;
}

static bool runs(const struct xfib_state *state)
{
	return state->pid && (!kill((pid_t)state->pid, 0) || errno == EPERM);
}

static void print_json(const struct xfib_state *state)
{
	json_t *object = json_pack("{s:I,s:b,s:I}", "pid", (json_int_t)state->pid, "running", runs(state), "started",
				   (json_int_t)state->started);

	json_object_set_new(object, "multipath_hash_policy4", json_integer(state->hash4 >> XFIB_HASH_POLICY));
	json_object_set_new(object, "multipath_hash_policy6", json_integer(state->hash6 >> XFIB_HASH_POLICY));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		json_object_set_new(object, fields[i].name, json_integer((json_int_t)value_of(state, &fields[i])));
	print_element(0, object);
	print_end(1);
}

static void print_text(const struct xfib_state *state)
{
	time_t started = (time_t)state->started;
	struct tm local;
	char text[32] = "";

	if (localtime_r(&started, &local))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	printf("daemon pid %u %s, started %s\n", state->pid, runs(state) ? "runs" : "has ended", text);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		printf("%-18s %12" PRIu64 "  %s\n", fields[i].name, value_of(state, &fields[i]), fields[i].text);
	printf("%-18s %12d  choice of a path of several: %s\n", "hash policy, IPv4", state->hash4 >> XFIB_HASH_POLICY,
	       hash_policy_text(state->hash4));
	printf("%-18s %12d  likewise: %s\n", "hash policy, IPv6", state->hash6 >> XFIB_HASH_POLICY, hash_policy_text(state->hash6));
}

int command_status(int argc, char **argv)
{
	struct xfib_state state;
	struct xfib *instance;
	int status;

	if (argc)
		return fail(STATUS_USAGE, "status: unknown word '%s'", argv[0]);
	status = open_maps("status", "a daemon's counters", &instance);
	if (status)
		return status;
	if (xfib_instance__state(instance, &state))
		status = fail(STATUS_FAILED, "%s", xfib_error__last());
	else if (options.json)
		print_json(&state);
	else
		print_text(&state);
	xfib_instance__close(instance);
	return status;
}
