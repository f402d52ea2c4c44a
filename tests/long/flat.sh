#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# flat.sh - ten thousand logins in one process.
# limit: 600
exec "$(dirname "$0")/../flat.sh" long
