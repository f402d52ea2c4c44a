#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# flat_resident.sh - logins through the service, in one process.
# limit: 240
exec "$(dirname "$0")/flat.sh" resident
