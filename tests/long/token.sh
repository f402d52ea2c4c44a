#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# token.sh - killed at every system call.
# limit: 300
exec "$(dirname "$0")/../token.sh" long
