// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Options that change while the daemon runs. See reload.h. */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "fpm.h"
#include "log.h"
#include "mirror.h"
#include "options.h"

#define NAMES_SIZE 512

static bool is_named(const struct option_ports *ports, const char *name)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		if (!strcmp(ports->names[i], name))
			return true;
	}
	return false;
}

/* All of them: a device that is there again, or whose mode is another one, needs it. What is attached stays so. */
static void attach_ports(const struct instance *instance, const struct options *options)
{
	for (uint32_t i = 0; i < options->ports.count; i++)
		instance__attach(instance, options->ports.names[i], options->mode); /* what fails is logged */
}

static void tell_of_ports_left(const struct option_ports *before, const struct option_ports *now)
{
	for (uint32_t i = 0; i < before->count; i++) {
		if (!is_named(now, before->names[i]))
			log_info("port %s is not named any more, and keeps its program until 'xfib detach %s'", before->names[i],
				 before->names[i]);
	}
}

static void apply(const struct options *before, const struct options *now, const struct running *running)
{
	log__set_level(now->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (now->audit_interval != before->audit_interval)
		mirror__set_audit_interval(running->mirror, now->audit_interval);
	fpm__set_hold(running->fpm, now->fpm_hold);
	tell_of_ports_left(&before->ports, &now->ports);
	attach_ports(running->instance, now);
}

void reload__options(int argc, char **argv, struct options *options, const struct running *running)
{
	struct options *read = malloc(2 * sizeof(*read)), *before = read + 1;
	char names[NAMES_SIZE];

	if (!read || options__parse(argc, argv, read)) {
		log_error("the options stay as they were");
		free(read);
		return;
	}
	if (options__differences(options, read, false, names, sizeof(names)))
		log_warning("changed, which takes effect when xfibd is started again: %s", names);
	if (options__differences(options, read, true, names, sizeof(names)))
		log_info("changed: %s", names);
	*before = *options;
	options__take_live(options, read);
	apply(before, options, running);
	free(read);
}
