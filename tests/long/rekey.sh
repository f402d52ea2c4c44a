#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rekey.sh - at 20 system calls of each, or ROLLCODE_POINTS, and 30 backups.
# limit: 600
exec "$(dirname "$0")/../rekey.sh" long
