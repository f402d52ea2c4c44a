#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# model.sh - the verifier and an independent model, a million random attempts.
# apart
. "$(dirname "$0")/../support/lib.sh"
check "the verifier and an independent model agree over a million attempts" \
    env ROLLCODE_MODEL_OPS=1000000 "$BUILD/tests/unit/rules/test_model"
[ "$failures" -eq 0 ]
