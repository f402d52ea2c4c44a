#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""import_files.py DIR - files of other programs, good ones and bad ones

Writes them into DIR, and prints for each, with tabs between them: its name, the
options for import, and "ok" and what is in the store then, or "no" and a regular
expression of what is said, and the good file that it is a spoilt one of.  Each
format is made by a function from what a token is; what is wrong is wrong in
that, or in the text that comes out.
"""
import base64
import functools
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
from urllib.parse import quote

PLACE = sys.argv[1]
RAW = b"12345678901234567890"
KEY = bytes.fromhex("12345678901234567890123456789012")
GOOD = {"raw": RAW, "counter": "7", "digits": "8", "type": "hotp",
        "algorithm": "SHA1", "user": "ann", "serial": "S1"}


def b32(t):
    return t.get("b32") or base64.b32encode(t["raw"]).decode().rstrip("=")


def hexed(t):
    return t.get("hex") or t["raw"].hex()


def otpauth(t):
    counter = f"&counter={t['counter']}" if t["counter"] is not None else ""
    return (f"otpauth://{t['type']}/Web:{t['user']}?secret={b32(t)}&issuer=Web"
            f"&algorithm={t['algorithm']}&digits={t['digits']}{counter}\n")


def named(t):
    return f"{t['user']} {otpauth({**t, 'user': 'somebody'})}"


def oath(t):
    kind = {"hotp": f"HOTP/E/{t['digits']}", "totp": "HOTP/T30"}[t["type"]]
    return f"{kind} {t['user']} - {hexed(t)} {t['counter']}\n"


def google(t):
    kind = f"HOTP_COUNTER {t['counter']}" if t["type"] == "hotp" else "TOTP_AUTH"
    return f'{b32(t)}\n" {kind}\n" WINDOW_SIZE 17\n12345678\n'


def oath_csv(t):
    return f"{t['serial']},{hexed(t)},{t['type']},{t['digits']},{t['counter']}\n"


def yubico_csv(t):
    kind = {"hotp": "OATH-HOTP", "totp": "Yubico OTP"}[t["type"]]
    return (f"LOGGING START,01.02.26 10:10\n{kind},01.02.26 10:11,1,"
            f"{t['serial']},,{hexed(t)},,,0,0,0,{t['digits']},{t['counter']},"
            "0,0,0,0,0\n")


@functools.cache
def sealed(data):
    """AES-128-CBC with the key, by the program openssl."""
    iv = bytes(range(16))
    out = subprocess.run(
        ["openssl", "enc", "-aes-128-cbc", "-K", KEY.hex(), "-iv", iv.hex()],
        input=data, capture_output=True, check=True).stdout
    return iv + out


def encrypted(data):
    text = base64.b64encode(sealed(data)).decode()
    mac = hmac.new(KEY, sealed(data), hashlib.sha1).digest()
    return (f'<EncryptedValue><x:EncryptionMethod Algorithm="http://www.w3.org/'
            f'2001/04/xmlenc#aes128-cbc"/><x:CipherData><x:CipherValue>{text}'
            f"</x:CipherValue></x:CipherData></EncryptedValue><ValueMAC>"
            f"{base64.b64encode(mac).decode()}</ValueMAC>")


def container(t, secret, counter, head=""):
    user = f"<UserId>{t['user']}</UserId>"
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<KeyContainer '
            'Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" '
            'xmlns:x="http://www.w3.org/2001/04/xmlenc#">\n'
            f"{head}<KeyPackage>\n<DeviceInfo><SerialNo>{t['serial']}</SerialNo>"
            f"</DeviceInfo>\n<Key Id=\"1\" Algorithm=\"urn:ietf:params:xml:ns:"
            f"keyprov:pskc:{t['type']}\"><AlgorithmParameters>"
            f"<Suite>HMAC-{t['algorithm']}</Suite><ResponseFormat "
            f"Length=\"{t['digits']}\" Encoding=\"DECIMAL\"/>"
            f"</AlgorithmParameters>\n<Data><Secret>{secret}</Secret>\n"
            f"{counter}</Data>\n{user}</Key>\n</KeyPackage>\n</KeyContainer>\n")


def pskc(t):
    secret = t.get("b64") or base64.b64encode(t["raw"]).decode()
    counter = ("" if t["counter"] is None else
               f"<Counter><PlainValue>{t['counter']}</PlainValue></Counter>")
    return container(t, f"<PlainValue>{secret}</PlainValue>", counter)


def pskc_sealed(t):
    head = ('<EncryptionKey/><MACMethod Algorithm="http://www.w3.org/2000/09/'
            'xmldsig#hmac-sha1"/>\n')
    value = t["counter"] or ""
    if value.isdigit() and int(value) < 2 ** 64 and "ascii" not in t:
        value = int(value).to_bytes(8, "big")
    else:
        value = value.encode()
    counter = (f"<Counter>{encrypted(value)}</Counter>"
               if t["counter"] is not None else "")
    return container(t, encrypted(t["raw"]), counter, head)


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def uri(data):
    data = quote(base64.b64encode(data).decode(), safe="")
    return f"otpauth-migration://offline?data={data}\n"


def payload(t):
    digits = {"6": 1, "8": 2}.get(t["digits"], 3)
    number = t["counter"]
    number = int(number) % 2 ** 64 if number and number.strip("-").isdigit() else 0
    token = (field(1, t["raw"]) + field(2, f"Web:{t['user']}".encode()) +
             field(3, b"Web") +
             field(4, {"SHA1": 1, "SHA256": 2, "SHA512": 3}.get(
                 t["algorithm"], 4)) +
             field(5, digits) + field(6, {"hotp": 1, "totp": 2}[t["type"]]) +
             field(7, number) + t.get("more", b""))
    return field(1, token)


def migration(t):
    return uri(payload(t) + field(2, 2) + field(3, 1))


def number(text):
    if text is None:
        return {}
    try:
        return {"counter": int(text)}
    except ValueError:
        return {"counter": text}


def digits(t):
    return {"digits": int(t["digits"])} if t["digits"].isdigit() else {
        "digits": t["digits"]}


def aegis(t):
    info = {"secret": b32(t), "algo": t["algorithm"], **digits(t),
            **number(t["counter"])}
    entry = {"type": t["type"], "uuid": "u", "name": t["user"],
             "issuer": "Web", "info": info}
    return json.dumps({"version": 1, "header": {"slots": None, "params": None},
                       "db": {"version": 2, "entries": [entry]}}, indent=1)


def andotp(t):
    return json.dumps([{"secret": b32(t), "issuer": "Web", "label": t["user"],
                        "type": t["type"].upper(), "algorithm": t["algorithm"],
                        "tags": [], **digits(t), **number(t["counter"])}],
                      indent=1)


def freeotp(t):
    secret = [b - 256 if b > 127 else b for b in t["raw"]]
    return json.dumps({"tokenOrder": ["Web:x"], "tokens": [
        {"algo": t["algorithm"], "issuerExt": "Web", "label": t["user"],
         "secret": t.get("array", secret), "type": t["type"].upper(),
         **digits(t), **number(t["counter"])}]}, indent=1)


def twofas(t):
    return json.dumps({"schemaVersion": 4, "services": [
        {"name": "Web", "secret": b32(t), "otp": {
            "account": t["user"], "issuer": "Web", "link": "otpauth://hotp/x",
            "tokenType": t["type"].upper(), "algorithm": t["algorithm"],
            **digits(t), **number(t["counter"])}}]}, indent=1)


# How much higher the next counter is, and what the format says of a token.
FORMATS = {
    "otpauth": (otpauth, 0, "user algorithm none"),
    "named": (named, 0, "user algorithm none"),
    "oath": (oath, 0, "user"),
    "google": (google, 0, "six"),
    "oath-csv": (oath_csv, 0, "serial"),
    "yubico-csv": (yubico_csv, 0, "serial"),
    "pskc": (pskc, 0, "user serial algorithm none"),
    "pskc-sealed": (pskc_sealed, 0, "user serial algorithm none"),
    "migration": (migration, 1, "user algorithm"),
    "aegis": (aegis, 1, "user algorithm none"),
    "andotp": (andotp, 1, "user algorithm none"),
    "freeotp": (freeotp, 1, "user algorithm none"),
    "2fas": (twofas, 1, "user algorithm none"),
}

# What is wrong with a token, and what has to be said of it.
WRONG = {
    "totp": ({"type": "totp"}, "counts time|totp|not of the HOTP profile|"
             "not OATH-HOTP"),
    "short": ({"raw": b"0123456789"}, "16 bytes"),
    "no-secret": ({"raw": b""}, "secret|fewer than four fields|not known"),
    "negative": ({"counter": "-5"}, "[Cc]ounter"),
    "letter": ({"counter": "5x"}, "[Cc]ounter"),
    "fraction": ({"counter": "5.0"}, "[Cc]ounter"),
    "huge": ({"counter": str(2 ** 63)}, "[Cc]ounter|well-formed JSON"),
    "last": ({"counter": str(2 ** 63 - 1)}, "exhausted|2.63-2"),
    "none": ({"counter": None}, "counter"),
    "digits-9": ({"digits": "9"}, "digits|type is not HOTP"),
    "digits-5": ({"digits": "5"}, "digits|type is not HOTP"),
    "algorithm": ({"algorithm": "MD5"}, "SHA512|Suite"),
    "user": ({"user": "a\x01b"}, "[Cc]ontrol|not printable|well-formed"),
}

# Formats that cannot say what is wrong.
NOT_SAID = {
    "google": "digits-9 digits-5 fraction",
    "migration": "letter fraction",
}


def options_of(name, says):
    options = []
    if "user" not in says:
        options += ["--user", "ann"]
    if name == "pskc-sealed":
        options += ["--key-file", "key"]
    return " ".join(options)


def put(name, text, options, want, made_of=""):
    data = text if isinstance(text, bytes) else text.encode()
    with open(os.path.join(PLACE, name), "wb") as out:
        out.write(data)
    print(name, options or "-", want, made_of, sep="\t")


def wide(text):
    return text.replace('encoding="UTF-8"', 'encoding="UTF-16"')


def secret_last(text):
    return re.sub(r"(secret=[^&]*)&(.*)", r"\2&\1", text)


def in_fours(space):
    return lambda text: re.sub(
        r"(?<=secret=)[^&]*",
        lambda m: space.join(re.findall("..?.?.?", m[0])), text)


# How a text that is the same may be written.
WRITTEN = {
    "": str.encode,
    "-mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "-crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "-utf16": lambda text: wide(text).encode("utf-16"),
    "-utf16be": lambda text: b"\xfe\xff" + wide(text).encode("utf-16-be"),
}
WRITTEN_OF = {
    "otpauth": {
        "-qr-code": lambda text: b"QR-Code:" + text.encode(),
        "-capitals": lambda text: text.replace(
            "otpauth://hotp", "OTPAUTH://HOTP").encode(),
        "-secret-last": lambda text: secret_last(text).encode(),
        "-percent": lambda text: in_fours("%20")(text).encode(),
        "-plus": lambda text: in_fours("+")(text).encode(),
        "-port": lambda text: text.replace(
            "issuer=Web", "issuer=web%3A80").encode(),
    },
    "migration": {"-qr-code": lambda text: b"QR-Code:" + text.encode()},
}


def variants(name, says):
    """(its name, the token, how its text is written)"""
    kinds = [("", GOOD)]
    if "algorithm" in says:
        kinds += [(f"-{a}", {**GOOD, "algorithm": a})
                  for a in ("SHA256", "SHA512")]
    kinds += [("-zero", {**GOOD, "counter": "0"}),
              ("-large", {**GOOD, "counter": str(2 ** 62)}),
              ("-6", {**GOOD, "digits": "6"})]
    for kind, t in kinds:
        yield name + kind, t, str.encode
    for how, write in {**WRITTEN, **WRITTEN_OF.get(name, {})}.items():
        if how:
            yield name + how, GOOD, write


def good(file, t, write, make, more, says, options):
    want = "6" if "six" in says else t["digits"]
    put(file, write(make(t)), options,
        f"ok ann {int(t['counter']) + more} {want} {t['algorithm']}")


def bad(file, t, write, make, says, options, not_said):
    for wrong, (change, reason) in WRONG.items():
        if (wrong not in not_said and
                (wrong not in ("none", "algorithm", "user") or wrong in says)):
            put(f"{file}-{wrong}", write(make({**t, **change})), options,
                f"no ({reason})", file)
    text = make(t)
    part = len(text) // 3
    put(f"{file}-empty", b"", options,
        "no the format is not known|not a key container|well-formed", file)
    put(f"{file}-cut", write(text[:part]), options, "no ", file)
    put(f"{file}-nul", write(text[:part] + "\0" + text[part:]), options,
        "no ", file)
    put(f"{file}-torn", text.encode("utf-16")[:-1], options, "no damaged",
        file)


def of_format(name, make, more, says):
    options = options_of(name, says)
    not_said = NOT_SAID.get(name, "").split()
    for file, t, write in variants(name, says):
        good(file, t, write, make, more, says, options)
        bad(file, t, write, make, says, options, not_said)


def hundred():
    """A good token, a hundred bad ones, and one that is not read."""
    bad_one = payload({**GOOD, "type": "totp", "raw": RAW[::-1]})
    return uri(payload(GOOD) + 100 * bad_one + bad_one)


def one_by_one():
    line = otpauth(GOOD)
    ann = "ok ann 7 8 SHA1"
    put("html", line.replace("&", "&amp;"), "", "no line 1: .*&amp;")
    last = secret_last(line).strip()
    put("disabled", last + " disabled\n", "", ann)
    for word in ("enabled", "Disabled", "disabled disabled", "# laptop"):
        put(f"word-{word.replace(' ', '-')}", f"{last} {word}\n", "",
            "no line 1: .*%20")
    put("two", migration(GOOD) + migration(
        {**GOOD, "raw": RAW[::-1], "type": "totp"}), "",
        "no entry 2: ann: the token counts time")
    put("more", migration({**GOOD, "more": field(9, 1)}), "",
        "no entry 1: .*not known and may change")
    put("again", migration({**GOOD, "more": field(7, 3)}), "",
        "no entry 1: .*twice")
    put("line-two", migration(GOOD).strip() + " " + migration(
        {**GOOD, "raw": RAW[::-1]}), "", "no line 1: it is not one URI")
    put("line-nul", migration(GOOD).strip() + "\0" + migration(GOOD), "",
        "no line 1: it is not one URI")
    put("long-name", migration({**GOOD, "user": "x" * 300}), "--user ann",
        "no entry 1: ann: its name or issuer is too long")
    put("nul-name", migration({**GOOD, "user": "ann\0x"}), "",
        "no entry 1: its name or issuer is too long, or no text")
    put("hundred", hundred(), "", "no 1 more lines or keys")
    put("aegis-twice", aegis(GOOD).replace('"type"', '"counter": 3, "type"'), "",
        "no entry 1: ann: it says its .* counter twice")
    put("2fas-twice", twofas(GOOD).replace('"name"', '"counter": 3, "name"'), "",
        "no entry 1: ann: it says its .* counter twice")
    put("aegis-sealed", json.dumps({"version": 1, "header": {"slots": [{}]},
                                    "db": "AAAA"}), "", "no encrypted .*Aegis")
    put("2fas-sealed", json.dumps({"services": [], "servicesEncrypted": "x:y"}),
        "", "no encrypted .*2FAS")
    put("json-other", '{"a": 1}', "", "no it is JSON, but not of")
    put("json-none", '{"tokens": []}', "", "no there is no token")
    put("json-twice", andotp(GOOD).replace('"digits": 8',
                                           '"counter": 3, "digits": 8'), "",
        "no line [0-9]+: it is not well-formed JSON.*twice")
    put("json-text", andotp(GOOD).replace('"counter": 7', '"counter": "7"'), "",
        "no entry 1: ann: the counter")
    put("csv-two", f"S1,{RAW.hex()}\n", "--user ann", "ok ann 0 6 SHA1")
    put("csv-yubico", f"508326,,0,{RAW.hex()},,2026-12-12T08:41:07,\n",
        "--user ann", "no line 1: ann: it has more than five columns")
    put("csv-fixed", yubico_csv(GOOD).replace(",0,0,0,8", ",0,1,0,8"),
        "--user ann", "no line 2: ann: the token types its ID")
    put("safenet", "<Tokens><Token serial='1'/></Tokens>", "",
        "no not a key container of RFC 6030: .*KeyContainer")
    put("pskc-ascii", pskc_sealed({**GOOD, "counter": "12345", "ascii": 1}),
        "--key-file key", "ok ann 12345 8 SHA1")
    put("pskc-ascii-8", pskc_sealed({**GOOD, "counter": "12345678",
                                     "ascii": 1}),
        "--key-file key", "no key 1: ann: its Counter")


def serials():
    one = pskc(GOOD).replace("<UserId>ann</UserId>", "")
    begin, end = one.index("<KeyPackage>"), one.index("</KeyContainer>")
    key = one[begin:end]
    tokens = "".join(
        key.replace("S1", f"S{i}").replace(
            base64.b64encode(RAW).decode(),
            base64.b64encode(RAW if i == 5 else bytes([i]) + RAW[1:]).decode())
        for i in range(1, 13))
    many = one[:begin] + tokens.replace(
        "pskc:hotp", "pskc:totp", 1) + one[end:]
    put("many", many, "--user ann", "no key 2: ann: .*key 1 of the same user")
    put("many-none", many, "", "no key 5: .*--serial S5, or --owners FILE")
    put("many-one", many, "--user ann --serial S5", "ok ann 7 8 SHA1")
    put("many-absent", many, "--user ann --serial S99",
        "no no token has the serial number S99")
    put("many-time", many, "--user ann --serial S1",
        "no key 1: ann: the key is not of the HOTP profile")
    put("many-owners", many, "--owners owners", "ok ann 7 8 SHA1")
    put("many-other", many, "--user bob --owners owners",
        "no key 5: bob: the list of owners says that it is ann's")
    put("many-twice", many.replace("S6", "S5"), "--user ann --serial S5",
        "no key 6: ann: another token has the serial")
    put("many-eleven", many.replace("pskc:totp", "pskc:hotp"), "--user ann",
        "no 12 tokens for ann, and a user has 8")
    put("google-serial", google(GOOD), "--user ann --serial S5",
        "no no token has the serial number S5")
    put("csv-owners", f"S1,{'31' * 20}\nS5,{RAW.hex()},hotp,8,7\n",
        "--owners owners", "ok ann 7 8 SHA1")


def main():
    with open(os.path.join(PLACE, "key"), "w", encoding="ascii") as out:
        out.write(KEY.hex() + "\n")
    with open(os.path.join(PLACE, "owners"), "wb") as out:
        out.write(b"\xef\xbb\xbf# who has what\r\nS5, ann\r\n")
    for name, (make, more, says) in FORMATS.items():
        of_format(name, make, more, says)
    one_by_one()
    serials()


main()
