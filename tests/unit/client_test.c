// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/lib/client.c and connection.c against a daemon that is restarted, ends
 * in the middle, refuses, or says what makes no sense. The daemon is a thread
 * with the session of the real one.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "listener.h"
#include "session.h"

/* What the daemon does with a connection. */
enum behaviour {
	SERVES,
	ENDS_AT_ONCE,
	REFUSES,                /* and closes with the client's hello unread */
	GREETS_IN_NO_WORDS,     /* a hello that is none */
	GREETS_IN_OTHER_WORDS,  /* of another version */
	ENDS_BEFORE_THE_RESULT,
	ANSWERS_IN_NO_WORDS,
	ENDS_AFTER_ONE_RESULT,
};

static struct {
	char path[SOCKET_PATH_SIZE];
	int listen_fd;
	enum behaviour behaviour;
	pthread_t thread;
	struct session_pool pool;
	uint32_t connections, closed;
	uint64_t changes;
} fake;

static uint8_t packet[PROTOCOL_PACKET]; /* of the daemon's thread */

static int make(const struct change *changes, uint32_t count, uint64_t origin, struct change_failure *ret_failure,
		void *data)
{
	(void)origin;
	(void)data;
	for (uint32_t i = 0; i < count; i++) {
		if (changes[i].spec.table != 13)
			continue;
		*ret_failure = (struct change_failure){ .index = i, .message = "unlucky" };
		return -EEXIST;
	}
	fake.changes += count;
	return 0;
}

static void send_all(int fd, struct session *session)
{
	size_t length;

	while ((length = session__output(session, packet)))
		send(fd, packet, length, MSG_NOSIGNAL);
}

static void serve(int fd)
{
	static const struct peer peer = { .pid = 1, .may_write = true, .may_watch = true };
	struct session *session;
	uint32_t version = PROTOCOL_VERSION + 1;
	ssize_t length;

	assert_int_equal(session__new(&fake.pool, 1, &peer, 1, &session), 0);
	for (int packets = 0; fake.behaviour != ENDS_AT_ONCE; packets++) {
		if (fake.behaviour == REFUSES) {
			session__refuse(session, -EACCES, "not you");
			send_all(fd, session);
			break;
		}
		length = recv(fd, packet, sizeof(packet), 0);
		if (length <= 0 || (packets && fake.behaviour == ENDS_BEFORE_THE_RESULT))
			break;
		session__take(session, packet, (size_t)length, 1);
		if (session__wants_commit(session))
			session__commit(session);
		if (packets == 0 && fake.behaviour == GREETS_IN_NO_WORDS) {
			send(fd, "hello", 5, MSG_NOSIGNAL);
		} else if (packets == 0 && fake.behaviour == GREETS_IN_OTHER_WORDS) {
			length = (ssize_t)session__output(session, packet);
			memcpy(packet + offsetof(struct protocol_hello, version), &version, sizeof(version));
			send(fd, packet, (size_t)length, MSG_NOSIGNAL);
		} else if (packets && fake.behaviour == ANSWERS_IN_NO_WORDS) {
			memset(packet, 0xff, sizeof(packet));
			send(fd, packet, sizeof(packet), MSG_NOSIGNAL);
		} else {
			bool answers = packets && session__is_busy(session);

			send_all(fd, session);
			if (answers && fake.behaviour == ENDS_AFTER_ONE_RESULT)
				break;
		}
	}
	session__free(session);
}

