"""A board's key and how it gets its certificate; both interpreters run this file."""
# ruff: noqa: PTH208, RUF005

import os

from firmware.onboard import durable, identity, keys, x509
from firmware.onboard.identity import own_serial
from tests.device_help import fault_of
from tests.firmware.onboard_help import (
    FINGERPRINT,
    NODE,
    PIN,
    new_folder,
    remove_folder,
    vector,
)


def _with_key():
    folder = new_folder()
    durable.replace(f"{folder}/{keys.KEY}", vector("key.der"))
    return folder


def _chain(name):
    return x509.split_chain(vector(name)) + [vector("root.der")]


def test_a_key_is_made_once_and_its_fingerprint_stays():
    folder = new_folder()
    serial, fingerprint = keys.begin(folder, "4f-1")
    assert serial == "4f-1"
    assert len(fingerprint) == 64
    assert keys.begin(folder, "4f-1") == (serial, fingerprint)
    assert os.listdir(folder) == [keys.KEY]
    other = new_folder()
    assert keys.begin(other, "4f-1")[1] != fingerprint
    remove_folder(folder)
    remove_folder(other)


def test_the_fingerprint_is_that_of_the_public_key_info():
    folder = _with_key()
    assert keys.begin(folder, "x")[1] == FINGERPRINT
    remove_folder(folder)


def test_the_board_knows_itself_by_a_serial_number():
    folder = new_folder()
    assert keys.begin(folder)[0] == own_serial()
    assert fault_of(ValueError, keys.begin, folder, "no/serial")
    remove_folder(folder)


def test_a_broken_key_is_said_and_not_made_anew():
    folder = new_folder()
    durable.replace(f"{folder}/{keys.KEY}", b"half of a k")
    assert fault_of(ValueError, keys.begin, folder, "x")
    assert durable.read_bytes(f"{folder}/{keys.KEY}") == b"half of a k"
    remove_folder(folder)


def test_an_image_without_a_machine_id_of_its_own_goes_by_its_name():
    """Images that are made to be copied have an empty one."""
    files = {"/etc/machine-id": b"\n", "/etc/hostname": b"line-3\n"}
    real, identity.read_bytes = identity.read_bytes, lambda path: files[path]
    try:
        assert own_serial() == "line-3"
        files["/etc/hostname"] = b""
        assert own_serial() == "unknown"
    finally:
        identity.read_bytes = real


def test_the_certificate_is_kept_with_the_root_that_the_token_tells():
    folder = _with_key()
    assert keys.csr(folder, NODE) == vector("press-1.csr")
    found = keys.finish(folder, _chain("first.der"), NODE, PIN)
    assert found.name == NODE
    assert durable.read_bytes(f"{folder}/{keys.CERTIFICATE}") == vector("first.der")
    assert durable.read_bytes(f"{folder}/{keys.CA}") == vector("root.der")
    remove_folder(folder)


def test_what_is_not_for_this_board_changes_nothing():
    folder = _with_key()
    for name, pin, words in (
        ("first.der", "0" * 20, "the token tells"),
        ("other_node.der", PIN, "'press-2', not for 'press-1'"),
        ("other_key.der", PIN, "another key"),
        ("other_site.der", PIN, "not by this site"),
    ):
        fault = fault_of(ValueError, keys.finish, folder, _chain(name), NODE, pin)
        assert words in str(fault), str(fault)
    for chain in (
        [],
        [vector("root.der")],
        [b"", vector("root.der")],
        [b"\x30\x80", vector("root.der")],
    ):
        assert fault_of(ValueError, keys.finish, folder, chain, NODE, PIN)
    assert os.listdir(folder) == [keys.KEY]
    remove_folder(folder)
