/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Changes of an LPM trie, or of a share of its prefixes, that wait for one another, so that many are made by
 * one system call: a change costs 0.8 us so, and 3.5 alone. Where there are
 * more than a batch of them, a thread makes them meanwhile: they are half of
 * what a route costs. It lives until the flush.
 *
 * They are made in the order in which they came; of those of one prefix that
 * wait in a batch only the last, in the place of the first: what flaps (a
 * third of what a full table's IPv4 routes do, half of the IPv6 ones') costs
 * the trie nothing. One that the kernel refuses stays, with all that came
 * after it, and is tried again by the next flush. For one thread at a time.
 */
#ifndef XFIB_XFIBD_TRIE_QUEUE_H
#define XFIB_XFIBD_TRIE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <xfib/abi.h>

#define TRIE_BATCH_ROOM 512
#define TRIE_BATCH_SLOTS 1024 /* a power of two */

struct trie_batch {
	uint32_t done; /* of them, from the beginning, the trie has */
	uint32_t count;
	bool deletes[TRIE_BATCH_ROOM]; /* else it sets a value */
	uint8_t keys[TRIE_BATCH_ROOM * sizeof(struct xfib_rib6_key)];
	struct xfib_rib_value values[TRIE_BATCH_ROOM];
	uint16_t slots[TRIE_BATCH_SLOTS]; /* by the hash of a key, its place counted from 1; a taken slot leads to the next one */
};

struct trie_queue {
	int fd;
	uint32_t key_size; /* bytes */
	bool singly;       /* the kernel has no calls for many (before Linux 5.13) */
	struct trie_batch batches[2];
	uint32_t filling; /* the batch that takes changes; all in the other one came before */
	bool has_writer;
	pthread_t writer;
	pthread_mutex_t lock;  /* of the two below */
	pthread_cond_t moved;
	bool handed; /* the other batch is the writer's, and so is `singly`; nobody else touches them */
	bool ends;   /* the writer is to */
};

void trie_queue__init(struct trie_queue *queue, int fd, uint32_t key_size);

/* Ends it; what waits is lost. */
void trie_queue__end(struct trie_queue *queue);

/* Sets the value of a prefix, or deletes it where `value` is NULL, at the next flush at the latest. Where both batches are
 * full, what writing them said: then the change has not been taken. */
int trie_queue__add(struct trie_queue *queue, const void *key, const struct xfib_rib_value *value);

/* Makes the changes that wait. -ENOMEM, -ENOSPC: of the first that could not be made. A prefix that is not there is deleted. */
int trie_queue__flush(struct trie_queue *queue);

/* How many changes wait, where no writer is at work: after a flush. */
uint32_t trie_queue__waiting(const struct trie_queue *queue);

#endif
