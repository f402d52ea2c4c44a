#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# guard.sh - what a guarded account shows, with as many inputs as it takes to
# see an area of 0.55.
# limit: 1800
exec "$(dirname "$0")/../guard.sh" long
