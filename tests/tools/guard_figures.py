#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether what guard_probe saw tells the kinds of input apart.

guard_figures told WHO SAMPLES [strict]
    SAMPLES are lines of guard_probe.  Kinds are compared with the kind NONE of
    the same number of codes ("3.near" with "3.none").  Prints the areas under
    the ROC curve (0.5: no telling apart) with their standard errors, and what
    is wrong: an area of time, or of the serving process' switches, further
    from 0.5 than 0.05 (strict), or than 0.05 and four standard errors; a
    worker that waited more often over one kind than over another; an answer
    with other bytes.
guard_figures calls WHO SAMPLES PREFIX [commits]
    PREFIX.PID are traces (strace -ff -ttt -y) of the verifier's processes taken
    meanwhile.  Says what is wrong: requests that ran different system calls.
    commits: what is read and written then depends on where in the ring of
    events it goes, so that wrong is a kind whose requests write more often
    than those of the kind "wrong" do.
guard_figures spawned WHO FOLDER
    Files KIND+N.PID in it are traces of logins with a verifier of their own.
    Those of one N began with the same store: they must run the same calls.
guard_figures believed WHO SAID CODES [CANDIDATES]
    SAID is what guess_guarded said, CODES has the valid codes, CANDIDATES those
    that it drew from.  Wrong is what was opened, and that more of what it
    believes is right than chance gives, once in a thousand.

