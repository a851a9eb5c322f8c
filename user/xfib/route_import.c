// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib route import: reads a whole file, or standard input, into one
 * transaction, and then commits it.
 *
 * Besides the transaction it keeps the line of each change, four bytes, to
 * name the one that could not be made.
 */
#include "route.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "decompress.h"
#include "device.h"
#include "format.h"
#include "import_words.h"
#include "progress.h"

#define BLOCK 65536
#define REPORTED 20 /* bad lines that are named; the others are counted */

struct job {
	struct import_words words;
	int fd;
	struct xfib *instance;
	struct xfib_transaction *transaction; /* NULL for a dry run */
	struct import *import;
	struct decompress *stream;
	struct devices devices;
	struct progress progress;
	uint32_t *places; /* of each change */
	size_t count, room;
	uint32_t table; /* that of the routes so far, 0 before the first one */
	bool several_tables;
};

static const char *nothing_changed(const struct job *job)
{
	return job->words.dry_run ? "" : ": nothing was changed";
}

/* ---- the sink ---- */

static void note_table(struct job *job, const struct xfib_route_spec *spec)
{
	uint32_t table = spec->table;

	if (!table)
		table = spec->type == XFIB_ROUTE_LOCAL ? XFIB_TABLE_LOCAL : XFIB_TABLE_MAIN;
	job->several_tables |= job->table && job->table != table;
	job->table = table;
}

