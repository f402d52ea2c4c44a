#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""walk.py TREE SERVER LAPTOP NETWORK WAY - the README's way in, and out again

Types what the README says, line by line, at terminals of two machines: SERVER
and LAPTOP are their roots, TREE is where both have the source, NETWORK is a
process in the network that they share.  WAY is `source`, or `packages`, which
takes what a line has behind "# or:".  After each line people log in: as before
until PAM has its line, with a code then, and as before once that is gone.  Prints
a line "ok" or "not ok" for each line typed, with what became of the logins.
"""
import glob
import os
import pty
import re
import select
import shutil
import sys
import time

TREE, SERVER, LAPTOP, NETWORK, WAY = sys.argv[1:]
ROOTS = {"server": SERVER, "laptop": LAPTOP}
PASSWORD = "blue-heron-42"
SECTIONS = ("From nothing to a protected sshd", "Removing it")


class Terminal:
    """A shell of somebody at a machine; networked: in the network they share,
    and not in the one that has package servers."""

    def __init__(self, machine, user, networked):
        enter = ["unshare", "-m", "sh", "-c",
                 'cd "$1" && pivot_root . . && umount -l . && cd / &&'
                 ' exec setpriv --reuid "$2" --regid "$2" --init-groups env -i'
                 ' HOME="$(getent passwd "$2" | cut -d: -f6)" TERM=dumb'
                 ' LANG=C.UTF-8 HISTFILE= PS1="ready> " PS2="more> " PATH=/usr'
                 '/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
                 ' bash --norc --noprofile', "sh", ROOTS[machine], user]
        if networked:
            enter[:0] = ["nsenter", "-n", "-t", NETWORK]
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execvp(enter[0], enter)
        self.seen = ""
        self.wait("ready> $", 60)
        self.type(f"stty -echo; cd {TREE if user == 'root' else '~'}")

    def wait(self, pattern, seconds):
        """What came up to the pattern; without its end if it never came."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            if not select.select([self.fd], [], [],
                                 max(0, end - time.monotonic()))[0]:
                break
            try:
                piece = os.read(self.fd, 4096)
            except OSError:
                break
            self.seen += piece.decode(errors="replace").replace("\r", "")
        screen, self.seen = self.seen, ""
        return screen

    def type(self, lines, answers=(), seconds=1200):
        """Types them, and each of the answers, (PATTERN, TEXT), when asked."""
        screen, answers = "", list(answers)
        for line in lines.split("\n"):
            os.write(self.fd, line.encode() + b"\n")
            while True:
                patterns = "|".join([pattern for pattern, _ in answers] +
                                    ["(ready|more)> $"])
                came = self.wait(patterns, seconds)
                screen += came
                asked = [a for a in answers if re.search(a[0], came)]
                if not asked:
                    break
                answers.remove(asked[0])
                os.write(self.fd, asked[0][1].encode() + b"\n")
        if not re.search("ready> $", screen):
            os.write(self.fd, b"\x03")
            self.wait("ready> $", 10)
        return screen

    def status(self):
        return self.type("echo =$?=").split("=")[1:2]


def blocks():
    """(the words in front, a line to type), of the two sections."""
    text = open(os.path.join(SERVER + TREE, "README.md")).read()
    for title in SECTIONS:
        section = text.split(f"## {title}\n")[1].split("\n## ")[0]
        words = ""
        for part in section.split("\n\n"):
            if not part.startswith("    "):
                words = part
                continue
            lines = re.sub("^    ", "", part, flags=re.M).strip("\n")
            for line in re.split(r"(?<!\\)\n", lines):
                yield words, line


def chosen(line):
    """What is typed, the one way or the other."""
    return re.sub("^.*# or: ", "", line) if WAY == "packages" else line


said = {True: 0, False: 0}


def say(good, name, screen):
    said[good] += 1
    print("ok" if good else "not ok", name, flush=True)
    if not good:
        print("    " + screen[-3000:].replace("\n", "\n    "), flush=True)


root = Terminal("server", "root", False)
admin = Terminal("laptop", "root", False)
alice = Terminal("laptop", "alice", True)


def log_in(coded):
    """alice's login, with the password, and a code if she has to have one."""
    answers = [("[Pp]assword: $", PASSWORD)]
    if coded:
        code = alice.type("rollcode-token next").split("\n")[0]
        answers.append(("Rolling code: $", code))
    return alice.type("ssh -o NumberOfPasswordPrompts=1 alice@server echo "
                      "in-$((40+2))", answers, 60)


def gets_in(coded):
    # A reload is over when sshd has begun to listen once more.
    for _ in range(50):
        screen = log_in(coded)
        if "Connection refused" not in screen:
            break
        time.sleep(0.2)
    asked = "Rolling code" in screen
    return "in-42" in screen and asked == coded, screen


coded = False
good, screen = gets_in(coded)
say(good, "the password lets in before anything is done", screen)
for words, line in blocks():
    who = root
    if "laptop" in words:
        who = alice if "as its user" in words else admin
    line = chosen(line)
    if line.startswith("apt install ./rollcode-token"):
        for deb in glob.glob(f"{SERVER}{TREE}/build/deb/rollcode-token_*"):
            shutil.copy(deb, LAPTOP + TREE)
    screen = who.type(line, [(r"\[Y/n\] $", "y"), (r"\[yes/no\] $", "yes")])
    good = who.status() == ["0"]
    say(good, f"`{line}`", screen)
    # What is left is a machine on which somebody is locked out, or not.
    coded = "pam_rollcode.so' /etc/pam.d" in line or \
        coded and "/pam_rollcode/d" not in line
    good, screen = gets_in(coded)
    say(good, "  and then " + ("password and code let in" if coded else
                               "the password alone lets in"), screen)
print(f"{said[True]} passed, {said[False]} failed")
sys.exit(said[False] > 0)
