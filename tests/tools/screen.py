#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""screen.py FOREGROUND BACKGROUND - a picture of what a terminal shows.

Text with colours (SGR) on standard input, as `tmux capture-pane -peN` prints
it; a PGM of 8 by 16 pixels a character on standard output.  The arguments are
the terminal's own colours as grey, 0 to 255.  Letters are drawn as stripes:
what matters is where ink is and where none.
"""

import re
import sys

WIDTH, HEIGHT = 8, 16
UPPER, LOWER = "\u2588\u2580", "\u2588\u2584"
BASIC = [0, 54, 182, 237, 18, 73, 201, 229, 127, 76, 220, 226, 106, 105, 179, 255]


def grey(red, green, blue):
    return (red * 54 + green * 182 + blue * 19) // 255


def colour(number):
    """One of 256: 16 basic ones, a cube of 6, a ramp of 24."""
    if number < 16:
        return BASIC[number]
    if number >= 232:
        return (number - 232) * 10 + 8
    steps = [0, 95, 135, 175, 215, 255]
    number -= 16
    return grey(steps[number // 36], steps[number // 6 % 6], steps[number % 6])


class Screen:
    def __init__(self, foreground, background):
        self.own = (foreground, background)
        self.now = list(self.own)
        self.reverse = False

    def set(self, numbers):
        numbers = numbers or [0]
        while numbers:
            n = numbers.pop(0)
            if n == 0:
                self.now, self.reverse = list(self.own), False
            elif n in (7, 27):
                self.reverse = n == 7
            elif n in (38, 48) and numbers[:1] == [5]:
                self.now[n == 48] = colour(numbers[1])
                del numbers[:2]
            elif n in (39, 49):
                self.now[n == 49] = self.own[n == 49]
            elif 30 <= n <= 37 or 90 <= n <= 97:
                self.now[0] = BASIC[n % 10 + (8 if n >= 90 else 0)]
            elif 40 <= n <= 47 or 100 <= n <= 107:
                self.now[1] = BASIC[n % 10 + (8 if n >= 100 else 0)]
            elif n not in (1, 22):
                sys.exit(f"screen.py: unknown colour {n}")

    def cells(self, line):
        for part in re.findall(r"\x1b\[[0-9;:]*m|[^\x1b]", line):
            if part[0] == "\x1b":
                self.set([int(n or 0) for n in re.split("[;:]", part[2:-1])])
            else:
                ink, paper = self.now[::-1] if self.reverse else self.now
                yield part, ink, paper

    def rows(self, line):
        """The HEIGHT rows of pixels of a line."""
        halves = bytearray(), bytearray()
        for char, ink, paper in self.cells(line):
            for half, full in zip(halves, (UPPER, LOWER)):
                if char in full:
                    half += bytes([ink]) * WIDTH
                elif char in UPPER + LOWER + " ":
                    half += bytes([paper]) * WIDTH
                else:
                    half += bytes([ink, paper] * (WIDTH // 2))
        return [bytes(half) for half in halves for _ in range(HEIGHT // 2)]


def main():
    screen = Screen(int(sys.argv[1]), int(sys.argv[2]))
    text = sys.stdin.buffer.read().decode()
    rows = [row for line in text.rstrip("\n").split("\n") for row in screen.rows(line)]
    width = max(map(len, rows))
    rows = [row + bytes([screen.own[1]]) * (width - len(row)) for row in rows]
    sys.stdout.buffer.write(b"P5 %d %d 255\n" % (width, len(rows)) + b"".join(rows))


main()
