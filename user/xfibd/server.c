// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The clients of the daemon. See server.h. */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../lib/socket_path.h"
#include "change.h"
#include "known_links.h"
#include "listener.h"
#include "log.h"
#include "mirror.h"
#include "session.h"

#define EVENTS_PER_TURN 64
#define PACKETS_PER_TURN 16 /* of one client: then the others have theirs */
#define ACCEPTS_PER_TURN 32
#define ACCEPT_PAUSE_MS 1000 /* when there is no descriptor for another client */
#define SEND_BUFFER (4 * (int)PROTOCOL_PACKET)

/* In the place of a client's slot: of the listener, and of a client that has none and will only be told why. */
#define LISTENER UINT32_MAX
#define NO_SLOT (UINT32_MAX - 1)

struct client {
	uint32_t slot;
	int fd;
	struct session *session;
	uint32_t waits_for; /* EPOLLIN or EPOLLOUT: what epoll is asked for */
	bool dead; /* to be dropped when nobody looks at it any more, and its transaction is made */
	uint64_t turn; /* of its transaction that waits to be made */
};

struct server {
	int epoll_fd, listen_fd;
	char path[SOCKET_PATH_SIZE];
	struct access_groups groups;
	struct mirror *mirror;
	struct known_links links;
	struct session_pool pool;
	struct client *clients[SERVER_CLIENTS]; /* by slot */
	uint32_t slots_end; /* none from here on is used */
	uint32_t next_id;
	uint64_t accept_at; /* ms; 0: at any time */
	uint64_t turns;     /* given to transactions */
	struct log_limit limit;
	uint8_t received[PROTOCOL_PACKET + 1]; /* one byte more tells what is too long */
	uint8_t sent[PROTOCOL_PACKET];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int watch_fd(struct server *server, int operation, int fd, uint32_t slot, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = slot };

	return epoll_ctl(server->epoll_fd, operation, fd, &event) ? -errno : 0;
}

/* Has epoll tell when the client takes what it is to hear, or else when it says something. */
static void wait_for(struct server *server, struct client *client, uint32_t events)
{
	if (client->waits_for == events || client->dead)
		return;
	client->waits_for = events;
	client->dead = client->slot == NO_SLOT || watch_fd(server, EPOLL_CTL_MOD, client->fd, client->slot, events);
}

/* ---- sending ---- */

