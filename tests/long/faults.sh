#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# faults.sh - at 8 points of each, or ROLLCODE_POINTS.
# limit: 1800
exec "$(dirname "$0")/../faults.sh" long
