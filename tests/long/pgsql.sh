#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql.sh - with certificates, a standby that is promoted, another key, moving
# house, and answers that never come.
# limit: 300
export ROLLCODE_STEP=${ROLLCODE_STEP:-1}
exec "$(dirname "$0")/../pgsql.sh" long