/* Sends what a client is to hear, as far as it takes it. */
static void send_to(struct server *server, struct client *client)
{
	size_t length;

	if (client->dead || client->waits_for & EPOLLOUT)
		return;
	while ((length = session__output(client->session, server->sent))) {
		if (send(client->fd, server->sent, length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			continue;
		client->dead = errno != EAGAIN && errno != EINTR;
		session__keep(client->session, server->sent, length);
		wait_for(server, client, EPOLLOUT);
		break;
	}
	if (session__has_ended(client->session) && !session__has_output(client->session))
		client->dead = true;
}

static void send_to_all(struct server *server)
{
	for (uint32_t slot = 0; slot < server->slots_end; slot++) {
		if (server->clients[slot])
			send_to(server, server->clients[slot]);
	}
}

/* A mirror_listener_fn: somebody's route has changed. */
static void on_mirror_event(const struct mirror_event *from, void *data)
{
	struct server *server = data;
	struct xfib_route_event event = { .type = from->type, .route = *from->route, .nexthop = *from->nexthop };

	known_links__describe(&server->links, &event);
	for (uint32_t slot = 0; slot < server->slots_end; slot++) {
		struct client *client = server->clients[slot];

		if (!client || client->dead || !session__is_watching(client->session))
			continue;
		session__push(client->session, &event, from->origin);
		if (session__has_packet(client->session))
			send_to(server, client);
	}
}

/* ---- clients come and go ---- */

static void end_client(struct client *client)
{
	session__free(client->session);
	close(client->fd);
	free(client);
}

static void drop_client(struct server *server, uint32_t slot)
{
	end_client(server->clients[slot]);
	server->clients[slot] = NULL;
	while (server->slots_end && !server->clients[server->slots_end - 1])
		server->slots_end--;
}

static uint32_t free_slot(const struct server *server, const struct peer *peer)
{
	uint32_t end = peer->is_own ? SERVER_CLIENTS : SERVER_CLIENTS - SERVER_RESERVED;

	for (uint32_t slot = 0; slot < end; slot++) {
		if (!server->clients[slot])
			return slot;
	}
	return NO_SLOT;
}

/* Why a connection is not served, NULL if it is. */
static const char *refusal(const struct client *client, const struct peer *peer, int *ret_err)
{
	if (!peer->may_watch) {
		*ret_err = -EACCES;
		return "xfibd serves root, members of the group xfib, and those of the group named by --group";
	}
	*ret_err = -EUSERS;
	return client->slot == NO_SLOT ? "xfibd serves as many clients as it can: try again later" : NULL;
}

/* Serves a connection, or says why not. Takes the descriptor in any case. */
static void add_client(struct server *server, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	int size = SEND_BUFFER, err;
	const char *why;
	struct peer peer;

	if (!++server->next_id)
		server->next_id++;
	if (!client || peer__of(fd, &server->groups, &peer) ||
	    session__new(&server->pool, server->next_id, &peer, now_ms(), &client->session)) {
		free(client);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*client = (struct client){ .slot = free_slot(server, &peer), .fd = fd, .session = client->session, .waits_for = EPOLLIN };
	why = refusal(client, &peer, &err);
	if (!why && !watch_fd(server, EPOLL_CTL_ADD, fd, client->slot, client->waits_for)) {
		server->clients[client->slot] = client;
		if (server->slots_end <= client->slot)
			server->slots_end = client->slot + 1;
		return;
	}
	if (why) {
		log_debug("process %u is not served: %s", peer.pid, why);
		client->slot = NO_SLOT;
		session__refuse(client->session, err, why);
		send_to(server, client);
	}
	end_client(client);
}

static void accept_clients(struct server *server)
{
	uint64_t muted;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			add_client(server, fd);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		if (log_limit__pass(&server->limit, &muted))
			log_warning("a client cannot be served: %s", strerror(errno));
		server->accept_at = now_ms() + ACCEPT_PAUSE_MS;
		watch_fd(server, EPOLL_CTL_MOD, server->listen_fd, LISTENER, 0);
		return;
	}
}

/* ---- what clients say ---- */

static void receive_from(struct server *server, struct client *client)
{
	for (int i = 0; i < PACKETS_PER_TURN && !session__is_busy(client->session) && !client->dead; i++) {
		ssize_t length = recv(client->fd, server->received, sizeof(server->received), MSG_DONTWAIT);

		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (length <= 0) {
			client->dead = true;
			return;
		}
		session__take(client->session, server->received, (size_t)length, now_ms());
		if (session__wants_commit(client->session))
			client->turn = ++server->turns;
		if (session__has_output(client->session)) { /* who watches hears of a change before who made it */
			send_to_all(server);
			send_to(server, client);
		}
	}
}

/* `now`: before the events were asked for, since what a client said while others were served is still to be read. */
static void settle(struct server *server, uint64_t now)
{
	for (uint32_t slot = 0; slot < server->slots_end; slot++) {
		struct client *client = server->clients[slot];
		uint64_t deadline;

		if (!client)
			continue;
		deadline = session__deadline(client->session, now);
		client->dead |= deadline && now >= deadline;
		if (client->dead && !session__wants_commit(client->session)) /* what is complete is made, and told who watches */
			drop_client(server, slot);
	}
	if (server->accept_at && now >= server->accept_at) {
		server->accept_at = 0;
		watch_fd(server, EPOLL_CTL_MOD, server->listen_fd, LISTENER, EPOLLIN);
	}
}

static void handle_client(struct server *server, uint32_t slot, uint32_t events)
{
	struct client *client = server->clients[slot];

	if (!client || client->dead)
		return;
	if (events & EPOLLERR || (events & EPOLLHUP && client->waits_for & EPOLLOUT)) {
		client->dead = true;
		return;
	}
	if (client->waits_for & EPOLLOUT) {
		wait_for(server, client, EPOLLIN);
		send_to(server, client);
	} else {
		receive_from(server, client);
	}
}

/* The client whose transaction is next, NULL: none waits. */
static struct client *next_to_commit(const struct server *server)
{
	struct client *next = NULL;

	for (uint32_t slot = 0; slot < server->slots_end; slot++) {
		struct client *client = server->clients[slot];

		if (client && session__wants_commit(client->session) && (!next || client->turn < next->turn))
			next = client;
	}
	return next;
}

/* Makes the transactions that are complete, one after the other; not those that become so meanwhile. */
static void commit(struct server *server)
{
	uint64_t last = server->turns;
	struct client *client;

	while ((client = next_to_commit(server)) && client->turn <= last) {
		session__commit(client->session);
		send_to_all(server); /* who watches hears of a change before who made it */
		send_to(server, client);
	}
}

/* Takes and sends what there is, but makes no change: it may be called in the middle of one. */
static void serve(struct server *server)
{
	struct epoll_event events[EVENTS_PER_TURN];
	uint64_t now = now_ms();
	bool accepts = false;
	int count;

	send_to_all(server);
	count = epoll_wait(server->epoll_fd, events, EVENTS_PER_TURN, 0);
	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == LISTENER)
			accepts = true;
		else
			handle_client(server, events[i].data.u32, events[i].events);
	}
	send_to_all(server);
	settle(server, now);
	if (accepts) /* last: an event above is of the client that was in its slot then */
		accept_clients(server);
}

