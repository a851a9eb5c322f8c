// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of an LPM trie by the hundred. See trie_queue.h. */
#include "trie_queue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#define ENOTSUPP 524 /* the kernel's own; no header for user space has it */

void trie_queue__init(struct trie_queue *queue, int fd, uint32_t key_size)
{
	memset(queue, 0, sizeof(*queue));
	queue->fd = fd;
	queue->key_size = key_size;
}

/* Makes one change, the first; how many were made goes to *ret_done. */
static int make_one(const struct trie_queue *queue, uint32_t *ret_done)
{
	int err = queue->deletes ? bpf_map_delete_elem(queue->fd, queue->keys) :
				   bpf_map_update_elem(queue->fd, queue->keys, queue->values, BPF_ANY);

	if (err == -ENOENT && queue->deletes)
		err = 0;
	*ret_done = !err;
	return err;
}

static int make_many(struct trie_queue *queue, uint32_t *ret_done)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t count = queue->count;
	int err = queue->deletes ? bpf_map_delete_batch(queue->fd, queue->keys, &count, &opts) :
				   bpf_map_update_batch(queue->fd, queue->keys, queue->values, &count, &opts);

	/* A kernel that does not know the call leaves the count alone, or says 0. */
	if (err == -ENOTSUPP || err == -EOPNOTSUPP || err == -EINVAL) {
		queue->singly = true;
		return make_one(queue, ret_done);
	}
	*ret_done = err ? count < queue->count ? count : 0 : queue->count;
	if (err == -ENOENT && queue->deletes) {
		++*ret_done;
		err = 0;
	}
	return err;
}

static void drop(struct trie_queue *queue, uint32_t done)
{
	queue->count -= done;
	memmove(queue->keys, queue->keys + done * queue->key_size, queue->count * queue->key_size);
	memmove(queue->values, queue->values + done, queue->count * sizeof(*queue->values));
}

int trie_queue__flush(struct trie_queue *queue)
{
	int err = 0;

	while (queue->count && !err) {
		uint32_t done = 0;

		err = queue->singly || queue->count == 1 ? make_one(queue, &done) : make_many(queue, &done);
		drop(queue, done);
	}
	return err;
}

int trie_queue__add(struct trie_queue *queue, const void *key, const struct xfib_rib_value *value)
{
	if (queue->count && (queue->count == TRIE_QUEUE_ROOM || queue->deletes != !value)) {
		int err = trie_queue__flush(queue);

		if (err)
			return err;
	}
	queue->deletes = !value;
	memcpy(queue->keys + queue->count * queue->key_size, key, queue->key_size);
	if (value)
		queue->values[queue->count] = *value;
	queue->count++;
	return 0;
}
