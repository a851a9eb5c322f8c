/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Tests of what keeps to the same path of many, and what does not. */
#ifndef TESTS_PROG_FLOWS_H
#define TESTS_PROG_FLOWS_H

void flows_keep_their_path(void **state);
void flows_go_as_the_model_says(void **state);

#endif
