// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changing routes: one, or many at once. Who makes the changes is the backend's matter. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change_list.h"
#include "client.h"
#include "private.h"

struct xfib_transaction {
	const struct xfib *instance;
	struct change_list list;
	bool committed;
};

/* A message names the operation and the route once, whether its words come from the engine, which does so, or not. */
static int report(int err, const struct change *changes, uint32_t count, const struct change_failure *failure)
{
	char text[128];

	if (failure->index >= count && count > 1)
		snprintf(text, sizeof(text), "change %u routes", count);
	else
		change__describe(&changes[failure->index < count ? failure->index : 0], text, sizeof(text));
	if (!strncmp(failure->message, text, strlen(text)))
		return error__set(err, "%s", failure->message);
	return error__set(err, "%s: %s", text, failure->message);
}

static int make(const struct xfib *instance, const struct change *changes, uint32_t count, size_t *ret_failed)
{
	struct change_failure failure = { .index = count };
	int err;

	if (instance->client)
		err = client__change(instance->client, changes, count, &failure);
	else if (instance->ops)
		err = instance->ops->change(instance, changes, count, &failure);
	else
		return error__set(-EOPNOTSUPP, "the routes of a %s cannot be changed",
				  xfib_backend__name(instance->backend));
	if (!err)
		return 0;
	if (ret_failed)
		*ret_failed = failure.index < count ? failure.index : count;
	return report(err, changes, count, &failure);
}

static int check(const struct change *change)
{
	char message[CHANGE_MESSAGE], text[128];
	int err;

	if (change->spec.size != sizeof(change->spec))
		return error__set(-EINVAL, "size %zu of a route is not known", change->spec.size);
	err = change__check(change, message);
	if (!err)
		return 0;
	change__describe(change, text, sizeof(text));
	return error__set(err, "%s: %s", text, message);
}

XFIB_PUBLIC int xfib_route__change(const struct xfib *instance, enum xfib_change what,
				   const struct xfib_route_spec *spec)
{
	struct change change = { .what = what, .spec = *spec };
	int err = check(&change);

	return err ? err : make(instance, &change, 1, NULL);
}

XFIB_PUBLIC int xfib_transaction__new(const struct xfib *instance, struct xfib_transaction **ret_transaction)
{
	struct xfib_transaction *transaction = calloc(1, sizeof(*transaction));

	if (!transaction)
		return error__set(-ENOMEM, "out of memory");
	transaction->instance = instance;
	*ret_transaction = transaction;
	return 0;
}

XFIB_PUBLIC int xfib_transaction__add(struct xfib_transaction *transaction, enum xfib_change what,
				      const struct xfib_route_spec *spec)
{
	struct change change = { .what = what, .spec = *spec };
	int err = transaction->committed ? error__set(-EINVAL, "the transaction has been committed") : check(&change);

	if (err)
		return err;
	err = change_list__add(&transaction->list, &change);
	return err ? error__set(err, "a transaction of %u changes: %s", transaction->list.count, strerror(-err)) : 0;
}

XFIB_PUBLIC size_t xfib_transaction__count(const struct xfib_transaction *transaction)
{
	return transaction->list.count;
}

XFIB_PUBLIC int xfib_transaction__commit(struct xfib_transaction *transaction, size_t *ret_failed)
{
	if (transaction->committed) {
		if (ret_failed)
			*ret_failed = transaction->list.count;
		return error__set(-EINVAL, "the transaction has been committed before");
	}
	transaction->committed = true;
	if (!transaction->list.count)
		return 0;
	return make(transaction->instance, transaction->list.changes, transaction->list.count, ret_failed);
}

XFIB_PUBLIC void xfib_transaction__free(struct xfib_transaction *transaction)
{
	if (!transaction)
		return;
	change_list__clear(&transaction->list);
	free(transaction);
}
