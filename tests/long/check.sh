#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh - more variants of each mistake.
exec "$(dirname "$0")/../check.sh" long
