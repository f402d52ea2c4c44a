#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# races.sh - the races, as often as the promises say.
# limit: 900
exec "$(dirname "$0")/../races.sh" long
