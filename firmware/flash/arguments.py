"""The commands of the workshop's tool and what may be said to them."""

import argparse
from pathlib import Path

from firmware.flash import image, release


def parser() -> argparse.ArgumentParser:
    """All commands."""
    top = argparse.ArgumentParser(
        prog="python -m firmware.flash",
        description="Put Lodestone on boards, update them, let them in, read them back.",
    )
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("find", help="boards at this computer")
    one = _at_port(verbs, "install", "put Lodestone on a board")
    one.add_argument("--board", required=True, help=f"one of {', '.join(image.boards())}")
    one.add_argument("--station", type=Path, required=True, help="its station.json")
    one.add_argument("--wifi", metavar="SSID", help="asks for the password")
    _what(one)
    one.add_argument("--take-over", action="store_true", help="what is on the board may go")
    one = _at_port(verbs, "update", "new code on a board that has Lodestone")
    _what(one)
    one.add_argument("--station", type=Path, help="a new station.json as well")
    one = _at_port(verbs, "enrol", "fetch the board's certificate from the MES")
    one.add_argument("--mes", required=True, metavar="URL")
    one.add_argument("--token", default="", help="without one: shows what to enter at the MES")
    _at_port(verbs, "verify", "read everything back and compare")
    one = _at_port(verbs, "firmware", "MicroPython itself on a bare ESP32 (all on it is erased)")
    one.add_argument("--board", required=True)
    one.add_argument("--image", type=Path, required=True, help="the .bin from micropython.org")
    one = verbs.add_parser("release", help="make and sign a release for updates over the air")
    one.add_argument("--board", required=True)
    one.add_argument("--version", default=release.own_version())
    one.add_argument(
        "--counter", type=int, required=True, help="above that of every release before"
    )
    one.add_argument("--min-version", default="", help="the oldest version it may replace")
    one.add_argument("--types", default="", metavar="A,B", help="the only station types in it")
    one.add_argument("--key", type=Path, required=True, help="the private release key")
    one.add_argument("--out", type=Path, required=True, help="a new folder")
    one = verbs.add_parser("key", help="make the release key")
    one.add_argument("file", type=Path)
    return top


def _at_port(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    one = verbs.add_parser(name, help=text)
    one.add_argument(
        "port", help="such as /dev/ttyACM0 (`find` lists them), or the folder of a Linux controller"
    )
    one.add_argument("--dry-run", action="store_true", help="says everything, writes nothing")
    return one


def _what(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--release", type=Path, help="the folder of a release; else the code beside this tool"
    )
    one.add_argument(
        "--types", default="", metavar="A,B", help="the only station types in the image"
    )
    one.add_argument(
        "--release-key",
        type=Path,
        help="the public key; without one the board takes no updates over the air",
    )
