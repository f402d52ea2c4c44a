#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seeds.py DIR - good inputs for each fuzzer, to begin with, as DIR/NAME/*

The people and their tokens are those of place.c; the layouts are those of
the fuzzers, and of protocol.h on a little-endian machine.
"""
import hashlib
import hmac
import os
import sqlite3
import struct
import sys

ANN, BOB, CYD, DAN, ZOE, EVE = range(6)
NAMES = ["ann", "bob", "cyd", "dan", "zoe", "eve"]
NEAR, FAR, BEHIND = 16, 40, 14  # where a code is: 16 is the counter


def put(directory, name, number, data):
    os.makedirs(os.path.join(directory, name), exist_ok=True)
    with open(os.path.join(directory, name, f"seed-{number:02}"), "wb") as out:
        out.write(data if isinstance(data, bytes) else data.encode())


def hotp(secret, counter, digits, algorithm):
    mac = hmac.new(secret, struct.pack(">Q", counter), algorithm).digest()
    at = mac[-1] & 15
    number = int.from_bytes(mac[at:at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10 ** digits:0{digits}}"


def ann(counter):
    secret = b"12345678901234567890123456789012"
    return hotp(secret, counter, 8, "sha256")


def bob(counter):
    secret = bytes.fromhex("24734d46d5ffa7bcd377a71419482ba20ba04f5f")
    return hotp(secret, counter, 6, "sha1")


def cyd(counter):
    text = f"a secret that is plain text{counter}"
    return hashlib.sha256(text.encode()).hexdigest()


def env():
    key = "00112233445566778899aabbccddeeff" * 2
    yield b"\x01# a comment\nSECRET_KEY=" + key.encode() + b"\n"
    yield (b"\x00DATABASE=\"sqlite:/var/lib/rollcode\"\nACCOUNT=rollcode\n"
           b"CALLERS=www-data,freerad\nTOLERANCE=5\nRESYNC_WINDOW=1000\n"
           b"RESYNC_SECONDS=300\nGUARD_AFTER=5\nGUESSES=20\nLOOKBEHIND=64\n"
           b"EVENTS_KEPT=200\nSECRET_KEY_PREVIOUS=" + key.encode())
    yield b"\x00\xef\xbb\xbfTOLERANCE=5\r\nTOLERANCE=101\nGUESSES=-0\n=\nx\0"


def provision():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    yield (f"otpauth://hotp/Rollcode:ann?secret={secret}&issuer=Rollcode"
           "&algorithm=SHA256&digits=8&counter=0")
    yield f" OTPAUTH://HOTP/ann%20b?counter=9223372036854775807&secret={secret}\n"
    yield (f"otpauth://hotp/A%3A%20ann@host?secret={secret.lower()}&counter=1"
           "&form=hash&digits=64&label=caf%C3%A9&image=x&issuer=a+b%2B")
    yield (f"otpauth://hotp/x?secret={secret}====&counter=7&form=hex"
           "&algorithm=sha-256")
    yield f"otpauth://totp/x?secret={secret}&counter=1&counter=2"


def input_():
    yield ann(10)
    yield f"{bob(0)} {bob(1)}"
    yield "-".join(bob(c) for c in (0, 1, 2))
    yield "1234567" * 3
    yield cyd(1)
    yield " ".join(cyd(c) for c in (1, 2, 3))
    yield "abcd-EFGH-ijkl-2345"
    yield "\b\n\r\177INCORRECT"
    yield "1" * 513


def fixed(text, size):
    return text.encode().ljust(size, b"\0")


def request():
    def one(user, text, other="", kind=2, nonce=0):
        return struct.pack("<II16s256s64s256s64s513s513s6x", 0x52635133, kind,
                           bytes([nonce]) * 16, fixed(user, 256),
                           fixed("sshd", 64), fixed("host", 256),
                           fixed("tty1", 64), fixed(text, 513),
                           fixed(other, 513))

    yield one("ann", ann(10))
    yield one("ann", "00000000", ann(11))
    yield one("ann", ann(30) + ann(31))
    yield one("bob", bob(1))
    yield one("bob", bob(4) + " " + bob(5), "", 2, 64)
    yield one("cyd", cyd(1))
    yield one("cyd", "abcd-efgh-ijkl-mnop")
    yield one("dan", "123456 123456")
    yield one("zoe", "12345678")
    yield one("eve", "12345678")
    yield one("ann", "", "", 1)
    yield one("eve", "", "", 1)
    yield one("../" + "x" * 240, ann(10))
    yield one("ann", ann(10))[:-1]


def answer():
    def one(how, verdict, err=0, text=""):
        body = struct.pack("<Ii16sIIIIIIIIIII4xQQq65s7x768s768sHHII4x",
                           0x52634133, err, bytes(16), verdict, 1, 0, 0, 0, 1, 2, 3, 4, 5,
                           1, 10, 0, 0, fixed("token", 65), fixed(text, 768),
                           fixed("", 768), 0, 0, 0, 0)
        return bytes([how]) + body

    for how in (0, 1, 2, 3, 5, 9, 16, 32, 64):
        yield one(how, 0x3333CCCC)
    for wrong in (0x78, 0x7F):
        sent = bytearray(one(64, 0x3333CCCC))
        sent[9] = wrong
        yield bytes(sent)
    yield one(1, 0x00FF00FF)
    yield one(1, 0x3333CCCC, 5, "the store is not there")
    yield one(1, 0x3333CCCC)[:-1]
    yield one(1, 0x3333CCCC) + b"x"


def codes(where, token=0, count=1, step=0, kind=2, between=0):
    how = token + 64 * (count - 1) + 16 * between
    return bytes([kind, how, step]) + struct.pack(">H", where)


def store():
    def one(who, typed, *changes, policy=0):
        return (bytes([who, policy, len(changes)]) + typed +
                b"".join(changes))

    def column(which, number, kind=0):
        return bytes([7, which, kind, 4]) + struct.pack("<q", number)

    near = codes(NEAR)
    yield one(ANN, near)
    yield one(BOB, codes(NEAR + 1))
    yield one(CYD, b"\x01\x00")
    yield one(ANN, codes(FAR, 0, 2))
    yield one(ANN, near, b"\x00\x00\x00\x0fnot a data base!")
    yield one(ANN, near, b"\x05")
    yield one(ANN, near, b"\x03\x04\x00")
    yield one(ANN, near, b"\x04\x04\x00")
    yield one(ANN, near, b"\x86")
    for table in range(6):
        yield one(CYD, b"\x01\x00", bytes([6, table]))
    for table in (0, 6, 7):
        yield one(CYD, b"\x01\x00", b"\x06\x00", bytes([6, table]))
    for which in (9, 17, 23):
        for length in (13, 18, 20):
            yield one(CYD, near, bytes([7, which, 2, length]) + b"b" * 8)
    for which in (0, 8, 12, 13, 14, 16, 27):
        for length in range(24):
            if (which + length) % 6 == 0:
                yield one(ANN, near, bytes([7, which, 1, length]) + b"a" * 8)
    yield one(ANN, near, b"\x02\x00\x20\x03\xff\xff\xff\xff")
    for which in range(28):
        yield one(BOB, near, column(which, 3, which % 3))
    yield one(ANN, near, column(18, 9))
    yield one(ANN, codes(FAR + 1), column(19, 34), column(20, 1699999999))
    yield one(ANN, near, column(18, 2**63 - 1, 64))


def import_():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    digits = b"12345678901234567890".hex()
    line = f"otpauth://hotp/Web:ann?secret={secret}&digits=8&counter=7"
    yield f"\x00# all\n{line}\nbob%20b {line}&label=x disabled\nann x\n"
    yield (f"\x01HOTP/E/8 ann - {digits} 7 12345678 2026-01-01T00:00:00L\n"
           f"HOTP bob + {digits}\r\nHOTP cyd 12 {digits}\nHOTP dan - 00\n")
    yield f'\x12{secret}\n" HOTP_COUNTER 7\n" WINDOW_SIZE 17\n12345678\n'
    yield f'\x02{secret}\n" TOTP_AUTH\n'
    image = sqlite3.connect(":memory:")
    image.executescript("PRAGMA page_size=512; CREATE TABLE state(counter);"
                        "INSERT INTO state VALUES(7)")
    yield (b"\x13PORT=80\nexport SECRET_KEY='a secret that is text' # x\n\0" +
           image.serialize())
    yield f"\x20{line}\n"
    yield (f"\x14S1,{digits},hotp,8,7\nOATH-HOTP,1,1,id,,{digits},,,0,0,0,6,0,"
           "0,0,0,0,0\n")
    yield ("\x05otpauth-migration://offline?data=CigKFDEyMzQ1Njc4OTAxMjM0NTY3OD"
           "kwEgNhbm4aA1dlYiABKAIwATgHEAIYAQ%3D%3D\n")
    yield (f'\x06[{{"secret": "{secret}", "label": "ann", "type": "HOTP", '
           '"algorithm": "SHA1", "digits": 8, "counter": 7}]')
    yield ('\x47<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc">'
           '<KeyPackage><Key Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"'
           '><Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>'
           '</Secret><Counter><PlainValue>7</PlainValue></Counter></Data>'
           '<UserId>ann</UserId></Key></KeyPackage></KeyContainer>')


def module():
    def attempt(typed, how=0, what=0, more=0, wait=0, calls=b"\0"):
        return bytes([how, wait, 1, what, more]) + typed + b"\x04host" + calls

    def one(who, *attempts, policy=0, harm=b"\7"):
        return (bytes([who, policy, len(attempts) - 1]) + b"".join(attempts) +
                harm)

    near, far = codes(NEAR), codes(FAR)
    wrong = codes(4000)
    yield one(ANN, attempt(near), attempt(b"\x07"))
    yield one(ANN, attempt(far), attempt(codes(FAR + 1)))
    yield one(ANN, attempt(codes(FAR, 0, 2, 0, 2, 1)), attempt(codes(BEHIND)))
    yield one(ANN, attempt(wrong), attempt(near), attempt(codes(NEAR, 0, 2)),
              policy=1)
    yield one(BOB, attempt(codes(NEAR + 1)), attempt(codes(NEAR + 1)))
    yield one(BOB, attempt(codes(NEAR, 2)), attempt(codes(NEAR + 3, 2)))
    yield one(CYD, attempt(b"\x01\x00"), attempt(codes(NEAR)))
    yield one(CYD, attempt(codes(NEAR, 1)), attempt(codes(NEAR + 4, 1)))
    yield one(DAN, attempt(codes(NEAR, 1)), attempt(codes(NEAR, 1, 2)))
    yield one(DAN, attempt(codes(NEAR)), attempt(codes(FAR, 1, 3)))
    yield one(ZOE, attempt(near), attempt(near, what=1))
    yield one(EVE, attempt(b"\x00\x06123456"), attempt(near, what=1),
              attempt(near, how=0x50, what=1))
    yield one(ANN, attempt(b"\x82\x08password" + near[1:], what=2))
    yield one(ANN, attempt(b"\x82\x08password" + codes(NEAR, 0, 2)[1:],
                           what=2, more=8))
    for what in (4, 8, 12):
        yield one(ANN, attempt(wrong + near, how=0x80, what=what, more=64))
    for how in (11, 12, 13, 14, 15, 0x70):
        yield one(ANN, attempt(near, how=how))
    yield one(ANN, attempt(near, more=0x9F)[:5] + b"\x05conf=" + near +
              b"\x04host\0")
    for harm in range(6):
        yield one(ANN if harm > 2 else EVE, attempt(wrong),
                  harm=bytes([harm]) + attempt(near, what=1))
    yield one(DAN, attempt(codes(NEAR + 4, 1, 2, 7)),
              attempt(codes(NEAR, 1, 2)), attempt(codes(NEAR, 1, 3)))
    for kind, count, step in ((1, 1200, 60), (2, 12, 1), (3, 60, 3)):
        for at in range(0, count, step):
            how = 0xC0 + 16 * kind + at // step % 8
            yield one(ANN, attempt(near, what=1, calls=bytes(
                [how, at >> 8, at & 255])), attempt(near))


def logged():
    said = b"code accepted for ann; token=token counter=41 skipped=0"
    old = b"Nov  9 10:15:00 host sshd[12]: pam_rollcode(sshd:auth): " + said
    new = (b"2026-11-29T10:15:00.123456+01:00 host rollcode-verify[7]: asked "
           b"by uid=1000 service=sudo user=ann: " + said)
    odd = old.replace(b"ann", b"a\\x20b\\x3b").replace(b"accepted", b"resynced")
    yield b"\x00" + old + b"\n" + new
    yield b"\x40" + new + b"\n" + odd + b"\n\n"
    yield b"\xff" + b"x" * 3000 + b"\n\0" + old + b"\n" + odd
    yield b"\x07" + old.replace(b"41", b"9223372036854775806")
    yield b"\x07" + b"pam_rollcode(sshd:auth): " + said


def main():
    for make in (env, provision, input_, request, answer, store, import_,
                 module, logged):
        for number, data in enumerate(make()):
            put(sys.argv[1], make.__name__.rstrip("_"), number, data)


if __name__ == "__main__":
    main()
