// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A long-lived program that asks GetBestRoute2() all the time, over all that happens to the daemon and its maps:
 *
 *	reader DESTINATION=GATEWAY…
 *
 * The answer must always have this gateway. At SIGTERM prints
 *
 *	asked N wrong N
 *
 * and the first wrong answers on standard error. Status 1 if one was wrong.
 */
#define NETIOAPI_USER_MODE /* where no interface has to be named */
#include <arpa/inet.h>
#include <netioapi.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define QUESTIONS_MAX 64
#define COMPLAINTS 5

struct question {
	SOCKADDR_INET destination, gateway;
	const char *text;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static bool parse_address(const char *text, SOCKADDR_INET *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	if (inet_pton(AF_INET, text, &ret_address->Ipv4.sin_addr) == 1) {
		ret_address->si_family = AF_INET;
		return true;
	}
	ret_address->si_family = AF_INET6;
	return inet_pton(AF_INET6, text, &ret_address->Ipv6.sin6_addr) == 1;
}

static bool parse(const char *text, struct question *ret_question)
{
	const char *equals = strchr(text, '=');
	char destination[64];

	if (!equals || (size_t)(equals - text) >= sizeof(destination))
		return false;
	snprintf(destination, sizeof(destination), "%.*s", (int)(equals - text), text);
	ret_question->text = text;
	return parse_address(destination, &ret_question->destination) && parse_address(equals + 1, &ret_question->gateway);
}

static bool is_right(const struct question *question, uint32_t status, const MIB_IPFORWARD_ROW2 *row)
{
	if (status != NO_ERROR || row->NextHop.si_family != question->gateway.si_family)
		return false;
	if (question->gateway.si_family == AF_INET)
		return !memcmp(&row->NextHop.Ipv4.sin_addr, &question->gateway.Ipv4.sin_addr, 4);
	return !memcmp(&row->NextHop.Ipv6.sin6_addr, &question->gateway.Ipv6.sin6_addr, 16);
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	static struct question questions[QUESTIONS_MAX];
	unsigned long long asked = 0, wrong = 0;

	for (int i = 1; i < argc; i++) {
		if (i > QUESTIONS_MAX || !parse(argv[i], &questions[i - 1])) {
			fprintf(stderr, "reader: '%s': must be DESTINATION=GATEWAY, of %d at most\n", argv[i], QUESTIONS_MAX);
			return 2;
		}
	}
	signal(SIGTERM, on_signal);
	while (!ended) {
		for (int i = 0; i < argc - 1; i++) {
			SOCKADDR_INET source;
			MIB_IPFORWARD_ROW2 row;
			uint32_t status = GetBestRoute2(NULL, 0, NULL, &questions[i].destination, 0, &row, &source);

			asked++;
			if (is_right(&questions[i], status, &row))
				continue;
			if (wrong++ < COMPLAINTS)
				fprintf(stderr, "reader: %s: status %u\n", questions[i].text, status);
		}
		nanosleep(&pause, NULL);
	}
	printf("asked %llu wrong %llu\n", asked, wrong);
	return wrong != 0;
}
