// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Tables of iptables-legacy, by the socket options that it uses. A table that
 * somebody has looked at is there, without rules: a chain counts whose policy
 * does not come first, or drops.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bypass_private.h"

static const struct {
	unsigned int number;
	const char *hook, *chain;
} hooks[] = {
	{ NF_INET_PRE_ROUTING, "prerouting", "PREROUTING" },
	{ NF_INET_FORWARD, "forward", "FORWARD" },
	{ NF_INET_POST_ROUTING, "postrouting", "POSTROUTING" },
};

/* ip_tables.h and ip6_tables.h have the same structs but for the names and the match of an entry. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "ipt_getinfo");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "ipt_get_entries");

/* Offsets within the entries of a table, of those that a walk over an entry needs. */
struct layout {
	const char *family, *names;
	int domain, level, info, entries;
	size_t target_offset, next_offset, size; /* members of struct ipt_entry */
};

static const struct layout layouts[] = {
	{ "ip", "/proc/net/ip_tables_names", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES,
	  offsetof(struct ipt_entry, target_offset), offsetof(struct ipt_entry, next_offset), sizeof(struct ipt_entry) },
	{ "ip6", "/proc/net/ip6_tables_names", AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES,
	  offsetof(struct ip6t_entry, target_offset), offsetof(struct ip6t_entry, next_offset), sizeof(struct ip6t_entry) },
};

static uint32_t read_short(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Entries between two places, and whether the one at `end` drops, which is a chain's policy. */
static void read_chain(const struct layout *layout, const uint8_t *entries, uint32_t size, uint32_t begin, uint32_t end,
		       struct bypass *bypass)
{
	struct xt_standard_target target;
	uint32_t at = begin, offset;

	while (at < end && at + layout->size <= size) {
		uint32_t length = read_short(entries + at + layout->next_offset);

		if (length < layout->size)
			return;
		at += length;
		bypass->rules++;
	}
	if (end + layout->size > size)
		return;
	offset = end + read_short(entries + end + layout->target_offset);
	if (offset + sizeof(target) > size)
		return;
	memcpy(&target, entries + offset, sizeof(target));
	bypass->drops = target.verdict == -NF_DROP - 1;
}

static void read_table(const struct layout *layout, int fd, const char *name,
		       void (*found)(const struct bypass *bypass, void *data), void *data)
{
	struct ipt_getinfo info = { 0 };
	struct ipt_get_entries *entries;
	socklen_t length = sizeof(info);

	snprintf(info.name, sizeof(info.name), "%s", name);
	if (getsockopt(fd, layout->level, layout->info, &info, &length))
		return;
	length = (socklen_t)(sizeof(*entries) + info.size);
	entries = calloc(1, length);
	if (!entries)
		return;
	snprintf(entries->name, sizeof(entries->name), "%s", name);
	entries->size = info.size;
	if (getsockopt(fd, layout->level, layout->entries, entries, &length))
		info.valid_hooks = 0;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		struct bypass bypass = { .kind = "iptables", .family = layout->family, .table = name, .chain = hooks[i].chain,
					 .hook = hooks[i].hook, .is_nat = !strcmp(name, "nat") };
		unsigned int number = hooks[i].number;

		if (!(info.valid_hooks & 1u << number))
			continue;
		read_chain(layout, (const uint8_t *)entries->entrytable, info.size, info.hook_entry[number],
			   info.underflow[number], &bypass);
		if (bypass.rules || bypass.drops)
			found(&bypass, data);
	}
	free(entries);
}

static void read_family(const struct layout *layout, void (*found)(const struct bypass *bypass, void *data), void *data)
{
	FILE *names = fopen(layout->names, "re");
	char name[XT_TABLE_MAXNAMELEN];
	int fd;

	if (!names)
		return;
	fd = socket(layout->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	while (fd >= 0 && fgets(name, sizeof(name), names)) {
		name[strcspn(name, "\n")] = '\0';
		read_table(layout, fd, name, found, data);
	}
	if (fd >= 0)
		close(fd);
	fclose(names);
}

void bypass__legacy(void (*found)(const struct bypass *bypass, void *data), void *data)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		read_family(&layouts[i], found, data);
}
