#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The inputs of each kind, for an account whose tokens' lines are read.

guard_kinds ROWS guarded   KIND TEXT lines for guard_probe: inputs that a
                           guarded account refuses, with no, one or two valid
                           codes in them
guard_kinds ROWS normal    single codes: wrong, far and replayed
guard_kinds ROWS next      the tokens' next codes: CODE COUNTER lines
guard_kinds all            every code that is near or far, CODE COUNTER lines

Standard input: provisioning lines (otpauth://hotp/...), one a token, whose
counter is the token's next.
"""
import base64
import hashlib
import hmac
import random
import sys
import urllib.parse

NEAR, FAR, BEHIND = 5, 1000, 64
MOVES = 44


class Token:
    def __init__(self, line):
        uri = urllib.parse.urlsplit(line.strip())
        given = {k.lower(): v[0]
                 for k, v in urllib.parse.parse_qs(uri.query).items()}
        secret = given["secret"]
        self.secret = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self.hash = getattr(hashlib, given.get("algorithm", "SHA1").lower())
        self.digits = int(given.get("digits", 6))
        self.counter = int(given.get("counter", 0))

    def code(self, counter):
        mac = hmac.new(self.secret, counter.to_bytes(8, "big"),
                       self.hash).digest()
        at = mac[-1] & 15
        value = int.from_bytes(mac[at:at + 4], "big") & 0x7fffffff
        return f"{value % 10 ** self.digits:0{self.digits}}"

    def near(self, n):
        return self.code(self.counter + n)

    def behind(self):
        return [(self.code(c), c) for c in
                range(max(0, self.counter - BEHIND), self.counter)]

    def ahead(self):
        return [(self.code(c), c)
                for c in range(self.counter, self.counter + FAR + 2)]


def wrong(digits, valid):
    while True:
        code = f"{random.randrange(10 ** digits):0{digits}}"
        if code not in valid:
            return code


def guarded_kinds(t, valid):
    """As many codes as the number before the dot."""
    def w():
        return wrong(t.digits, valid)
    n = [t.near(random.randrange(2) + i) for i in range(3)]
    at = random.randrange(NEAR, FAR - 3)
    f = [t.near(at + i) for i in range(3)]
    return {
        "1.none": [w()],
        "1.near": [n[0]],
        "1.far": [f[0]],
        "2.none": [w(), w()],
        "2.near": random.choice([[n[0], w()], [w(), n[1]]]),
        "2.far": random.choice([[f[0], w()], [w(), f[1]]]),
        "2.pair": [n[0], n[1]],
        "2.far-pair": [f[0], f[1]],
        "2.order": [n[1], n[0]],
        "3.none": [w(), w(), w()],
        "3.near": random.choice([[n[0], w(), w()], [w(), n[1], w()],
                                 [w(), w(), n[2]]]),
        "3.far": random.choice([[f[0], w(), w()], [w(), f[1], w()],
                                [w(), w(), f[2]]]),
        "3.two": random.choice([[n[0], n[1], w()], [w(), n[1], n[2]],
                                [n[0], w(), n[2]]]),
        "3.far-two": random.choice([[f[0], f[1], w()], [w(), f[1], f[2]]]),
        "3.order": random.choice([[n[1], n[0], n[2]], [n[0], n[2], n[1]]]),
    }


def normal_kinds(t, valid):
    """Also once the token has moved on a little.  No far code follows another
    one, for the second of two would be let in."""
    return {
        "wrong": [wrong(t.digits, valid)],
        "far": [t.near(random.randrange(NEAR + MOVES, FAR, 2))],
        "replayed": [t.near(-1 - random.randrange(BEHIND - MOVES))],
    }


def main(words):
    tokens = [Token(line) for line in sys.stdin if line.strip()]
    used = [code for t in tokens for code in t.behind()]
    ahead = [code for t in tokens for code in t.ahead()]
    if words[-1] == "next":
        for t in tokens:
            for i in range(int(words[0])):
                print(t.near(i), t.counter + i)
        return
    if words[0] == "all":
        for code, counter in ahead:
            print(code, counter)
        return
    behind = {code for code, _ in used}
    valid = {code for code, _ in ahead} | behind
    kinds = guarded_kinds if words[1] == "guarded" else normal_kinds
    rows = {}
    for _ in range(int(words[0])):
        for kind, codes in kinds(random.choice(tokens), valid).items():
            # By chance a code may stand behind as well: that is a replay.
            if kind == "replayed" or not behind.intersection(codes):
                rows.setdefault(kind, []).append(" ".join(codes))
    for kind, texts in rows.items():
        for text in texts:
            print(kind, text)


main(sys.argv[1:])