static int note_place(struct job *job, uint64_t place)
{
	if (job->count == job->room) {
		size_t room = job->room ? job->room * 2 : 4096;
		uint32_t *grown = realloc(job->places, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		job->places = grown;
		job->room = room;
	}
	job->places[job->count++] = (uint32_t)place;
	return 0;
}

static int take_route(void *data, uint64_t place, const struct xfib_route_spec *spec, struct why *ret_why)
{
	struct job *job = data;
	int err;

	if (job->transaction) {
		err = xfib_transaction__add(job->transaction, job->words.change, spec);
		if (err == -EINVAL)
			return why__set(ret_why, "%s", xfib_error__last());
		if (!err)
			err = note_place(job, place);
		if (err) {
			progress__clear(&job->progress);
			fail(STATUS_FAILED, "route import %s: %s %llu: %s: nothing was changed", job->words.file,
			     import__unit(job->import), (unsigned long long)place,
			     err == -ENOMEM ? "out of memory" : xfib_error__last());
			return -ECANCELED;
		}
	}
	note_table(job, spec);
	return 0;
}

static int take_bad(void *data, uint64_t place, const char *quote, const char *why)
{
	const char *left = *quote ? " '" : "", *right = *quote ? "'" : "";
	struct job *job = data;

	progress__clear(&job->progress);
	if (import__counts(job->import)->bad <= REPORTED)
		fail(STATUS_FAILED, "route import %s: %s %llu%s%s%s: %s%s", job->words.file, import__unit(job->import),
		     (unsigned long long)place, left, quote, right, why, job->words.keep_going ? "" : nothing_changed(job));
	return job->words.keep_going ? 0 : -ECANCELED;
}

/* ---- reading ---- */

static ssize_t read_input(void *data, void *memory, size_t room)
{
	const struct job *job = data;
	ssize_t count;

	do {
		count = read(job->fd, memory, room);
	} while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count;
}

static int read_failed(struct job *job, const char *why)
{
	progress__clear(&job->progress);
	return fail(STATUS_FAILED, "route import %s: %s%s", job->words.file, why, nothing_changed(job));
}

/* What ended the import has been said where it came from the sink. */
static int import_failed(struct job *job)
{
	const char *why = import__error(job->import);

	return *why ? read_failed(job, why) : STATUS_FAILED;
}

static int read_all(struct job *job)
{
	static char block[BLOCK];
	const struct import_counts *counts = import__counts(job->import);
	ssize_t count;

	while ((count = decompress__read(job->stream, block, sizeof(block))) > 0) {
		if (import__feed(job->import, block, (size_t)count))
			return import_failed(job);
		progress__update(&job->progress, decompress__consumed(job->stream), counts->routes4 + counts->routes6);
	}
	if (count < 0)
		return read_failed(job, decompress__error(job->stream));
	if (import__end(job->import))
		return import_failed(job);
	if (job->words.options.peer != IMPORT_PEER_FIRST && !strcmp(import__unit(job->import), "line"))
		return read_failed(job, "has lines, of which none is a peer's: 'peer' is for MRT dumps");
	return STATUS_DONE;
}

/* ---- the end ---- */

static int commit(struct job *job)
{
	size_t failed = job->count;
	int err;

	if (!job->transaction || !job->count)
		return STATUS_DONE;
	progress__say(&job->progress, "applying ...");
	err = xfib_transaction__commit(job->transaction, &failed);
	progress__clear(&job->progress);
	if (!err)
		return STATUS_DONE;
	if (failed < job->count)
		return fail(STATUS_FAILED, "route import %s: %s %u: %s: nothing was changed", job->words.file,
			    import__unit(job->import), job->places[failed], xfib_error__last());
	return fail(STATUS_FAILED, "route import %s: %s%s", job->words.file, xfib_error__last(),
		    err == -ECONNRESET ? "" : ": nothing was changed"); /* then nobody knows */
}

static void print_json(const struct job *job, const char *table, double seconds)
{
	const struct import_counts *counts = import__counts(job->import);
	json_t *object = json_object();

	json_object_set_new(object, "routes", json_integer((json_int_t)(counts->routes4 + counts->routes6)));
	json_object_set_new(object, "ipv4", json_integer((json_int_t)counts->routes4));
	json_object_set_new(object, "ipv6", json_integer((json_int_t)counts->routes6));
	if (table)
		json_set_text(object, "table", table);
	json_object_set_new(object, "bad", json_integer((json_int_t)counts->bad));
	json_object_set_new(object, "skipped", json_integer((json_int_t)counts->skipped));
	json_object_set_new(object, "dry_run", json_boolean(job->words.dry_run));
	json_object_set_new(object, "seconds", json_real(seconds));
	print_element(0, object);
	print_end(1);
}

static void print_summary(const struct job *job, uint64_t begin)
{
	const struct import_counts *counts = import__counts(job->import);
	double seconds = (double)(progress__now() - begin) / 1000;
	char table[TEXT_SIZE];

	format_table(table, job->words.options.table ? job->words.options.table : job->table ? job->table : XFIB_TABLE_MAIN);
	if (options.json) {
		print_json(job, job->several_tables ? NULL : table, seconds);
		return;
	}
	printf("%s %llu routes (%llu IPv4, %llu IPv6) into %s%s in %.1f s", job->words.dry_run ? "would import" : "imported",
	       (unsigned long long)(counts->routes4 + counts->routes6), (unsigned long long)counts->routes4,
	       (unsigned long long)counts->routes6, job->several_tables ? "several tables" : "table ",
	       job->several_tables ? "" : table, seconds);
	if (counts->skipped)
		printf(", %llu skipped", (unsigned long long)counts->skipped);
	putchar('\n');
}

static int run(struct job *job)
{
	uint64_t begin = progress__now(), bad;
	int status = read_all(job);

	progress__clear(&job->progress);
	if (!status)
		status = commit(job);
	if (status)
		return status;
	print_summary(job, begin);
	bad = import__counts(job->import)->bad;
	if (!bad)
		return STATUS_DONE;
	finish_output();
	return fail(STATUS_FAILED, "route import %s: %llu bad %s%s left out", job->words.file, (unsigned long long)bad,
		    import__unit(job->import), bad == 1 ? " was" : "s were");
}

/* ---- the beginning ---- */

static int open_file(struct job *job)
{
	struct stat info;

	if (!strcmp(job->words.file, "-")) {
		job->words.file = "standard input";
		job->fd = STDIN_FILENO;
	} else {
		job->fd = open(job->words.file, O_RDONLY | O_CLOEXEC);
		if (job->fd < 0)
			return fail(STATUS_FAILED, "route import %s: %s", job->words.file, strerror(errno));
	}
	progress__begin(&job->progress, !fstat(job->fd, &info) && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0);
	return STATUS_DONE;
}

static int prepare(struct job *job)
{
	struct import_sink sink = { .route = take_route, .bad = take_bad, .data = job };
	int status = open_file(job);

	if (status)
		return status;
	job->words.options.device = devices__find;
	job->words.options.device_data = &job->devices;
	if (import__new(&job->words.options, &sink, &job->import) || decompress__new(read_input, job, &job->stream))
		return fail(STATUS_FAILED, "route import %s: out of memory", job->words.file);
	if (job->words.dry_run)
		return STATUS_DONE;
	status = open_for_changes(&job->instance);
	if (!status && xfib_transaction__new(job->instance, &job->transaction))
		status = fail(STATUS_FAILED, "route import %s: %s", job->words.file, xfib_error__last());
	return status;
}

int route_import(int argc, char **argv)
{
	static struct job job = { .fd = -1 };
	int status = import_words__parse(argc, argv, &job.words);

	if (!status)
		status = prepare(&job);
	if (!status)
		status = run(&job);
	xfib_transaction__free(job.transaction);
	xfib_instance__close(job.instance);
	import__free(job.import);
	decompress__free(job.stream);
	free(job.places);
	if (job.fd > STDIN_FILENO)
		close(job.fd);
	return status;
}