A line that begins with "# " is a figure, any other one is wrong.
"""
import collections
import glob
import math
import os
import re
import sys

ALLOWED = 0.05
CHANCE = 4  # standard errors: there are two hundred areas in a run
USUAL = 0.9  # what else runs makes a process wait now and then
SHOWN = 4

Sample = collections.namedtuple("Sample", "kind ns workers serving rest")
Call = collections.namedtuple("Call", "time name result text")


def samples_of(path):
    with open(path) as lines:
        for line in lines:
            kind, ns, workers, serving, *rest = line.split()
            yield Sample(kind, int(ns), int(workers), int(serving), rest)


# --- areas -------------------------------------------------------------------

def area(some, others):
    """That one of others is greater than one of some, and its error."""
    ranked = sorted([(x, 0) for x in some] + [(x, 1) for x in others])
    ranks, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        theirs = sum(which for _, which in ranked[at:end])
        ranks += theirs * (at + 1 + end) / 2
        at = end
    m, n = len(some), len(others)
    return ((ranks - n * (n + 1) / 2) / (m * n),
            ((m + n + 1) / (12 * m * n)) ** 0.5)


def middle(values):
    return sorted(values)[len(values) // 2]


def worst_area(who, by_kind, what, strict):
    worst = (0, "", 0, 0)
    for kind, samples in by_kind.items():
        none = by_kind[kind.split(".")[0] + ".none"]
        if samples is none:
            continue
        auc, error = area([getattr(s, what) for s in none],
                          [getattr(s, what) for s in samples])
        worst = max(worst, (abs(auc - 0.5), kind, auc, error))
        if abs(auc - 0.5) > ALLOWED + (0 if strict else CHANCE * error):
            print(f"{who}: {what} tells {kind}: area {auc:.3f} of "
                  f"{len(samples)} samples")
    return worst


def told_by_waits(who, by_kind):
    waits = {kind: collections.Counter(s.workers for s in samples)
             for kind, samples in by_kind.items()}
    usual = middle([s.workers for ss in by_kind.values() for s in ss])
    for kind, counts in waits.items():
        if counts[usual] < USUAL * sum(counts.values()):
            print(f"{who}: a worker waits otherwise over {kind}: "
                  f"{dict(counts)} (times: requests)")
    return sum(c[usual] for c in waits.values()), usual


def told(who, path, strict=""):
    by_kind = collections.defaultdict(list)
    for s in samples_of(path):
        if s.kind != "warm":
            by_kind[s.kind].append(s)
    every = [s for samples in by_kind.values() for s in samples]
    _, slow, time, error = worst_area(who, by_kind, "ns", strict)
    _, waiting, waits, _ = worst_area(who, by_kind, "serving", strict)
    same, usual = told_by_waits(who, by_kind)
    print(f"# {who}: median {middle([s.ns for s in every]) / 1e6:.2f} ms; "
          f"worst areas: time {time:.3f} ({slow}), the serving process' "
          f"switches {waits:.3f} ({waiting}), standard error {error:.3f}; "
          f"a worker's switches: {usual} in {same} of {len(every)}")
    rest = collections.Counter(" ".join(s.rest) for s in every)
    if len(rest) != 1:
        print(f"{who}: not one answer: {dict(rest.most_common(SHOWN))}")


# --- system calls --------------------------------------------------------------

def calls_of(path):
    with open(path, errors="replace") as lines:
        for line in lines:
            m = re.match(r"(\d+\.\d+) (\w+)\((.*)", line)
            if m is None:
                continue
            result = re.search(r"\) += (-?\d+)", m[3])
            yield Call(float(m[1]), m[2], int(result[1]) if result else None,
                       m[3])


# Waiting for the next request, and what found nothing to do.
def is_idle(call):
    return (call.name in ("poll", "restart_syscall", "exit_group") or
            "EAGAIN" in call.text or "EINTR" in call.text or
            "detached" in call.text)


# Of callers that are not root: at most so many lines a second, whatever for,
# each with the number of the process; and a timer that ends what takes long.
def is_aside(call):
    return (re.match(r'\d+<[^>]*>+, "<\d+>', call.text) is not None or
            call.name in ("setitimer", "rt_sigreturn", "rt_sigaction",
                          "getpid"))


SIZED = {"pread64", "pwrite64", "read", "write", "recvfrom", "sendto"}


def canonical(calls):
    counted = collections.Counter()
    for c in calls:
        if is_idle(c) or is_aside(c):
            continue
        sized = c.name in SIZED and c.result is not None
        counted[f"{c.name}={c.result}" if sized else c.name] += 1
    return counted


def requests_in(prefix, is_first):
    """What each process did between two requests, the requests in order."""
    found = []
    for path in glob.glob(glob.escape(prefix) + ".*"):
        done = list(calls_of(path))
        if any(map(is_connection, done)) != (is_first is is_connection):
            continue
        current = None
        for call in done:
            if is_first(call):
                current = [call]
                found.append(current)
            elif current is not None:
                current.append(call)
    found.sort(key=lambda calls: calls[0].time)
    return found


def is_task(call):
    return call.name == "recvfrom" and call.text.startswith("3<") and \
        (call.result or 0) > 1000


def is_connection(call):
    return call.name == "accept4" and (call.result or -1) >= 0


def files_of(calls):
    """How many files of users it opened and closed."""
    return tuple(sum(c.name == name and ".db" in c.text for c in calls)
                 for name in ("openat", "close"))


def usual_files(who, found):
    """Of (KIND, CALLS) those that opened as many files as most did.  A file
    that nobody used for two seconds is closed over whatever comes next.
    """
    late = sum("Timeout" in c.text for _, one in found for c in one)
    usual = collections.Counter(files_of(one) for _, one in found)
    kept = [(kind, one) for kind, one in found
            if files_of(one) == usual.most_common(1)[0][0]]
    if len(found) - len(kept) > 2 + 2 * late:
        print(f"{who}: files opened and closed by a request: {dict(usual)}")
    return kept


def difference(usual, other):
    more, less = other - usual, usual - other
    return " ".join([f"+{n} {c}" for c, n in more.items()] +
                    [f"-{n} {c}" for c, n in less.items()])


def compare(who, of_kind, quiet=False):
    """of_kind: KIND: [what it did...]"""
    keys = {}
    for kind, several in of_kind.items():
        for counted in several:
            key = tuple(sorted(counted.items()))
            keys.setdefault(key, (counted, collections.Counter()))[1][kind] += 1
    if not keys:
        print(f"{who}: nothing was traced")
        return
    ordered = sorted(keys.values(), key=lambda k: -sum(k[1].values()))
    usual = ordered[0][0]
    if len(ordered) > 1:
        print(f"{who}: the usual calls: {dict(ordered[0][1])}")
    for counted, kinds in ordered[1:SHOWN]:
        print(f"{who}: otherwise in {dict(kinds)}: "
              f"{difference(usual, counted)}")
    several = sum(len(s) for s in of_kind.values())
    if not quiet:
        print(f"# {who}: {several} requests of {len(of_kind)} kinds, "
              f"{sum(usual.values())} system calls each")


def changes(calls):
    return sum(c.name in ("pwrite64", "fsync", "fdatasync", "ftruncate")
               for c in calls)


def commits(who, of_kind):
    for kind, several in of_kind.items():
        auc, error = area(*[[changes(one) for one in some]
                            for some in (of_kind["wrong"], several)])
        print(f"# {who}: {kind}: {len(several)} requests, writes and syncs: "
              f"{dict(collections.Counter(map(changes, several)))}, area "
              f"{auc:.3f}, standard error {error:.3f}")
        if abs(auc - 0.5) > ALLOWED + CHANCE * error:
            print(f"{who}: its writes tell {kind}: area {auc:.3f}")


# A process that goes on takes more memory now and then, for good.
def calls(who, path, prefix, writes=""):
    kinds = [s.kind for s in samples_of(path)]
    for name, is_first in (("worker", is_task), ("serving", is_connection)):
        done = requests_in(prefix, is_first)
        if len(done) != len(kinds):
            print(f"{who}: the {name} had {len(done)} requests of "
                  f"{len(kinds)}")
            continue
        found = [(kind, one) for kind, one in zip(kinds, done)
                 if kind != "warm"]
        if not writes:
            found = usual_files(f"{who}, {name}", found)
        of_kind = collections.defaultdict(list)
        for kind, one in found:
            of_kind[kind].append(one)
        if name == "worker" and writes:
            commits(f"{who}, {name}", of_kind)
        else:
            compare(f"{who}, {name}", {
                kind: [canonical(c for c in one if c.name != "brk")
                       for one in several]
                for kind, several in of_kind.items()})


def spawned(who, folder):
    of_state = collections.defaultdict(lambda: collections.defaultdict(list))
    for name in sorted(os.listdir(folder)):
        done = list(calls_of(os.path.join(folder, name)))
        if any(c.name == "execve" and "rollcode-verify" in c.text
               for c in done):
            kind, state = name.rsplit(".", 1)[0].split("+")
            of_state[state][kind].append(canonical(done))
    same, several = 0, 0
    for state, of_kind in of_state.items():
        keys = {tuple(sorted(one.items()))
                for some in of_kind.values() for one in some}
        same += len(keys) == 1
        several += sum(map(len, of_kind.values()))
        if len(keys) != 1:
            compare(f"{who}, start {state}", of_kind, quiet=True)
    print(f"# {who}: {several} starts of {len(of_kind) if several else 0} "
          f"kinds; of {len(of_state)} states {same} with the same system "
          f"calls for each kind")
    if not several:
        print(f"{who}: nothing was traced")


def chance(right, of, each):
    """That of so many at least so many are right, by luck alone."""
    return sum(math.comb(of, n) * each ** n * (1 - each) ** (of - n)
               for n in range(right, of + 1))


def words_of(path):
    with open(path) as lines:
        return [line.split() for line in lines if line.strip()]


def believed(who, said, codes, candidates=None):
    valid = {words[0] for words in words_of(codes)}
    drawn = [words[0] for words in words_of(candidates)] if candidates else None
    width = len(next(iter(valid)))
    each = (sum(code in valid for code in drawn) / len(drawn) if drawn
            else len(valid) / 10 ** width)
    for kind, codes_each in (("believed", 2.5), ("code", 1)):
        found = [words[2:] for words in words_of(said) if words[0] == kind]
        right = sum(bool(valid.intersection(texts)) for texts in found)
        luck = chance(right, len(found), 1 - (1 - each) ** codes_each)
        print(f"# {who}: {kind}: {len(found)}, of them right {right}, by "
              f"chance so many or more with {luck:.2g}")
        if luck < 0.001:
            print(f"{who}: {kind}: {right} of {len(found)} are right")
    for words in words_of(said):
        if words[0] == "opened":
            print(f"{who}: got in with {' '.join(words[1:])}")
        elif words[0] == "#":
            print("#", f"{who}:", *words[1:])


{"told": told, "calls": calls, "spawned": spawned,
 "believed": believed}[sys.argv[1]](*sys.argv[2:])
