// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The answers beside those of `ip route get`, where the two systems' rules
 * agree. They do not in these classes, which docs/netioapi.md lists too:
 *
 *   argument     what GetBestRoute2 refuses (invalid parameter, source of
 *                another machine, loopback source to elsewhere) is not asked
 *   down         by an interface that is down, `ip` with `oif` knows no
 *                address of it either
 *   strong host  a source confines to its interface: ip is asked with `oif`
 *   on-link      IPv4 with `oif` and no route by it, also where a blackhole or
 *                the like is the best route: the kernel assumes that the
 *                destination is on the link; here it is unreachable, or a
 *                shorter prefix serves
 *   local        a local destination has `dev lo`; here it has the interface
 *                that owns the address
 *   paths        of several paths the kernel chooses by a hash, or takes the
 *                first one by that interface; here the lowest interface, then
 *                the lowest next hop
 *   broadcast    and multicast IPv4 destinations by an interface need no route
 *                in the kernel
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

#define SHOWN 20

static uint32_t confined_to(const struct world *world, const struct question *question)
{
	if (is_zero(question->source))
		return question->index;
	for (size_t i = 0; i < world->address_count; i++) {
		if (world->addresses[i].family == question->family && !memcmp(world->addresses[i].bytes, question->source, 16))
			return world->addresses[i].index;
	}
	return 0;
}

static bool is_asked(const struct world *world, const struct question *question, const struct answer *answer)
{
	const struct device *device = world__device(world, confined_to(world, question));

	return (answer->status == OK || answer->status == UNREACHABLE) && !is_loopback(question->family, question->source) &&
	       (!device || device->up);
}

/* ---- asking ip ---- */

static bool *ask(const struct world *world, const struct question *questions, const struct answer *answers, size_t count,
		 FILE *ret_output)
{
	char directory[] = "/tmp/xfib-oracle.XXXXXX", command[256], line[256], path[64];
	bool *failed = calloc(count + 1, sizeof(*failed));
	size_t number;
	FILE *file;

	if (!failed || !mkdtemp(directory) || chdir(directory) || !(file = fopen("questions", "w"))) {
		perror("oracle: temporary directory");
		exit(2);
	}
	for (size_t i = 0; i < count; i++) {
		const struct device *device = world__device(world, confined_to(world, &questions[i]));

		if (is_asked(world, &questions[i], &answers[i]))
			fprintf(file, "route get %s%s%s\n", text_of(questions[i].family, questions[i].destination),
				device ? " oif " : "", device ? device->name : "");
		else
			fputs("# not asked\n", file);
	}
	fclose(file);
	snprintf(command, sizeof(command), "ip -force -d -j -batch questions >answers 2>errors");
	if (system(command) < 0)
		exit(2);
	file = fopen("errors", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Command failed questions:%zu", &number) == 1 && number <= count)
			failed[number - 1] = true;
	}
	if (file)
		fclose(file);
	file = fopen("answers", "r");
	while (file && fgets(line, sizeof(line), file))
		fputs(line, ret_output);
	if (file)
		fclose(file);
	rewind(ret_output);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s", i == 0 ? "questions" : i == 1 ? "answers" : "errors");
		unlink(path);
	}
	if (!chdir("/"))
		rmdir(directory);
	return failed;
}

/* ---- comparing ---- */

static const char *string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_unreachable(const json_t *seen)
{
	static const char *const types[] = { "unreachable", "blackhole", "prohibit", "throw" };

	for (size_t i = 0; i < COUNT(types); i++) {
		if (seen && !strcmp(string(seen, "type"), types[i]))
			return true;
	}
	return !seen || json_object_get(seen, "error");
}

static const char *gateway_of(const json_t *seen)
{
	const json_t *via = json_object_get(seen, "via");

	return via ? string(via, "host") : string(seen, "gateway");
}

/* Is the kernel's answer one of the usable paths of the winning route? */
static bool is_path(const struct world *world, const struct answer *answer, uint32_t index, const json_t *seen)
{
	for (size_t i = 0; i < answer->route->path_count; i++) {
		const struct path *path = &answer->route->paths[i];
		const struct device *device = world__device(world, path->index);

		if (path->dead || (index && path->index != index) || strcmp(device->name, string(seen, "dev")))
			continue;
		if (!strcmp(gateway_of(seen), path->gateway_family ? text_of(path->gateway_family, path->gateway) : ""))
			return true;
	}
	return false;
}

/* The kernel found no route by the interface, and assumes that the destination is on the link: it names no table then. */
static bool is_assumed(const struct question *question, const struct device *device, const json_t *seen)
{
	return question->family == AF_INET && device && !*gateway_of(seen) && !*string(seen, "table") &&
	       !strcmp(string(seen, "dev"), device->name);
}

/* Did a route that leads nowhere end the kernel's search before it came to the answer? */
static bool is_shadowed(const struct world *world, const struct question *question, const struct answer *answer)
{
	for (size_t i = 0; i < world->route_count; i++) {
		const struct route *route = &world->routes[i];

		if (route->family == question->family && !has_row(route) && route->length >= answer->route->length &&
		    common_bits(route->prefix, question->destination) >= route->length)
			return true;
	}
	return false;
}

static const char *difference(const struct world *world, const struct question *question, const struct answer *answer,
			      const json_t *seen)
{
	uint32_t index = confined_to(world, question);
	const struct device *device = world__device(world, index);
	bool chosen = is_zero(question->source);

	if (is_unreachable(seen))
		return answer->status == UNREACHABLE ? NULL : "the kernel has no route";
	if (is_assumed(question, device, seen))
		return answer->status == UNREACHABLE || is_shadowed(world, question, answer) ? NULL :
											       "the kernel has no route by it";
	if (answer->status == UNREACHABLE)
		return "the kernel has a route";
	if (!strcmp(answer->route->type, "local"))
		return strcmp(string(seen, "type"), "local") ? "the kernel does not take it for local" :
		       chosen && strcmp(string(seen, "prefsrc"), text_of(question->family, answer->source)) ? "source" : NULL;
	if (!is_path(world, answer, index, seen))
		return "route";
	if (chosen && answer->route->path_count == 1 && strcmp(string(seen, "prefsrc"), text_of(question->family, answer->source)))
		return "source";
	return NULL;
}

size_t kernel__compare(const struct world *world, const struct question *questions, const struct answer *answers,
		       size_t count)
{
	FILE *output = tmpfile();
	size_t differences = 0;
	bool *failed;

	if (!output) {
		perror("oracle: temporary file");
		exit(2);
	}
	failed = ask(world, questions, answers, count, output);
	for (size_t i = 0; i < count; i++) {
		json_t *list = is_asked(world, &questions[i], &answers[i]) && !failed[i] ? json_loadf(output, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
		const json_t *seen = json_array_get(list, 0);
		const char *why = is_asked(world, &questions[i], &answers[i]) ? difference(world, &questions[i], &answers[i], seen) : NULL;

		if (why) {
			const struct device *device = world__device(world, confined_to(world, &questions[i]));
			char *text = seen ? json_dumps(seen, 0) : NULL;

			if (differences++ < SHOWN)
				printf("# %s by %s: %s: here %s source %s, the kernel says %s\n",
				       text_of(questions[i].family, questions[i].destination),
				       device ? device->name : "any", why,
				       answers[i].status == OK ? text_of(questions[i].family, answers[i].route->prefix) : "none",
				       text_of(questions[i].family, answers[i].source), text ? text : "no");
			free(text);
		}
		json_decref(list);
	}
	free(failed);
	fclose(output);
	return differences;
}
