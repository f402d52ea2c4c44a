#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hosts_resident.sh - hostile callers of the service.
# limit: 240
exec "$(dirname "$0")/../hosts.sh" resident
