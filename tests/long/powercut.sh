#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# powercut.sh - 20 images of each, or ROLLCODE_POINTS.
# limit: 900
exec "$(dirname "$0")/../powercut.sh" long
