/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The conversation with one client, from packet to packet, without a socket:
 * what it may say when, the transaction that it is sending, the events that it
 * has not taken yet. See ../lib/protocol.h.
 *
 * Invariants: a transaction is made when it is complete, or not at all; a
 * client costs at most its part of the pool's changes, EVENT_RING_MAX events
 * and two packets.
 */
#ifndef XFIBD_SESSION_H
#define XFIBD_SESSION_H

#include <stddef.h>

#include "../lib/protocol.h"
#include "peer.h"

/* What all unfinished transactions together may hold: a full Internet table in one of them. */
#define SESSION_CHANGES_MAX (2u * 1024 * 1024)
#define SESSION_BYTES_MAX (512u * 1024 * 1024)

/* For the first words, between two packets of a transaction, and until an answer is taken. */
#define SESSION_PATIENCE_MS 60000
/* From the beginning of a transaction to its commit. */
#define SESSION_TRANSACTION_MS 600000

/* What the sessions of a daemon share. */
struct session_pool {
	int (*change)(const struct change *changes, uint32_t count, uint64_t origin,
		      struct change_failure *ret_failure, void *data);
	void *data;
	uint32_t changes; /* of unfinished transactions */
	size_t bytes;
};

struct session;

/* `id` is not 0, and differs from that of every other session. -ENOMEM */
int session__new(struct session_pool *pool, uint32_t id, const struct peer *peer, uint64_t now,
		 struct session **ret_session);
void session__free(struct session *session);

/* Says why the client is not served; nothing but that will be sent. */
void session__refuse(struct session *session, int err, const char *message);

/*
 * A packet of the client's has come; `now` in ms. Not while session__is_busy().
 * What is wrong with it is answered; if that ends the conversation,
 * session__has_ended() says so.
 */
void session__take(struct session *session, const void *packet, size_t length, uint64_t now);

/* Is a transaction complete, and to be made by session__commit()? */
bool session__wants_commit(const struct session *session);
void session__commit(struct session *session);

/* Is there an answer that has not been made or sent? The client's next packet waits for that. */
bool session__is_busy(const struct session *session);

/* Nothing more is to be said once session__output() has none. */
bool session__has_ended(const struct session *session);

bool session__is_watching(const struct session *session);

/* An event for a client that watches: it is kept if it passes the client's filter. `event->own` is not read. */
void session__push(struct session *session, const struct xfib_route_event *event, uint64_t origin);

/* Events wait that fill a packet. */
bool session__has_packet(const struct session *session);

/*
 * The next packet to send, into PROTOCOL_PACKET bytes, and its length; 0: there
 * is none. It counts as sent, unless session__keep() gives it back, which then
 * is the next one again.
 */
size_t session__output(struct session *session, void *packet);
void session__keep(struct session *session, const void *packet, size_t length);

/* Is there something to send? */
bool session__has_output(const struct session *session);

/* When a client that still says nothing, or does not take its answer, is to be dropped, in the time of `now`; 0: never. */
uint64_t session__deadline(struct session *session, uint64_t now);

#endif
