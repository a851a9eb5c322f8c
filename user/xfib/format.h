/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Numbers, addresses and names as text, and names as numbers. */
#ifndef XFIB_FORMAT_H
#define XFIB_FORMAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <xfib/xfib.h>

#define TEXT_SIZE 64 /* room for any of these texts */

/* Each writes into `text` and returns the end of what it wrote, a zero byte, so that texts can follow one another. */
static inline char *format_string(char *text, const char *string)
{
	return stpcpy(text, string);
}
char *format_number(char *text, uint32_t number);
char *format_address(char *text, uint32_t family, const uint8_t address[16]);
char *format_prefix(char *text, uint32_t family, const uint8_t prefix[16], uint8_t length);
char *format_table(char *text, uint32_t table);
char *format_protocol(char *text, uint32_t protocol);
char *format_scope(char *text, uint32_t scope);

/* As ip has it: "default", a host without its length. */
char *format_destination(char *text, const struct xfib_route *route);

/* The string with its quotes; what is not ASCII is taken for Latin-1, since device names are any bytes. */
char *format_json_string(char *text, const char *string);

/* Numbers of names; false: no such name. */
bool table_number(const char *name, uint32_t *ret_table);
bool protocol_number(const char *name, uint32_t *ret_protocol);
bool scope_number(const char *name, uint32_t *ret_scope);
bool tos_number(const char *name, uint32_t *ret_tos);

/* "low", "medium" or "high", as ICMPV6_ROUTER_PREF_* (RFC 4191). */
const char *preference_name(uint32_t preference);
bool preference_number(const char *name, uint32_t *ret_preference);

/* "802.1Q" or "802.1ad" of the EtherType of a tag, as ip-link(8) has it. */
const char *vlan_protocol_name(uint16_t protocol);

/* By what packets choose one path of several, from xfib_state.hash4 or hash6. */
const char *hash_policy_text(uint32_t hash);

/* Sets a key to what one of the functions above has written. */
void json_set_text(json_t *object, const char *key, const char *text);

/* Does the next hop's gateway have another family than its route? */
bool is_via(uint32_t family, const struct xfib_nexthop *nexthop);

/* "via inet6 " and the like: what stands before the gateway of such a next hop. */
const char *via_word(uint32_t family, const struct xfib_nexthop *nexthop);

/* Adds `gateway`, or `via` where the gateway has another family, to an object. Nothing for an on-link path. */
void json_set_gateway(json_t *object, uint32_t family, const struct xfib_nexthop *nexthop);

#endif
