/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A figure of a benchmark: one line of JSON, {name, value, unit, target, met,
 * baseline}, null where there is none. Value and target have the same unit; of
 * a ratio the baseline is what was divided by, as it was measured in this run.
 * figures.sh collects the lines.
 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stdbool.h>
#include <stdio.h>

/* Three digits at least: what is small gets decimals. */
static inline void figure__number(double value)
{
	double size = value < 0 ? -value : value;

	printf("%.*f", size >= 100 ? 0 : size >= 10 ? 1 : 2, value);
}

static inline void figure__line(const char *name, double value, const char *unit, const double *target, bool met,
				const double *baseline)
{
	printf("{\"name\":\"%s\",\"value\":", name);
	figure__number(value);
	printf(",\"unit\":\"%s\",\"target\":", unit);
	if (target)
		printf("%g,\"met\":%s", *target, met ? "true" : "false");
	else
		printf("null,\"met\":null");
	printf(",\"baseline\":");
	if (baseline)
		figure__number(*baseline);
	else
		printf("null");
	puts("}");
	fflush(stdout);
}

static inline void figure__plain(const char *name, double value, const char *unit)
{
	figure__line(name, value, unit, NULL, false, NULL);
}

/* A ratio without a target. */
static inline void figure__ratio(const char *name, double value, double baseline)
{
	figure__line(name, value, "times", NULL, false, &baseline);
}

static inline void figure__at_least(const char *name, double value, const char *unit, double target, double baseline)
{
	figure__line(name, value, unit, &target, value >= target, baseline ? &baseline : NULL);
}

static inline void figure__at_most(const char *name, double value, const char *unit, double target, double baseline)
{
	figure__line(name, value, unit, &target, value <= target, baseline ? &baseline : NULL);
}

#endif
