// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What an FPM client may say: the frames of user/xfibd/fpm_parse.c, and the messages in them as user/mirror/feed.c takes
 * them apart. What must hold: frames are read the same however the bytes come; a route's prefix and paths are within
 * bounds; a next hop object resolves to as many paths as there is room for.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fpm_parse.h"
#include "netlink_parse.h"
#include "objects.h"

struct reading {
	struct objects *objects;
	uint32_t messages, frames;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void take_route(struct reading *reading, const struct nlmsghdr *message)
{
	static struct nl_path paths[NL_PATHS_MAX], resolved[XFIB_GROUP_MEMBERS];
	struct nl_route route;
	uint32_t count = 0;

	if (nl_parse__route(message, paths, &route))
		return;
	require(route.prefix_length <= nl_parse__address_length(route.family) * 8 && route.path_count <= NL_PATHS_MAX);
	if (route.nexthop_id && !objects__resolve(reading->objects, route.nexthop_id, resolved, &count))
		require(count <= XFIB_GROUP_MEMBERS);
}

static void on_message(const struct nlmsghdr *message, void *data)
{
	struct reading *reading = data;
	struct nl_nexthop nexthop;

	reading->messages++;
	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		take_route(reading, message);
		break;
	case RTM_NEWNEXTHOP:
		if (!nl_parse__nexthop(message, &nexthop))
			objects__set(reading->objects, &nexthop);
		break;
	case RTM_DELNEXTHOP:
		if (!nl_parse__nexthop(message, &nexthop))
			objects__remove(reading->objects, nexthop.id);
		break;
	default:
		break;
	}
}

static void on_frame(void *data)
{
	struct reading *reading = data;

	reading->frames++;
	if (reading->frames % 4 == 0)
		objects__settle(reading->objects);
}

static int read_all(const uint8_t *bytes, size_t length, size_t step, struct reading *ret_reading)
{
	size_t begin = 0, end = 0, used = 0;
	int err = 0;

	require(!objects__new(&ret_reading->objects));
	while (!err && end < length) {
		end = length - end > step ? end + step : length;
		used = 0;
		err = fpm_parse__frames(bytes + begin, end - begin, on_message, on_frame, ret_reading, &used);
		require(err || used <= end - begin);
		begin += used;
	}
	objects__remove_device(ret_reading->objects, 1);
	objects__begin_dump(ret_reading->objects);
	objects__end_dump(ret_reading->objects);
	objects__settle(ret_reading->objects);
	objects__free(ret_reading->objects);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = { 0 }, parts = { 0 };
	int err = read_all(data, size, size ? size : 1, &whole);

	require(err == read_all(data, size, 7, &parts) && whole.frames == parts.frames && whole.messages == parts.messages);
	return 0;
}
