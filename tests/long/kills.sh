#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kills.sh - at every system call.
# limit: 1800
exec "$(dirname "$0")/../kills.sh" long
