#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# descriptors.sh - what cannot be closed in time, a hundred times each.
# limit: 600
exec "$(dirname "$0")/../descriptors.sh" long
