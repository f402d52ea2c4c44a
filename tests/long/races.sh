#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# races.sh - ROLLCODE_ROUNDS of one code at once, and of what else
# races a share of that.
# limit: 900
exec "$(dirname "$0")/../races.sh" long
