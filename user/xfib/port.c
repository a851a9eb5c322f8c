// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib attach, xfib detach. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/bypass.h"
#include "../lib/port_memory.h"
#include "../mirror/ethtool.h"
#include "command.h"
#include "dispatcher.h"

struct words {
	uint32_t ifindex;
	bool has_hook, has_mode;
	bool via_libxdp;
	struct xfib_port_opts opts;
};

static int parse_hook(const char *value, struct words *words)
{
	words->has_hook = true;
	if (!strcmp(value, "xdp"))
		words->opts.hook = XFIB_HOOK_XDP;
	else if (!strcmp(value, "tc"))
		words->opts.hook = XFIB_HOOK_TC;
	else if (!strcmp(value, "tcx"))
		words->opts.hook = XFIB_HOOK_TCX;
	else if (!strcmp(value, "clsact"))
		words->opts.hook = XFIB_HOOK_CLSACT;
	else
		return fail(STATUS_USAGE, "hook '%s': must be xdp, tc, tcx or clsact", value);
	return STATUS_DONE;
}

static int parse_mode(const char *value, struct words *words)
{
	words->has_mode = true;
	if (!strcmp(value, "native"))
		words->opts.mode = XFIB_MODE_NATIVE;
	else if (!strcmp(value, "generic"))
		words->opts.mode = XFIB_MODE_GENERIC;
	else if (!strcmp(value, "auto"))
		words->opts.mode = XFIB_MODE_AUTO;
	else
		return fail(STATUS_USAGE, "mode '%s': must be native, generic or auto", value);
	return STATUS_DONE;
}

static int parse_via(const char *value, struct words *words)
{
	words->via_libxdp = true;
	return strcmp(value, "libxdp") ? fail(STATUS_USAGE, "via '%s': must be libxdp", value) : STATUS_DONE;
}

static int parse_words(const char *command, bool with_mode, int argc, char **argv, struct words *words)
{
	int status;

	if (!argc)
		return fail(STATUS_USAGE, "%s: no device: xfib %s DEV [hook xdp|tc|tcx|clsact]%s", command, command,
			    with_mode ? " [mode native|generic|auto] [via libxdp] [force]" : "");
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *value;

		if (with_mode && !strcmp(word, "force")) {
			words->opts.force = true;
			continue;
		}
		if (strcmp(word, "hook") && (!with_mode || (strcmp(word, "mode") && strcmp(word, "via"))))
			return fail(STATUS_USAGE, "%s: unknown word '%s': known are hook%s", command, word,
				    with_mode ? ", mode, via, force" : "");
		value = argument(word, &i, argc, argv);
		if (!value)
			return STATUS_USAGE;
		status = word[0] == 'h' ? parse_hook(value, words) :
			 word[0] == 'm' ? parse_mode(value, words) : parse_via(value, words);
		if (status)
			return status;
	}
	if (words->has_mode && words->opts.hook != XFIB_HOOK_XDP)
		return fail(STATUS_USAGE, "mode: only hook xdp has modes");
	if (words->via_libxdp && words->opts.hook != XFIB_HOOK_XDP)
		return fail(STATUS_USAGE, "via libxdp: its programs are those of hook xdp");
	return parse_device(argv[0], &words->ifindex);
}

static int report(const char *operation, const char *device)
{
	return fail(STATUS_FAILED, "%s %s: %s", operation, device, xfib_error__last());
}

struct bypassed {
	char text[512];
	uint32_t count, left_out;
};

static void add_bypassed(const struct bypass *bypass, void *data)
{
	struct bypassed *bypassed = data;
	size_t length = strlen(bypassed->text);
	char text[256];

	bypass__describe(bypass, text, sizeof(text));
	if (length + strlen(text) + 3 > sizeof(bypassed->text))
		bypassed->left_out++;
	else
		snprintf(bypassed->text + length, sizeof(bypassed->text) - length, "%s%s", length ? "; " : "", text);
	bypassed->count++;
}

