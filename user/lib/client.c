// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* An instance as a client of xfibd. See client.h. */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"

/*
 * The connection of one process. After fork() the child makes another of these:
 * the lock may be held in its copy. The parent's stays, since another thread of
 * the child may be looking at it.
 */
struct channel {
	struct channel *parent;
	pid_t pid;
	int fd; /* -1: not open */
	pthread_mutex_t lock;
	uint8_t *packet; /* PROTOCOL_PACKET bytes */
};

struct client {
	char path[SOCKET_PATH_SIZE];
	int path_err; /* why there is no path */
	struct channel *channel; /* NULL: no request yet; replaced by compare and exchange */
};

int client__new(const char *socket, const char *pin, struct client **ret_client)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->path_err = socket_path__of(socket, pin, client->path);
	*ret_client = client;
	return 0;
}

static void close_channel(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

static void free_channel(struct channel *channel)
{
	close_channel(channel);
	free(channel->packet);
	free(channel);
}

void client__free(struct client *client)
{
	if (!client)
		return;
	while (client->channel) {
		struct channel *parent = client->channel->parent;

		free_channel(client->channel);
		client->channel = parent;
	}
	free(client);
}

const char *client__path(const struct client *client)
{
	return client->path;
}

static struct channel *new_channel(pid_t pid)
{
	struct channel *channel = malloc(sizeof(*channel));

	if (!channel)
		return NULL;
	*channel = (struct channel){ .pid = pid, .fd = -1, .packet = malloc(PROTOCOL_PACKET) };
	pthread_mutex_init(&channel->lock, NULL);
	if (channel->packet)
		return channel;
	free(channel);
	return NULL;
}

/* This process's channel. NULL: no memory. */
static struct channel *channel_of(struct client *client)
{
	struct channel *channel = __atomic_load_n(&client->channel, __ATOMIC_ACQUIRE), *fresh;
	pid_t pid = getpid();

	if (channel && channel->pid == pid)
		return channel;
	fresh = new_channel(pid);
	if (!fresh)
		return NULL;
	fresh->parent = channel;
	if (!__atomic_compare_exchange_n(&client->channel, &channel, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		free_channel(fresh); /* another thread was first: `channel` is its */
		return channel;
	}
	if (channel)
		close_channel(channel); /* this process's copy of the parent's descriptor */
	return fresh;
}

/* What is the number of changes: none of them failed, something else did. */
static int fail(int err, uint32_t count, const char *message, struct change_failure *ret_failure)
{
	ret_failure->index = count;
	snprintf(ret_failure->message, sizeof(ret_failure->message), "%s", message);
	return err;
}

static int open_channel(const struct client *client, struct channel *channel, char message[PROTOCOL_MESSAGE])
{
	return channel->fd >= 0 ? 0 : connection__open(client->path, message, &channel->fd);
}

/*
 * Sends what comes before the last packet of a transaction, and leaves that one
 * in channel->packet. -EINVAL: *ret_bad cannot be said.
 */
static int send_changes(struct channel *channel, const struct change *changes, uint32_t count, uint32_t *ret_bad,
			size_t *ret_length)
{
	struct protocol_writer writer;
	bool alone = true;
	int err = 0;

	protocol_writer__begin(&writer, channel->packet);
	for (uint32_t i = 0; i < count; i++) {
		err = protocol_writer__add_change(&writer, &changes[i]);
		if (err == -EMSGSIZE) {
			uint8_t begin[sizeof(struct protocol_begin)];

			err = alone ? connection__send(channel->fd, begin, protocol__write_begin(begin, count)) : 0;
			alone = false;
			if (!err)
				err = connection__send(channel->fd, channel->packet,
						       protocol_writer__end_changes(&writer, 0));
			if (err)
				return err;
			protocol_writer__begin(&writer, channel->packet);
			err = protocol_writer__add_change(&writer, &changes[i]);
		}
		if (err) {
			*ret_bad = i;
			return err;
		}
	}
	if (!alone) {
		err = connection__send(channel->fd, channel->packet, protocol_writer__end_changes(&writer, 0));
		*ret_length = protocol__write_commit(channel->packet);
	} else {
		*ret_length = protocol_writer__end_changes(&writer, PROTOCOL_ALONE);
	}
	return err;
}

/* Sends a whole transaction. Until its last packet has been sent, it can be begun again on another connection. */
static int send_all(const struct client *client, struct channel *channel, const struct change *changes,
		    uint32_t count, struct change_failure *ret_failure)
{
	char message[PROTOCOL_MESSAGE] = "the connection to xfibd broke off: try again";
	int err = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		uint32_t bad = count;
		size_t length = 0;

		err = open_channel(client, channel, message);
		if (err)
			break;
		err = send_changes(channel, changes, count, &bad, &length);
		if (!err)
			err = connection__send(channel->fd, channel->packet, length);
		if (!err)
			return 0;
		close_channel(channel); /* whatever was sent is forgotten by the daemon */
		if (bad < count)
			return fail(err, bad, "something in it has no meaning", ret_failure);
		if (err != -EPIPE && err != -ECONNRESET)
			break;
	}
	return fail(err == -EPIPE ? -ECONNRESET : err, count, message, ret_failure);
}

static int change_locked(const struct client *client, struct channel *channel, const struct change *changes,
			 uint32_t count, struct change_failure *ret_failure)
{
	struct protocol_result result = { .failed = count };
	char message[PROTOCOL_MESSAGE];
	int err = send_all(client, channel, changes, count, ret_failure);

	if (err)
		return err;
	err = connection__read_result(channel->fd, &result, message);
	if (!err)
		return 0;
	if (!result.err || err == -EBADMSG)
		close_channel(channel);
	if (!result.err && err == -ECONNRESET)
		return fail(err, count, "xfibd ended before it answered: all of the changes have been made, some, or none", ret_failure);
	return fail(err, result.failed < count ? result.failed : count, message, ret_failure);
}

int client__change(struct client *client, const struct change *changes, uint32_t count,
		   struct change_failure *ret_failure)
{
	struct channel *channel;
	int err;

	if (client->path_err == -ENAMETOOLONG)
		return fail(-ENAMETOOLONG, count, "the path of xfibd's socket, which follows from the pin directory, is too "
			    "long: set XFIB_SOCKET", ret_failure);
	if (client->path_err)
		return fail(client->path_err, count, "the path of xfibd's socket is not known: set XFIB_SOCKET",
			    ret_failure);
	if (!count)
		return 0;
	channel = channel_of(client);
	if (!channel)
		return fail(-ENOMEM, count, "out of memory", ret_failure);
	pthread_mutex_lock(&channel->lock);
	err = change_locked(client, channel, changes, count, ret_failure);
	pthread_mutex_unlock(&channel->lock);
	return err;
}
