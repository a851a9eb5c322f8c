// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of an LPM trie by the hundred. See trie_queue.h. */
#include "trie_queue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "hash.h"

#define ENOTSUPP 524 /* the kernel's own; no header for user space has it */

void trie_queue__init(struct trie_queue *queue, int fd, uint32_t key_size)
{
	memset(queue, 0, sizeof(*queue));
	queue->fd = fd;
	queue->key_size = key_size;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->moved, NULL);
}

/* ---- a batch ---- */

/* Makes one change, the next; how many were made goes to *ret_made. */
static int make_one(const struct trie_queue *queue, struct trie_batch *batch, uint32_t *ret_made)
{
	const void *key = batch->keys + batch->done * queue->key_size;
	bool deletes = batch->deletes[batch->done];
	int err = deletes ? bpf_map_delete_elem(queue->fd, key) :
			    bpf_map_update_elem(queue->fd, key, &batch->values[batch->done], BPF_ANY);

	if (err == -ENOENT && deletes)
		err = 0;
	*ret_made = !err;
	return err;
}

/* The next `wanted` ones, which are alike. */
static int make_many(struct trie_queue *queue, struct trie_batch *batch, uint32_t wanted, uint32_t *ret_made)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint8_t *keys = batch->keys + batch->done * queue->key_size;
	bool deletes = batch->deletes[batch->done];
	uint32_t count = wanted;
	int err = deletes ? bpf_map_delete_batch(queue->fd, keys, &count, &opts) :
			    bpf_map_update_batch(queue->fd, keys, &batch->values[batch->done], &count, &opts);

	/* A kernel that does not know the call leaves the count alone, or says 0. */
	if (err == -ENOTSUPP || err == -EOPNOTSUPP || err == -EINVAL) {
		queue->singly = true;
		return make_one(queue, batch, ret_made);
	}
	*ret_made = err ? count < wanted ? count : 0 : wanted;
	if (err == -ENOENT && deletes) {
		++*ret_made;
		err = 0;
	}
	return err;
}

static int write_batch(struct trie_queue *queue, struct trie_batch *batch)
{
	while (batch->done < batch->count) {
		uint32_t end = batch->done + 1, made = 0;
		int err;

		while (end < batch->count && batch->deletes[end] == batch->deletes[batch->done])
			end++;
		err = queue->singly || end == batch->done + 1 ? make_one(queue, batch, &made) :
								make_many(queue, batch, end - batch->done, &made);
		batch->done += made;
		if (err)
			return err;
	}
	batch->done = batch->count = 0;
	memset(batch->slots, 0, sizeof(batch->slots));
	return 0;
}

/* ---- the writer ---- */

static struct trie_batch *other_batch(struct trie_queue *queue)
{
	return &queue->batches[!queue->filling];
}

static void *write_what_is_handed(void *data)
{
	struct trie_queue *queue = data;

	pthread_mutex_lock(&queue->lock);
	while (queue->handed || !queue->ends) {
		if (!queue->handed) {
			pthread_cond_wait(&queue->moved, &queue->lock);
			continue;
		}
		pthread_mutex_unlock(&queue->lock);
		/* Should it fail, the rest stays in the batch, and whoever waits for the writer tries it again. */
		(void)write_batch(queue, other_batch(queue));
		pthread_mutex_lock(&queue->lock);
		queue->handed = false;
		pthread_cond_signal(&queue->moved);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

static int start_writer(struct trie_queue *queue)
{
	sigset_t all, held;
	int err;

	if (queue->has_writer)
		return 0;
	queue->ends = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &held); /* signals are for the threads that there were */
	err = pthread_create(&queue->writer, NULL, write_what_is_handed, queue);
	pthread_sigmask(SIG_SETMASK, &held, NULL);
	queue->has_writer = !err;
	return -err;
}

static void await_writer(struct trie_queue *queue)
{
	if (!queue->has_writer)
		return;
	pthread_mutex_lock(&queue->lock);
	while (queue->handed)
		pthread_cond_wait(&queue->moved, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

static void stop_writer(struct trie_queue *queue)
{
	if (!queue->has_writer)
		return;
	pthread_mutex_lock(&queue->lock);
	queue->ends = true;
	pthread_cond_signal(&queue->moved);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->writer, NULL);
	queue->has_writer = false;
}

/* Gives the batch that is full to the writer, and begins the other one. */
static int hand_over(struct trie_queue *queue)
{
	int err;

	await_writer(queue);
	err = write_batch(queue, other_batch(queue));
	if (err)
		return err;
	if (start_writer(queue))
		return write_batch(queue, &queue->batches[queue->filling]);
	pthread_mutex_lock(&queue->lock);
	queue->filling = !queue->filling;
	queue->handed = true;
	pthread_cond_signal(&queue->moved);
	pthread_mutex_unlock(&queue->lock);
	return 0;
}

/* ---- the queue ---- */

/*
 * The slot of a key: that of its last change in the batch, or a free one. There is always one, for a batch has half as much
 * room as slots. A change that was made already, before one that the kernel refused, keeps its slot and counts no more.
 */
static uint16_t *find_slot(const struct trie_queue *queue, struct trie_batch *batch, const void *key)
{
	uint32_t slot = hash__bytes(key, queue->key_size);

	for (;; slot++) {
		uint16_t *place = &batch->slots[slot & (TRIE_BATCH_SLOTS - 1)];

		if (!*place || !memcmp(batch->keys + (*place - 1u) * queue->key_size, key, queue->key_size))
			return place;
	}
}

static void put(struct trie_batch *batch, uint32_t at, const struct xfib_rib_value *value)
{
	batch->deletes[at] = !value;
	if (value)
		batch->values[at] = *value;
}

int trie_queue__add(struct trie_queue *queue, const void *key, const struct xfib_rib_value *value)
{
	struct trie_batch *batch = &queue->batches[queue->filling];
	uint16_t *slot = find_slot(queue, batch, key);

	if (*slot > batch->done) { /* it waits still */
		put(batch, *slot - 1u, value);
		return 0;
	}
	if (batch->count == TRIE_BATCH_ROOM) {
		int err = hand_over(queue);

		if (err)
			return err;
		batch = &queue->batches[queue->filling];
		slot = find_slot(queue, batch, key);
	}
	memcpy(batch->keys + batch->count * queue->key_size, key, queue->key_size);
	put(batch, batch->count, value);
	*slot = (uint16_t)++batch->count;
	return 0;
}

int trie_queue__flush(struct trie_queue *queue)
{
	int err;

	stop_writer(queue);
	err = write_batch(queue, other_batch(queue));
	return err ? err : write_batch(queue, &queue->batches[queue->filling]);
}

uint32_t trie_queue__waiting(const struct trie_queue *queue)
{
	const struct trie_batch *batches = queue->batches;

	return batches[0].count - batches[0].done + batches[1].count - batches[1].done;
}

void trie_queue__end(struct trie_queue *queue)
{
	stop_writer(queue);
	pthread_cond_destroy(&queue->moved);
	pthread_mutex_destroy(&queue->lock);
}
