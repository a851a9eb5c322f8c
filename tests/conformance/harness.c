// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Results as TAP without numbers (worlds.sh adds them), commands of iproute2, and waiting for the library to follow. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conformance.h"

/* ---- results ---- */

void result(enum contract contract, const char *function, const char *desc, const char *why)
{
	printf("%s - %s, %s: %s\n", *why ? "not ok" : "ok", function, contract == USER ? "user" : "driver", desc);
	if (*why)
		printf("# %s\n", why);
	fflush(stdout);
}

void result__note(char why[WHY_BYTES], const char *format, ...)
{
	size_t length = strlen(why);
	va_list list;

	va_start(list, format);
	if (length && length < WHY_BYTES - 3) {
		strcpy(why + length, "; ");
		length += 2;
	}
	vsnprintf(why + length, WHY_BYTES - length, format, list);
	va_end(list);
}

/* As the rules have them, written once more: the header's own are asserted in layout.c. */
static const struct {
	uint32_t number[2];
	const char *name;
} statuses[] = {
	[OK] = { { 0, 0 }, "success" },
	[FILE_NOT_FOUND] = { { 0xC0000034, 2 }, "file not found" },
	[ACCESS_DENIED] = { { 0xC0000022, 5 }, "access denied" },
	[INVALID_HANDLE] = { { 0xC0000008, 6 }, "invalid handle" },
	[NO_MEMORY] = { { 0xC0000017, 8 }, "not enough memory" },
	[NOT_SUPPORTED] = { { 0xC00000BB, 50 }, "not supported" },
	[INVALID] = { { 0xC000000D, 87 }, "invalid parameter" },
	[INVALID_NAME] = { { 0xC0000033, 123 }, "invalid name" },
	[NOT_FOUND] = { { 0xC0000225, 1168 }, "not found" },
	[UNREACHABLE] = { { 0xC000023C, 1231 }, "network unreachable" },
	[EXISTS] = { { 0xC000022A, 5010 }, "object already exists" },
};

uint32_t status__number(enum contract contract, enum status status)
{
	return statuses[status].number[contract];
}

void result__status(char why[WHY_BYTES], enum contract contract, enum status expected, uint32_t seen)
{
	const char *name = "?";

	if (seen == statuses[expected].number[contract])
		return;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		if (statuses[i].number[contract] == seen)
			name = statuses[i].name;
	}
	result__note(why, "status %#x (%s), expected %#x (%s)", seen, name, statuses[expected].number[contract],
		     statuses[expected].name);
}

/* ---- time ---- */

bool deadline__over(unsigned int *attempt)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	if (++*attempt > 1500) /* only what fails takes so long, or a machine that is busy with all else */
		return true;
	nanosleep(&pause, NULL);
	return false;
}

/* ---- ip ---- */

/*
 * A route that comes and goes with each batch. Changes are followed in their
 * order: when the library knows of it, it knows of all that was before.
 */
static bool marked;

static bool is_marked(void)
{
	MIB_IPFORWARD_ROW2 row = { .InterfaceIndex = LO };

	address__read("192.0.2.200", &row.DestinationPrefix.Prefix);
	row.DestinationPrefix.PrefixLength = 32;
	row.NextHop.si_family = AF_INET;
	return GetIpForwardEntry2(&row) == STATUS_SUCCESS;
}

void ip(const char *lines)
{
	FILE *pipe = popen("ip -force -batch - >/dev/null", "w");
	unsigned int attempt = 0;

	if (!pipe) {
		perror("ip");
		exit(1);
	}
	marked = !marked;
	fprintf(pipe, "%s\nroute %s 192.0.2.200/32 dev lo\n", lines, marked ? "add" : "del");
	if (pclose(pipe))
		printf("# one of these failed: %s\n", lines);
	while (is_marked() != marked) {
		if (deadline__over(&attempt)) {
			printf("# the library did not follow: %s\n", lines);
			return;
		}
	}
}

void ip__flush(void)
{
	/* The status says that nothing is there, or that there is no IPv6. */
	if (system("ip route flush root 100.80.0.0/12; ip -6 route flush root 2001:db8:80::/44 2>/dev/null") < 0)
		exit(1);
	ip("");
}

const char *ip__route(const char *prefix, int length)
{
	bool is6 = strchr(prefix, ':');
	static char text[512];
	char command[160];
	size_t bytes;
	FILE *pipe;

	prefix += *prefix == '!';
	snprintf(command, sizeof(command), "ip %s route show exact %s/%d", is6 ? "-6" : "-4", prefix, length);
	pipe = popen(command, "r");
	if (!pipe) {
		perror("ip");
		exit(1);
	}
	bytes = fread(text, 1, sizeof(text) - 1, pipe);
	pclose(pipe);
	text[bytes] = '\0';
	for (char *end; (end = strstr(text, " \n"));) /* several routes: one a line, without blanks at the end */
		memmove(end, end + 1, strlen(end));
	bytes = strlen(text);
	if (bytes && text[bytes - 1] == '\n')
		text[bytes - 1] = '\0';
	return text;
}
