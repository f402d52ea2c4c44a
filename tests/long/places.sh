#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# places.sh - every part in every way.
# limit: 600
exec "$(dirname "$0")/../places.sh" long
