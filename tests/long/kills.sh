#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kills.sh - at more system calls of each, ROLLCODE_POINTS of them.
# limit: 3000
exec "$(dirname "$0")/../kills.sh" long
