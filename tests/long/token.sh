#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# token.sh - killed at every second system call, or one in ROLLCODE_STEP.
# limit: 300
exec "$(dirname "$0")/../token.sh" long
