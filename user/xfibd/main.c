// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfibd: makes an instance, fills it, and keeps it equal to the kernel until a
 * signal ends it. One thread, one loop.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "fpm.h"
#include "hash.h"
#include "instance.h"
#include "log.h"
#include "mirror.h"
#include "notify.h"
#include "options.h"
#include "own_routes.h"
#include "ports.h"
#include "privileges.h"
#include "reload.h"
#include "server.h"
#include "stderr_log.h"

/* Neighbours that are asked for in a second; what is beyond is asked for again by later packets. */
#define SOLICITS_PER_SECOND 2000

struct daemon {
	int argc; /* command line, which is read again with the configuration file */
	char **argv;
	struct options options;
	struct instance *instance;
	struct mirror *mirror;
	struct server *server;
	struct fpm *fpm; /* NULL: not wanted */
	struct ports ports;
	struct ring_buffer *events;
	bool serves; /* clients */
	bool reloads;     /* since SIGHUP, when there had been so many `resyncs` */
	uint64_t resyncs;
	int signal_fd;
	time_t second; /* in which `solicits` were made */
	int solicits;
};

/* What the programs send: a neighbour that traffic needs. */
static int on_event(void *data, void *memory, size_t size)
{
	struct daemon *daemon = data;
	const struct xfib_event *event = memory;
	struct timespec now;

	if (size < sizeof(*event))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != daemon->second) {
		daemon->second = now.tv_sec;
		daemon->solicits = 0;
	}
	if (daemon->solicits++ < SOLICITS_PER_SECOND)
		mirror__solicit(daemon->mirror, event->ifindex, (uint8_t)event->family, event->address);
	return 0;
}

