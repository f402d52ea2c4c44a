#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rekey.sh - killed at more system calls of each, ROLLCODE_POINTS of them.
# limit: 600
exec "$(dirname "$0")/../rekey.sh" long
