"""Prints what a request and the judging of a certificate cost: micropython -m tests.firmware.key_cost FOLDER"""

import gc
import sys
import time

from firmware.onboard import durable, keys, x509
from tests.firmware.onboard_help import NODE, vector


def cost(work):
    """How long it takes, and how much of the heap holds something afterwards that did not before."""
    gc.collect()
    before = gc.mem_alloc()
    ticks = time.ticks_ms()
    work()
    took = time.ticks_diff(time.ticks_ms(), ticks)
    gc.collect()
    return took, gc.mem_alloc() - before, before


def main(folder):
    durable.replace(f"{folder}/{keys.KEY}", vector("key.der"))
    chain = x509.split_chain(vector("first.der"))
    key = keys.load(folder)[1]
    for name, work in (
        ("request", lambda: keys.csr(folder, NODE)),
        ("judge", lambda: keys.judge(chain, vector("root.der"), key, NODE)),
    ):
        took, kept, before = cost(work)
        print(f"{name} {took} ms, {kept} bytes kept, {before} in use before")


if __name__ == "__main__":
    main(sys.argv[1])
