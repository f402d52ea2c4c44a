#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# powercut.sh - every image of the model, not a choice of them.
# limit: 900
exec "$(dirname "$0")/../powercut.sh" long
