#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# powercut.sh - more images of each, ROLLCODE_POINTS of them.
# limit: 900
exec "$(dirname "$0")/../powercut.sh" long
