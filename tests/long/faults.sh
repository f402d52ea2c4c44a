#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# faults.sh - at 150 points of each.
# limit: 1800
exec "$(dirname "$0")/../faults.sh" long
