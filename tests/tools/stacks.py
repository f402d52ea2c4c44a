#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""stacks.py COUNT PAMRUN - does `rollcode-admin check` predict real logins?

Random stacks of real modules, which all let ann and bob in, or are pam_deny.
For each result of the module check says whether that login is let in; then that
login is made, with pamrun.  ann has a token, bob has none; codes of ann, from
the server's first counter on, are on standard input.  Each disagreement is
printed with its stack, and at the end how many logins were made and let in.
"""

import json
import random
import subprocess
import sys

PAM = "/etc/pam.d/"
OTHERS = [
    "pam_permit.so", "pam_unix.so nodelay", "pam_env.so", "pam_deny.so",
    "pam_faildelay.so delay=0", "pam_nologin.so", "pam_localuser.so",
    "pam_succeed_if.so quiet uid >= 0", "pam_debug.so auth=success",
    "pam_shells.so", "pam_warn.so",
]
CONTROLS = [
    "required", "required", "requisite", "sufficient", "optional",
    "[success=1 default=ignore]", "[success=2 default=ignore]",
    "[success=ok default=ignore]", "[success=done default=die]",
    "[success=ok ignore=ignore default=bad]", "[success=reset default=ignore]",
    "[default=1]", "[success=ok new_authtok_reqd=ok default=2]",
]
RESULTS = ["success", "auth_err", "authinfo_unavail", "system_err",
           "service_err", "module_unknown", "ignore", "default"]
ACTIONS = ["ok", "done", "bad", "die", "ignore", "reset", "1", "2"]
# What makes the module give each result: user, code, argument or path.
STATES = {
    "accepted": ("ann", "right", ""),
    "refused": ("ann", "wrong", ""),
    "unenrolled": ("bob", "wrong", ""),
    "unavailable": ("ann", "wrong", "conf=/etc/rollcode/away.env"),
    "unusable": ("ann", "wrong", "conf=/etc/rollcode/key.env"),
    "misconfigured": ("ann", "wrong", "conf=/etc/rollcode/bad.env"),
    "missing": ("ann", "wrong", None),
}


def our_control(chance):
    if chance.random() < 0.6:
        return chance.choice(CONTROLS)
    pairs = [f"{r}={chance.choice(ACTIONS)}"
             for r in RESULTS if chance.random() < 0.5]
    return "[" + " ".join(pairs or ["default=ok"]) + "]"


def make_stack(chance):
    """Two lists of lines, one of them for a file that the other includes."""
    lines = [f"auth {chance.choice(CONTROLS)} {chance.choice(OTHERS)}"
             for _ in range(chance.randrange(5))]
    if chance.random() < 0.05:      # which some versions refuse
        lines.append("auth optional pam_warn.so " + "x" * 1100)
    nullok = " nullok" if chance.random() < 0.3 else ""
    lines.insert(chance.randrange(len(lines) + 1),
                 f"auth {our_control(chance)} @OURS@ nodelay{nullok}")
    if chance.random() < 0.6:
        return lines, []
    begin = chance.randrange(len(lines))
    end = chance.randrange(begin, len(lines)) + 1
    how = chance.choice(["include", "substack"])
    return (lines[:begin] + [f"auth {how} @PART@"] + lines[end:],
            lines[begin:end])


def write_stack(name, stack, argument):
    ours = "/nonexistent/pam_rollcode.so"
    if argument is not None:
        ours = f"pam_rollcode.so {argument}".rstrip()
    for path, lines in ((name, stack[0]), (name + "-part", stack[1])):
        text = "\n".join(lines) + "\n"
        text = text.replace("@OURS@", ours).replace("@PART@", name + "-part")
        with open(PAM + path, "w", encoding="ascii") as file:
            file.write(text)


def run(*words, text=""):
    return subprocess.run(words, input=text, capture_output=True, text=True,
                          check=False).stdout


def counter():
    shown = json.loads(run("rollcode-admin", "show", "ann", "--json"))
    return shown["tokens"][0]["counter"]


def login(pamrun, name, user, code):
    words = run(pamrun, "-p", "sesam", PAM, name, text=f"{user}\t{code}\n")
    return words.split()[1]


def wrong(code):
    return str((int(code[0]) + 5) % 10) + code[1:]


def main():
    count, pamrun = int(sys.argv[1]), sys.argv[2]
    codes = sys.stdin.read().split()
    first, made, let_in = counter(), 0, 0
    for seed in range(count):
        stack = make_stack(random.Random(seed))
        write_stack("tried", stack, "")
        said = json.loads(run("rollcode-admin", "check", "--json",
                              "--service", "tried"))["outcomes"]
        for state, (user, code, argument) in STATES.items():
            write_stack("tried", stack, argument)
            text = codes[counter() - first]
            if code == "wrong":
                text = wrong(text)
            result = login(pamrun, "tried", user, text)
            made += 1
            let_in += result == "SUCCESS"
            if said[state] != (result == "SUCCESS"):
                print(f"stack {seed}: {state}: check says {said[state]}, "
                      f"and it is {result}:", *stack[0], "--", *stack[1],
                      sep="\n  ")
    print(f"{made} logins, {let_in} let in")


main()