void server__breathe(struct server *server)
{
	if (server->mirror)
		serve(server);
}

void server__handle(struct server *server)
{
	serve(server);
	commit(server);
}

int server__timeout(const struct server *server)
{
	uint64_t now = now_ms(), at = server->accept_at;

	if (next_to_commit(server))
		return 0;
	for (uint32_t slot = 0; slot < server->slots_end; slot++) {
		uint64_t deadline = server->clients[slot] ? session__deadline(server->clients[slot]->session, now) : 0;

		if (deadline && (!at || deadline < at))
			at = deadline;
	}
	if (!at)
		return -1;
	return at <= now ? 0 : (int)(at - now);
}

/* ---- the interface ---- */

/* A session_pool's change(). */
static int change_routes(const struct change *changes, uint32_t count, uint64_t origin,
			 struct change_failure *ret_failure, void *data)
{
	struct server *server = data;

	return mirror__change(server->mirror, changes, count, origin, ret_failure);
}

int server__open(const char *socket, const struct access_groups *groups, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->listen_fd = -1;
	server->groups = *groups;
	server->pool.change = change_routes;
	server->pool.data = server;
	snprintf(server->path, sizeof(server->path), "%s", socket);
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = server->epoll_fd < 0 ? -errno : 0;
	if (err)
		log_error("serving clients: %s", strerror(-err));
	if (!err)
		err = listener__open(socket, &server->listen_fd);
	if (err) {
		server__close(server);
		return err;
	}
	*ret_server = server;
	return 0;
}

void server__serve(struct server *server, struct mirror *mirror, const struct maps *maps)
{
	server->mirror = mirror;
	known_links__init(&server->links, maps);
	mirror__set_listener(mirror, on_mirror_event, server);
	watch_fd(server, EPOLL_CTL_ADD, server->listen_fd, LISTENER, EPOLLIN);
}

int server__fd(const struct server *server)
{
	return server->epoll_fd;
}

void server__close(struct server *server)
{
	if (!server)
		return;
	if (server->mirror)
		mirror__set_listener(server->mirror, NULL, NULL);
	for (uint32_t slot = SERVER_CLIENTS; slot--;) {
		if (server->clients[slot])
			drop_client(server, slot);
	}
	listener__close(server->listen_fd, server->path);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	known_links__destroy(&server->links);
	free(server);
}
