#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# outsiders.sh - ten thousand requests of callers that are not root.
# limit: 600
exec "$(dirname "$0")/../outsiders.sh" long
