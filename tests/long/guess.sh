#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# guess.sh - the attack on a guarded account, with more inputs; all codes of six
# digits if ROLLCODE_GUESSES says how many.
# limit: 7200
exec "$(dirname "$0")/../guard.sh" guess
