#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The conformance tables of netioapi over a private copy of the kernel's routes, without a daemon.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/worlds.sh"
conformance private
