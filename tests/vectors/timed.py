#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# timed.py DIGITS - the codes of timed-8.txt or timed-64.txt: counter, Unix time
# and code, for the key 00 01 .. 1f.  Written from RFC 4226 sections 5.3 and E.5,
# over Python's hmac alone.
import hashlib
import hmac
import struct
import sys

KEY = bytes(range(32))
COUNTERS = (0, 1, 2, 255, 256, 2**32 - 1, 2**32, 2**53 + 1, 2**62, 2**63 - 2)
TIMES = (0, 119, 1700000039, 1700000040)

digits = int(sys.argv[1])
for counter in COUNTERS:
    for time in TIMES:
        mac = hmac.new(KEY, struct.pack(">QQ", counter, time // 120),
                       hashlib.sha256).digest()
        if digits == 64:
            code = mac.hex()
        else:
            at = mac[-1] & 15
            number = struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff
            code = str(number)[-digits:].rjust(digits, "0")
        print(counter, time, code)
