#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# races.sh - more rounds of one code at once, and a verifier that stays stopped;
# with ROLLCODE_ROUNDS so many, and a share of that of every other race.
# limit: 900
exec "$(dirname "$0")/../races.sh" long
