#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rekey.sh - at every system call, and 100 backups.
# limit: 600
exec "$(dirname "$0")/../rekey.sh" long
