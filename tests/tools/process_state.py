# SPDX-License-Identifier: Apache-2.0
"""What a process may do, for readers.py and sample.py."""


def process_state(pid):
    """A line: uid 990 990 990 990 caps 0 0 0 0 new-privileges no memory
    limited."""
    fields = {}
    with open(f"/proc/{pid}/status") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            fields[name] = value.split()
    with open(f"/proc/{pid}/limits") as lines:
        soft = [line for line in lines if line.startswith("Max address space")]
    caps = [str(int(fields[c][0], 16)) for c in
            ("CapInh", "CapPrm", "CapEff", "CapAmb")]
    return " ".join(
        ["uid"] + fields["Uid"] + ["caps"] + caps
        + ["new-privileges", "no" if fields["NoNewPrivs"] == ["1"] else "yes",
           "memory", "unlimited" if "unlimited" in soft[0] else "limited"])
