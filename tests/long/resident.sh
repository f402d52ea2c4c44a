#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# resident.sh - the service with more rounds.
# limit: 300
exec "$(dirname "$0")/../resident.sh" long
