#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stops_resident.sh - logins through the service, stopped and killed.
# limit: 240
exec "$(dirname "$0")/../stops.sh" resident
