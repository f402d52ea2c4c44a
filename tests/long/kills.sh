#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kills.sh - at 12 system calls of each, or ROLLCODE_POINTS.
# limit: 3000
exec "$(dirname "$0")/../kills.sh" long
