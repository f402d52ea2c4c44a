#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stops.sh - stopped at one in six of its system calls.
# limit: 600
exec "$(dirname "$0")/../stops.sh" long