/* One connection after the other, until the listener is shut down. */
static void *run(void *data)
{
	int fd;

	(void)data;
	while ((fd = accept(fake.listen_fd, NULL, NULL)) >= 0) {
		fake.connections++;
		serve(fd);
		close(fd);
		__atomic_add_fetch(&fake.closed, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Waits until the daemon has closed so many connections: what is sent before that may be lost. */
static void wait_for_end(uint32_t count)
{
	while (__atomic_load_n(&fake.closed, __ATOMIC_ACQUIRE) < count)
		usleep(1000);
}

static void start(enum behaviour behaviour)
{
	fake.behaviour = behaviour;
	fake.pool.change = make;
	fake.connections = fake.closed = 0;
	fake.changes = 0;
	assert_int_equal(listener__open(fake.path, &fake.listen_fd), 0);
	/* The real one polls. */
	assert_int_equal(fcntl(fake.listen_fd, F_SETFL, fcntl(fake.listen_fd, F_GETFL) & ~O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&fake.thread, NULL, run, NULL), 0);
}

static void stop(void)
{
	shutdown(fake.listen_fd, SHUT_RDWR);
	pthread_join(fake.thread, NULL);
	listener__close(fake.listen_fd, fake.path);
}

static struct client *open_client(void)
{
	struct client *client;

	assert_int_equal(client__new(fake.path, "/sys/fs/bpf/none", &client), 0);
	assert_string_equal(client__path(client), fake.path);
	return client;
}

static int change(struct client *client, uint32_t table, uint32_t count, struct change_failure *ret_failure)
{
	struct change *changes = calloc(count, sizeof(*changes));
	int err;

	for (uint32_t i = 0; i < count; i++) {
		changes[i] = (struct change){ .what = XFIB_ADD,
					      .spec = { .size = sizeof(changes[i].spec), .family = AF_INET,
							.table = i + 1 == count ? table : 1 } };
	}
	memset(ret_failure, 0, sizeof(*ret_failure));
	err = client__change(client, changes, count, ret_failure);
	free(changes);
	return err;
}

/* ---- a daemon that serves ---- */

static void changes_arrive(void **state)
{
	struct client *client = open_client();
	struct change_failure failure;

	(void)state;
	start(SERVES);
	assert_int_equal(change(client, 1, 1, &failure), 0);
	assert_int_equal(fake.changes, 1);
	assert_int_equal(change(client, 1, 5000, &failure), 0); /* more than a packet */
	assert_int_equal(fake.changes, 5001);
	assert_int_equal(change(client, 13, 1, &failure), -EEXIST);
	assert_string_equal(failure.message, "unlucky");
	assert_int_equal(failure.index, 0);
	assert_int_equal(change(client, 13, 5000, &failure), -EEXIST);
	assert_int_equal(failure.index, 4999);
	assert_int_equal(change(client, 1, 1, &failure), 0);
	assert_int_equal(fake.connections, 1);
	client__free(client);
	stop();
}

static void what_cannot_be_said_is_named(void **state)
{
	struct change changes[] = {
		{ .what = XFIB_ADD, .spec = { .family = AF_INET } },
		{ .what = XFIB_ADD, .spec = { .family = AF_INET, .prefix_length = 33 } },
	};
	struct client *client = open_client();
	struct change_failure failure;

	(void)state;
	start(SERVES);
	assert_int_equal(client__change(client, changes, 2, &failure), -EINVAL);
	assert_int_equal(failure.index, 1);
	assert_int_equal(change(client, 1, 1, &failure), 0);
	assert_int_equal(fake.changes, 1);
	client__free(client);
	stop();
}

static void a_restart_is_not_seen(void **state)
{
	struct client *client = open_client();
	struct change_failure failure;

	(void)state;
	start(ENDS_AFTER_ONE_RESULT);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(change(client, 1, 1 + i * 700, &failure), 0);
		assert_int_equal(fake.connections, i + 1);
		wait_for_end(i + 1);
	}
	client__free(client);
	stop();
}

static void *change_often(void *client)
{
	struct change_failure failure;

	for (int i = 0; i < 200; i++)
		assert_int_equal(change(client, 1, 1, &failure), 0);
	return NULL;
}

static void threads_share_a_connection(void **state)
{
	struct client *client = open_client();
	pthread_t threads[8];

	(void)state;
	start(SERVES);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, change_often, client), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(fake.changes, 8 * 200);
	assert_int_equal(fake.connections, 1);
	client__free(client);
	stop();
}

/* A child has a connection of its own, though the parent's is open. */
static void children_have_their_own(void **state)
{
	struct client *client = open_client();
	struct change_failure failure;
	pid_t child;
	int status;

	(void)state;
	start(ENDS_AFTER_ONE_RESULT);
	assert_int_equal(change(client, 1, 1, &failure), 0);
	wait_for_end(1);
	child = fork();
	if (!child)
		_exit(change(client, 1, 1, &failure) ? 1 : 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(fake.connections, 2);
	client__free(client);
	stop();
}

/* ---- one that does not ---- */

static void failures_have_words(void **state)
{
	static const struct {
		enum behaviour behaviour;
		int err;
		const char *words;
	} cases[] = {
		{ ENDS_AT_ONCE, -ECONNRESET, "ended before it answered" },
		{ REFUSES, -EACCES, "not you" },
		{ GREETS_IN_NO_WORDS, -EBADMSG, "is not xfibd" },
		{ GREETS_IN_OTHER_WORDS, -EPROTONOSUPPORT, "version 2" },
		{ ENDS_BEFORE_THE_RESULT, -ECONNRESET, "have been made, some, or none" },
		{ ANSWERS_IN_NO_WORDS, -EBADMSG, "no answer" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct client *client = open_client();
		struct change_failure failure;
		int err;

		start(cases[i].behaviour);
		err = change(client, 1, 3, &failure);
		if (err != cases[i].err || !strstr(failure.message, cases[i].words))
			print_message("behaviour %d: %d, %s\n", cases[i].behaviour, err, failure.message);
		assert_int_equal(err, cases[i].err);
		assert_int_equal(failure.index, 3);
		assert_non_null(strstr(failure.message, cases[i].words));
		fake.behaviour = SERVES; /* it is not held against it */
		assert_int_equal(change(client, 1, 3, &failure), 0);
		client__free(client);
		stop();
	}
}

static void nobody_listens(void **state)
{
	char path[SOCKET_PATH_SIZE + 1] = "";
	struct client *client = open_client();
	struct change_failure failure;

	(void)state;
	assert_int_equal(change(client, 1, 1, &failure), -ECONNREFUSED);
	assert_non_null(strstr(failure.message, "start it, or set XFIB_SOCKET"));
	client__free(client);
	memset(path, 'x', sizeof(path) - 1);
	assert_int_equal(client__new(path, "/sys/fs/bpf/none", &client), 0);
	assert_int_equal(change(client, 1, 1, &failure), -ENAMETOOLONG);
	client__free(client);
}

/* ---- the socket's place ---- */

static void a_stale_socket_is_replaced(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), other;
	struct stat info;

	(void)state;
	strcpy(address.sun_path, fake.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(listener__open(fake.path, &fd), 0);
	assert_int_equal(stat(fake.path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0666);
	assert_int_equal(listener__open(fake.path, &other), -EADDRINUSE);
	listener__close(fd, fake.path);
	assert_int_equal(stat(fake.path, &info), -1);
	fd = open(fake.path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(listener__open(fake.path, &other), -EEXIST);
	assert_int_equal(unlink(fake.path), 0);
}

static int make_directory(void **state)
{
	char directory[] = "/tmp/xfib-client-XXXXXX";

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	/* One more, which is made. */
	snprintf(fake.path, sizeof(fake.path), "%s/run/socket", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		*strrchr(fake.path, '/') = '\0';
		rmdir(fake.path);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_arrive),
		cmocka_unit_test(what_cannot_be_said_is_named),
		cmocka_unit_test(a_restart_is_not_seen),
		cmocka_unit_test(threads_share_a_connection),
		cmocka_unit_test(children_have_their_own),
		cmocka_unit_test(failures_have_words),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_stale_socket_is_replaced),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
