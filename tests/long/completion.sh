#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# completion.sh - with zsh and fish too.
exec "$(dirname "$0")/../completion.sh" long
