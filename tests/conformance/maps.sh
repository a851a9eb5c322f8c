#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The conformance tables of netioapi against the daemon's maps.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/worlds.sh"
conformance maps