/* Packets that xfib forwards meet no rule of netfilter: whoever has some that they would meet has to say that this is meant. */
static int check_bypassed(const char *device, const struct words *words)
{
	struct bypassed bypassed = { 0 };
	int err = bypass__each(words->ifindex, add_bypassed, &bypassed);

	if (err && err != -EPERM)
		return fail(STATUS_FAILED, "attach %s: asking for the rules of netfilter: %s", device, strerror(-err));
	if (!bypassed.count || words->opts.force)
		return STATUS_DONE;
	return fail(STATUS_FAILED, "attach %s: packets that xfib forwards would go past netfilter: %s%s: remove these, or say force",
		    device, bypassed.text, bypassed.left_out ? "; and others" : "");
}

int command_attach(int argc, char **argv)
{
	struct words words = { .opts = { .size = sizeof(words.opts), .pin = pin_directory() } };
	struct xfib *instance;
	struct xfib_link link;
	bool has_link;
	int status = parse_words("attach", true, argc, argv, &words);

	/* Opening it checks that it is this layout's and this network namespace's. */
	if (!status)
		status = open_maps("attach", "the programs", &instance);
	if (status)
		return status;
	has_link = !xfib_link__by_index(instance, words.ifindex, &link);
	xfib_instance__close(instance);
	status = check_bypassed(argv[0], &words);
	if (status)
		return status;
	if (words.via_libxdp)
		status = dispatcher__attach(argv[0], words.ifindex, words.has_mode ? &words.opts.mode : NULL);
	else if (xfib_port__attach(words.ifindex, &words.opts))
		status = report("attach", argv[0]);
	if (status)
		return status;
	if (has_link && words.opts.hook == XFIB_HOOK_XDP && link.flags & XFIB_LINK_TAGS_HIDDEN)
		fprintf(stderr, "xfib: attach %s: " HIDDEN_TAGS_TEXT "\n", argv[0], argv[0]);
	return STATUS_DONE;
}

/* A device that has gone is not attached, but when it comes again it would be. */
static bool forget_gone(int argc, char **argv)
{
	bool xdp, tc;

	if (argc != 1 || strlen(argv[0]) >= IF_NAMESIZE || if_nametoindex(argv[0]))
		return false;
	xdp = port_memory__forget(pin_directory(), argv[0], XFIB_HOOK_XDP);
	tc = port_memory__forget(pin_directory(), argv[0], XFIB_HOOK_TC);
	return xdp || tc;
}

int command_detach(int argc, char **argv)
{
	struct words words = { .opts = { .size = sizeof(words.opts), .pin = pin_directory() } };
	struct xfib_port port;
	bool found = false;
	int status;

	if (forget_gone(argc, argv))
		return STATUS_DONE;
	status = parse_words("detach", false, argc, argv, &words);
	if (status)
		return status;
	if (words.opts.hook == XFIB_HOOK_XDP)
		status = dispatcher__detach(argv[0], words.ifindex, &found);
	if (status || (found && words.has_hook))
		return status;
	if (words.has_hook)
		return xfib_port__detach(words.ifindex, &words.opts) ? report("detach", argv[0]) : STATUS_DONE;
	if (xfib_port__query(words.ifindex, &words.opts, &port))
		return report("detach", argv[0]);
	port_memory__forget(pin_directory(), argv[0], XFIB_HOOK_XDP); /* though somebody may have taken it off already */
	port_memory__forget(pin_directory(), argv[0], XFIB_HOOK_TC);
	words.opts.hook = XFIB_HOOK_XDP;
	/* Nothing of the instance's is there, but something of somebody else's: that is not what was meant. */
	if (port.xdp_id && !port.xdp && !port.tc && !found && xfib_port__detach(words.ifindex, &words.opts))
		return report("detach", argv[0]);
	if (port.xdp && xfib_port__detach(words.ifindex, &words.opts))
		return report("detach", argv[0]);
	words.opts.hook = XFIB_HOOK_TC;
	if (port.tc && xfib_port__detach(words.ifindex, &words.opts))
		return report("detach", argv[0]);
	return STATUS_DONE;
}