/* In the middle of a long list of changes: neighbours that traffic needs, and other clients. */
static void breathe(void *data)
{
	struct daemon *daemon = data;

	if (!daemon->serves)
		return;
	ring_buffer__consume(daemon->events);
	server__breathe(daemon->server);
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Tells the log and the service manager. */
static void tell_ready(const struct daemon *daemon, const char *what)
{
	const struct xfib_state *state = instance__maps(daemon->instance)->maps.state;

	log_info("%s: %u IPv4 and %u IPv6 routes at %s", what, state->routes4, state->routes6, daemon->options.pin);
	notify__send("READY=1\nSTATUS=%s with %u IPv4 and %u IPv6 routes", what, state->routes4, state->routes6);
}

static void reload(struct daemon *daemon)
{
	struct running running = { daemon->instance, daemon->mirror, daemon->fpm };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify__send("RELOADING=1\nMONOTONIC_USEC=%lld", now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	reload__options(daemon->argc, daemon->argv, &daemon->options, &running);
	ports__note(&daemon->ports, &daemon->options, mirror__devices(daemon->mirror));
	mirror__request_sync(daemon->mirror, "SIGHUP");
	daemon->reloads = true;
	daemon->resyncs = instance__maps(daemon->instance)->maps.state->resyncs;
}

/* What SIGHUP asked for is done when everything has been compared with the kernel. */
static void end_reload(struct daemon *daemon)
{
	if (!daemon->reloads || instance__maps(daemon->instance)->maps.state->resyncs == daemon->resyncs)
		return;
	daemon->reloads = false;
	tell_ready(daemon, "reloaded");
}

/* True: it is time to end. */
static bool handle_signal(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	while (read(daemon->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return true;
		reload(daemon);
	}
	return false;
}

/* A port that takes no redirected frames gets its packets by way of the kernel: nothing breaks, but nothing is gained. */
static void warn_of_target(const struct maps *maps, const char *device)
{
	uint32_t ifindex = if_nametoindex(device);

	for (uint32_t slot = 1; slot < maps->sizes.links; slot++) {
		const struct xfib_link *link = &maps->links[slot];

		if (link->ifindex == ifindex && !(link->flags & XFIB_LINK_REDIRECT_TARGET))
			log_warning("%s takes no redirected frames at present, packets that leave by it go up to the kernel "
				    "(a veth device takes them while its other end is up and has an XDP program or GRO)",
				    device);
	}
}

static int start(struct daemon *daemon, const struct options *options)
{
	struct mirror_opts opts = {
		.tables = options->tables.numbers,
		.table_count = options->tables.count,
		.all_tables = options->tables.all,
		.by_trie = options->by_trie,
		.receive_buffer = (int)options->receive_buffer,
		.audit_interval = options->audit_interval,
		.fed_table = options->fpm.length ? options->fpm_table : 0,
		.breathe = breathe,
		.breathe_data = daemon,
	};
	struct bpf_maps *bpf;
	int err = instance__create(options->pin, &options->sizes, options->groups.watch, &daemon->instance);

	if (!err)
		err = server__open(options->socket, &options->groups, &daemon->server);
	if (err)
		return err;
	bpf = instance__maps(daemon->instance);
	err = mirror__new(&bpf->maps, &opts, &daemon->mirror);
	if (err) {
		log_error("opening rtnetlink: %s", strerror(-err));
		return err;
	}
	err = mirror__sync(daemon->mirror);
	if (!err && instance__has_old(daemon->instance))
		err = own_routes__restore(options->pin, &bpf->maps, daemon->mirror);
	if (err)
		return err;
	if (options->fpm.length)
		err = fpm__open(&options->fpm, daemon->mirror, options->fpm_table, options->fpm_hold, &daemon->fpm);
	if (err)
		return err;
	daemon->events = ring_buffer__new(bpf->events_fd, on_event, daemon, NULL);
	if (!daemon->events) {
		log_error("opening the ring of events: %s", strerror(errno));
		return -errno;
	}
	err = instance__publish(daemon->instance);
	for (uint32_t i = 0; !err && i < options->ports.count; i++)
		err = instance__attach(daemon->instance, options->ports.names[i], options->mode);
	ports__note(&daemon->ports, options, mirror__devices(daemon->mirror));
	if (!err)
		instance__follow_ports(daemon->instance);
	mirror__handle(daemon->mirror); /* what the devices say to having been given a program */
	for (uint32_t i = 0; !err && i < options->ports.count; i++)
		warn_of_target(&bpf->maps, options->ports.names[i]);
	if (!err)
		err = privileges__drop(bpf->events_fd);
	if (err && !instance__took_over(daemon->instance)) /* nothing half done */
		instance__teardown(daemon->instance);
	return err;
}

/* The sooner of two times to wait, in ms, where -1 is never. */
static int sooner(int one, int other)
{
	if (one < 0 || other < 0)
		return one < 0 ? other : one;
	return one < other ? one : other;
}

static void run(struct daemon *daemon)
{
	struct pollfd fds[] = {
		{ .fd = daemon->signal_fd, .events = POLLIN },
		{ .fd = mirror__event_fd(daemon->mirror), .events = POLLIN },
		{ .fd = mirror__feature_fd(daemon->mirror), .events = POLLIN },
		{ .fd = ring_buffer__epoll_fd(daemon->events), .events = POLLIN },
		{ .fd = server__fd(daemon->server), .events = POLLIN },
		{ .fd = fpm__fd(daemon->fpm), .events = POLLIN },
	};

	for (;;) {
		int timeout = sooner(mirror__timeout(daemon->mirror), server__timeout(daemon->server));

		timeout = sooner(timeout, fpm__timeout(daemon->fpm));
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && handle_signal(daemon))
			return;
		if (fds[3].revents)
			ring_buffer__consume(daemon->events);
		mirror__handle(daemon->mirror);
		end_reload(daemon);
		ports__follow(&daemon->ports, &daemon->options, mirror__devices(daemon->mirror), daemon->instance);
		fpm__handle(daemon->fpm);
		server__handle(daemon->server);
	}
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .argc = argc, .argv = argv, .signal_fd = -1 };
	struct options *options = &daemon.options;
	int err;

	stderr_log__begin();
	err = options__parse(argc, argv, options);
	if (err)
		return err < 0 ? 2 : 0;
	log__set_level(options->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	hash__init();
	daemon.signal_fd = open_signals();
	err = start(&daemon, options);
	if (!err) {
		server__serve(daemon.server, daemon.mirror, &instance__maps(daemon.instance)->maps);
		daemon.serves = true;
		tell_ready(&daemon, "ready");
		run(&daemon);
		notify__send("STOPPING=1");
		if (options->teardown)
			instance__teardown(daemon.instance);
		log_info(options->teardown ? "stopped, nothing is left behind" :
					    "stopped; forwarding goes on by the routes of this moment");
	}
	fpm__close(daemon.fpm);
	server__close(daemon.server);
	ring_buffer__free(daemon.events);
	mirror__free(daemon.mirror);
	instance__free(daemon.instance);
	return err ? 1 : 0;
}
