#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hosts.sh - hostile callers, in every step of what they can set.
# limit: 600
exec "$(dirname "$0")/../hosts.sh" long
