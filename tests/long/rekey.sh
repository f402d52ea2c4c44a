#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rekey.sh - killed at 12 system calls of each, or ROLLCODE_POINTS.
# limit: 600
exec "$(dirname "$0")/../rekey.sh" long
