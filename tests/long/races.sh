#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# races.sh - 75 rounds of one code at once, or ROLLCODE_ROUNDS, and of what else
# races a share of that.
# limit: 900
exec "$(dirname "$0")/../races.sh" long
