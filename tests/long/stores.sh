#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stores.sh - with the helper that hangs until the module's own deadline.
# limit: 300
exec "$(dirname "$0")/../stores.sh" long
