// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Features of devices, by the names that the kernel has for them. See ethtool.h. */
#include "ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEATURES 256 /* most of them that are looked at; the kernel has about 60 */
#define WORDS (FEATURES / 32)

struct request {
	int socket;
	struct ifreq device;
};

static bool ask(struct request *request, void *data)
{
	request->device.ifr_data = data;
	return !ioctl(request->socket, SIOCETHTOOL, &request->device);
}

static uint32_t count_features(struct request *request)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} set = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };

	return ask(request, &set) && set.info.sset_mask && set.count <= FEATURES ? set.count : 0;
}

static bool has_tags_off(struct request *request)
{
	struct {
		struct ethtool_gstrings head;
		char name[FEATURES][ETH_GSTRING_LEN];
	} strings = { .head = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES } };
	struct {
		struct ethtool_gfeatures head;
		struct ethtool_get_features_block block[WORDS];
	} features = { .head = { .cmd = ETHTOOL_GFEATURES, .size = WORDS } };

	strings.head.len = count_features(request);
	if (!strings.head.len || !ask(request, &strings) || !ask(request, &features))
		return false;
	for (uint32_t i = 0; i < strings.head.len && i < FEATURES; i++) {
		bool is_vlan = !strncmp(strings.name[i], "rx-vlan-hw-parse", ETH_GSTRING_LEN) ||
			       !strncmp(strings.name[i], "rx-vlan-stag-hw-parse", ETH_GSTRING_LEN);

		if (is_vlan && features.block[i / 32].active & 1U << i % 32)
			return true;
	}
	return false;
}

bool ethtool__hides_tags(const char *name)
{
	struct request request = { .socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
	bool hides;

	if (request.socket < 0)
		return false;
	strncpy(request.device.ifr_name, name, sizeof(request.device.ifr_name) - 1);
	hides = has_tags_off(&request);
	close(request.socket);
	return hides;
}
