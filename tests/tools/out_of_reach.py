#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""out_of_reach.py PID... - whatever one process may do to another.

Prints a line for each thing that was allowed, "WHAT PID".
"""
import ctypes
import os
import resource
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_ATTACH = 0x4206, 16


def called(function, *arguments):
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def vector(address):
    local = ctypes.create_string_buffer(8)
    return (ctypes.c_size_t * 2)(address or ctypes.addressof(local), 8)


def looks(pid):
    for name in ("mem", "environ", "auxv", "maps", "smaps", "pagemap",
                 "stack", "syscall", "io", "personality"):
        yield name, lambda name=name: open(f"/proc/{pid}/{name}", "rb").read(1)
    yield "fd", lambda: os.listdir(f"/proc/{pid}/fd")
    for name in ("cwd", "exe", "root"):
        yield name, lambda name=name: os.readlink(f"/proc/{pid}/{name}")
    yield "process_vm_readv", lambda: called(
        libc.process_vm_readv, pid, vector(0), 1, vector(4096), 1, 0)


def holds(pid):
    for number in (0, signal.SIGCONT, signal.SIGTSTP, signal.SIGSTOP,
                   signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU,
                   signal.SIGKILL):
        yield f"signal {number}", lambda number=number: os.kill(pid, number)
    # 0 is a group outside of this namespace, and would mean our own.
    if os.getpgid(pid) not in (0, os.getpgrp()):
        yield "group", lambda: os.killpg(os.getpgid(pid), signal.SIGSTOP)
    yield "seize", lambda: called(libc.ptrace, PTRACE_SEIZE, pid, 0, 0)
    yield "attach", lambda: called(libc.ptrace, PTRACE_ATTACH, pid, 0, 0)
    yield "limit", lambda: resource.prlimit(
        pid, resource.RLIMIT_FSIZE, (0, 0))
    yield "nice", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19)
    yield "policy", lambda: os.sched_setscheduler(
        pid, os.SCHED_IDLE, os.sched_param(0))
    yield "cpu", lambda: os.sched_setaffinity(pid, {0})
    yield "oom", lambda: open(f"/proc/{pid}/oom_score_adj", "w").write("1000")


for one in map(int, sys.argv[1:]):
    for act in (*looks(one), *holds(one)):
        try:
            act[1]()
        except OSError:
            continue
        print(act[0], one, flush=True)
