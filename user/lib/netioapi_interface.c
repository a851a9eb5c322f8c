// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Interfaces by index, LUID and name. */
#include <string.h>

#include "netioapi_private.h"

bool netio__link_of(const struct xfib *instance, const NET_LUID *luid, struct xfib_link *ret_link)
{
	return !luid->Info.Reserved && !xfib_link__by_index(instance, (uint32_t)luid->Info.NetLuidIndex, ret_link) &&
	       ret_link->kind == luid->Info.IfType;
}

enum outcome netio__index_to_luid(NET_IFINDEX index, NET_LUID *ret_luid)
{
	struct xfib *instance;
	struct xfib_link link;
	int err;

	if (!ret_luid)
		return OUTCOME_INVALID_PARAMETER;
	ret_luid->Value = 0;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	if (xfib_link__by_index(instance, index, &link))
		return OUTCOME_FILE_NOT_FOUND;
	netio__luid_of(&link, ret_luid);
	return OUTCOME_SUCCESS;
}

enum outcome netio__luid_to_index(const NET_LUID *luid, NET_IFINDEX *ret_index)
{
	struct xfib *instance;
	struct xfib_link link;
	int err;

	if (!luid || !ret_index)
		return OUTCOME_INVALID_PARAMETER;
	*ret_index = 0;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	if (!netio__link_of(instance, luid, &link))
		return OUTCOME_FILE_NOT_FOUND;
	*ret_index = link.ifindex;
	return OUTCOME_SUCCESS;
}

enum outcome netio__luid_to_name(const NET_LUID *luid, char *name, size_t length)
{
	struct xfib *instance;
	struct xfib_link link;
	size_t bytes;
	int err;

	if (!luid || !name)
		return OUTCOME_INVALID_PARAMETER;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	if (!netio__link_of(instance, luid, &link))
		return OUTCOME_FILE_NOT_FOUND;
	bytes = strnlen(link.name, sizeof(link.name));
	if (length <= bytes)
		return OUTCOME_NO_MEMORY;
	memcpy(name, link.name, bytes);
	name[bytes] = '\0';
	return OUTCOME_SUCCESS;
}

/* Windows' own form for Ethernet interfaces, "ethernet_N": N is the index in the LUID. 0: not of that form. */
static uint32_t index_of_form(const char *name)
{
	static const char form[] = "ethernet_";
	uint32_t index = 0;

	if (strncmp(name, form, sizeof(form) - 1))
		return 0;
	name += sizeof(form) - 1;
	for (; *name >= '0' && *name <= '9' && index < 0x1000000; name++)
		index = index * 10 + (uint32_t)(*name - '0');
	return *name || index >= 0x1000000 ? 0 : index;
}

enum outcome netio__name_to_luid(const char *name, NET_LUID *ret_luid)
{
	struct xfib_link link;
	struct xfib *instance;
	int err;

	if (!ret_luid)
		return OUTCOME_INVALID_PARAMETER;
	ret_luid->Value = 0;
	if (!name)
		return OUTCOME_INVALID_NAME;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	/* A name of the machine's own goes first. */
	if (xfib_link__by_name(instance, name, &link) &&
	    (xfib_link__by_index(instance, index_of_form(name), &link) || link.kind != 6))
		return OUTCOME_INVALID_NAME;
	netio__luid_of(&link, ret_luid);
	return OUTCOME_SUCCESS;
}
