#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stops.sh - stopped at every system call.
# limit: 600
exec "$(dirname "$0")/../stops.sh" long
