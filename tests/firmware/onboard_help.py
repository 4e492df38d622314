"""A folder of a board with a key and certificates that never change; both interpreters."""
# ruff: noqa: PTH107, PTH106, PTH208, PTH102

import os

from firmware.onboard import durable, keys

FILES = "tests/vectors/enrolment/"
NODE = "press-1"
ISSUED_S = 1_795_852_800  # 2026-11-28 08:00 UTC; good for 365 days
DAY_S = 86_400
PIN = "07f645db8dfc4d809ab2"  # of root.der
FINGERPRINT = "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4"
_made = []


def vector(name):
    """One of the files that tests/vectors/enrolment holds."""
    return durable.read_bytes(FILES + name)


def new_folder():
    """A new empty folder below the system's own for such things."""
    base = os.getenv("TMPDIR") or "/tmp"
    _made.append(1)
    name = "".join([f"{byte:02x}" for byte in os.urandom(8)])
    path = f"{base}/lodestone-test-{name}-{len(_made)}"
    os.mkdir(path)
    return path


def remove_folder(path):
    for name in os.listdir(path):
        os.remove(f"{path}/{name}")
    os.rmdir(path)


def enrolled():
    """A folder with a key and its certificate."""
    folder = new_folder()
    for name, vector_name in (
        (keys.KEY, "key.der"),
        (keys.CERTIFICATE, "first.der"),
        (keys.CA, "root.der"),
    ):
        durable.replace(f"{folder}/{name}", vector(vector_name))
    return folder
