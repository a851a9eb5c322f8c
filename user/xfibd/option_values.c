// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the values of options must be. See options_private.h. */
#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "log.h"
#include "options_private.h"

void option__complain(const struct option_said *said, const char *format, ...)
{
	const char *name = said->bare ? "device" : said->row->name, *value = said->value ? said->value : "";
	char text[256], place[PATH_MAX + 16] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (said->line)
		snprintf(place, sizeof(place), "%s:%u: ", said->parser->file, said->line);
	else if (!said->bare)
		snprintf(place, sizeof(place), "--");
	log_error("%s%s%s%.128s%s: %s", place, name, said->value ? " '" : "", value, said->value ? "'" : "", text);
	said->parser->wrong = true;
}

void option__take_flag(struct option_said *said, void *field)
{
	if (said->value && strcmp(said->value, "yes") && strcmp(said->value, "no"))
		option__complain(said, "must be yes or no");
	else
		*(bool *)field = !said->value || !strcmp(said->value, "yes");
}

/* Reads a whole number of the option's range. */
static bool read_number(const struct option_said *said, uint32_t *ret_number)
{
	const struct option_row *row = said->row;
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(said->value, &end, 10);
	if (errno || said->value[0] < '0' || said->value[0] > '9' || *end || value < row->low || value > row->high) {
		option__complain(said, "must be a number from %u to %u", row->low, row->high);
		return false;
	}
	*ret_number = (uint32_t)value;
	return true;
}

void option__take_number(struct option_said *said, void *field)
{
	uint32_t number;

	if (read_number(said, &number))
		*(uint32_t *)field = number;
}

void option__take_power(struct option_said *said, void *field)
{
	uint32_t number;

	if (!read_number(said, &number))
		return;
	if (number & (number - 1))
		option__complain(said, "must be a power of two");
	else
		*(uint32_t *)field = number;
}

void option__take_tables(struct option_said *said, void *field)
{
	struct option_tables *tables = field;
	uint32_t number;

	if (!strcmp(said->value, "all")) {
		tables->all = true;
		return;
	}
	if (!read_number(said, &number))
		return;
	if (tables->count == TABLES_MAX)
		option__complain(said, "at most %d tables can be named", TABLES_MAX);
	else
		tables->numbers[tables->count++] = number;
}

void option__take_port(struct option_said *said, void *field)
{
	struct option_ports *ports = field;

	for (uint32_t i = 0; i < ports->count; i++) {
		if (!strcmp(ports->names[i], said->value))
			return;
	}
	if (!if_nametoindex(said->value))
		option__complain(said, "does not exist; 'ip link' shows the devices that do");
	else if (ports->count == PORTS_MAX)
		option__complain(said, "at most %d ports can be named", PORTS_MAX);
	else
		snprintf(ports->names[ports->count++], IFNAMSIZ, "%s", said->value);
}

void option__take_mode(struct option_said *said, void *field)
{
	static const char *const names[] = {
		[XFIB_MODE_NATIVE] = "native",
		[XFIB_MODE_GENERIC] = "generic",
		[XFIB_MODE_AUTO] = "auto",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(said->value, names[i])) {
			*(enum xfib_mode *)field = (enum xfib_mode)i;
			return;
		}
	}
	option__complain(said, "must be native, generic or auto");
}

void option__take_on_exit(struct option_said *said, void *field)
{
	if (strcmp(said->value, "keep") && strcmp(said->value, "teardown"))
		option__complain(said, "must be keep or teardown");
	else
		*(bool *)field = !strcmp(said->value, "teardown");
}

void option__take_lookup(struct option_said *said, void *field)
{
	if (strcmp(said->value, "fib") && strcmp(said->value, "trie"))
		option__complain(said, "must be fib or trie");
	else
		*(bool *)field = !strcmp(said->value, "trie");
}

void option__take_group(struct option_said *said, void *field)
{
	const struct group *group = getgrnam(said->value);

	if (group)
		*(gid_t *)field = group->gr_gid;
	else
		option__complain(said, "there is no such group; groupadd(8) makes one");
}

void option__take_pin(struct option_said *said, void *field)
{
	if (said->value[0] != '/' || strlen(said->value) >= PIN_SIZE)
		option__complain(said, "must be an absolute path of fewer than %d bytes", PIN_SIZE);
	else
		strcpy(field, said->value);
}

void option__take_socket(struct option_said *said, void *field)
{
	if (!*said->value || strlen(said->value) >= SOCKET_PATH_SIZE)
		option__complain(said, "must be a path of at most %d bytes", SOCKET_PATH_SIZE - 1);
	else
		strcpy(field, said->value);
}

void option__take_fpm(struct option_said *said, void *field)
{
	struct fpm_address address = { 0 };

	if (fpm_address__parse(said->value, &address))
		option__complain(said, "must be an IPv4 address or an IPv6 one in brackets, and may have a :PORT");
	else
		*(struct fpm_address *)field = address;
}

void option__take_fpm_table(struct option_said *said, void *field)
{
	uint32_t table = XFIB_TABLE_MAIN;

	if (strcmp(said->value, "main") && !read_number(said, &table))
		return;
	if (table == XFIB_TABLE_LOCAL || table == XFIB_TABLE_DEFAULT)
		option__complain(said, "the kernel's tables local and default cannot be filled");
	else
		*(uint32_t *)field = table;
}
