#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# service_kills.sh - at every system call.
# limit: 1800
exec "$(dirname "$0")/../service_kills.sh" long
