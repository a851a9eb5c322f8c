/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tables of cases share. Files that include this are compiled twice,
 * for the driver contract and for the user-mode one, and both objects run in
 * one process: names that they export are spelled with OF_CONTRACT(). Only
 * main.c, harness.c and expect.c are compiled once.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <netioapi.h>

#include <stdbool.h>

#ifdef NETIOAPI_USER_MODE
#define CONTRACT USER
#define OF_CONTRACT(name) name##_user
#else
#define CONTRACT DRIVER
#define OF_CONTRACT(name) name##_driver
#endif

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- the worlds, see worlds.sh ---- */

enum world { HOST, ISLAND, NO6, EMPTY, UNREADABLE, UNWRITABLE, ABSENT };
enum { LO = 1, T1 = 11, T2, T3, T4, BR0, TUN0, PPP0, TUNNEL0, WLAN0, ETHERNET_12, UNKNOWN = 9999 };

/* ---- statuses ---- */

/* The rows of the table of statuses in the rules; NONE: the contract has no such case. */
enum status {
	OK,
	FILE_NOT_FOUND,
	ACCESS_DENIED,
	INVALID_HANDLE,
	NO_MEMORY,
	NOT_SUPPORTED,
	INVALID,
	INVALID_NAME,
	NOT_FOUND,
	UNREACHABLE,
	EXISTS,
	NONE,
};
enum contract { DRIVER, USER };

#define BOTH(status) { status, status } /* expected by contract: { driver, user } */

/* The number that a contract has for a status. */
uint32_t status__number(enum contract contract, enum status status);

/* ---- results ---- */

/* What a case expects beside what it got; "" is a pass. One result for each case and contract. */
#define WHY_BYTES 2048
void result(enum contract contract, const char *function, const char *desc, const char *why);
void result__note(char why[WHY_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
void result__status(char why[WHY_BYTES], enum contract contract, enum status expected, uint32_t seen);

/* Runs lines of `ip -batch`; then waits until the library answers by all changes before. */
void ip(const char *lines);

/* Deletes what the cases have written: 100.80.0.0/12 and 2001:db8:80::/44. */
void ip__flush(void);

/* What `ip route show` says of a prefix, a route a line: "" if nothing. */
const char *ip__route(const char *prefix, int length);

/* Repeats a case until it passes or three seconds are over: of those that depend on events. */
bool deadline__over(unsigned int *attempt);

/* ---- what goes in and what is expected ---- */

#define POISON 0xa5
void poison(void *memory, size_t bytes);
bool is_filled(const void *memory, int byte, size_t bytes);

/* "10.1.0.254", "fe80::11", with "%11" a scope, with "!" in front rubbish in port and flow info; "AF 23" a family and nothing else. */
void address__read(const char *text, SOCKADDR_INET *ret_address);
/* "TYPE:INDEX" or "TYPE:INDEX:RESERVED"; "0": the value 0. */
NET_LUID luid__read(const char *text);
/* The LUID of an interface of the worlds. */
NET_LUID luid__of(NET_IFINDEX index);

/* A row as it is expected: all fields, those of the same value everywhere left out. */
struct row {
	const char *prefix;   /* "203.0.113.0/24"; NULL: no row is expected */
	const char *next_hop; /* NULL: on-link */
	NET_IFINDEX index;
	ULONG metric;
	NL_ROUTE_PROTOCOL protocol;
	NL_ROUTE_ORIGIN origin;
	ULONG lifetime; /* 0: for ever */
};

/* The expected row, in zeroed memory. */
void row__make(const struct row *row, MIB_IPFORWARD_ROW2 *ret_row);

/* Compares all 104 bytes; Age, and a lifetime that passes, are looked at for their range only. */
void row__compare(char why[WHY_BYTES], const struct row *expected, const MIB_IPFORWARD_ROW2 *seen);
void address__compare(char why[WHY_BYTES], const char *expected, const SOCKADDR_INET *seen);

/* ---- the tables ---- */

#define TABLES(X) X(best_route) X(entry) X(table) X(convert) X(change) X(notify) X(callers) X(access)
#define TABLE_DECLARATION(name)                                                                                        \
	void name##_driver(enum world world);                                                                          \
	void name##_user(enum world world);
TABLES(TABLE_DECLARATION)

#endif
