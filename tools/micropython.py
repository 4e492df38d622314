"""Brings a real MicroPython (unix port) to `.tools/micropython/` where the system has none.

Debian packages it from release 13 on. On an older Debian the package and the libraries it names are
taken from the list of Debian 13 (signature and hashes checked), unpacked, and run with the loader
that came with them; the system stays untouched. Prints the interpreter's path; exit code 1 and one
sentence where it cannot be had: the agents then run on CPython and the product says so.
"""

import hashlib
import lzma
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(".tools/micropython").absolute()
WRAPPER = ROOT / "micropython"
# The same with words of 32 bits, as boards have them: their tests measure heap with it.
ROOT_32 = Path(".tools/micropython32").absolute()
ARCH_32 = {"amd64": "i386"}  # what a machine can run beside its own
RELEASE = "trixie"
KEYRINGS = sorted(Path("/usr/share/keyrings").glob("debian-archive-*.gpg"))


class Missing(Exception):
    """MicroPython cannot be had here; the message says why."""


def runs(interpreter: str) -> bool:
    """Whether `interpreter` answers as MicroPython 1.22 or newer."""
    ask = "import sys, asyncio; print(sys.implementation[0], sys.implementation[1][:2] >= (1, 22))"
    try:
        answer = subprocess.run(
            [interpreter, "-c", ask], capture_output=True, text=True, timeout=20
        )
    except OSError:
        return False
    return answer.stdout.split() == ["micropython", "True"]


def output_of(*command: str) -> str:
    """The output of a command; raises Missing when it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    except FileNotFoundError as error:
        raise Missing(f"only Debian and Ubuntu have `{command[0]}` to fetch it with") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"`{command[0]}` did not work: {error}") from error
    return done.stdout


def download(address: str, target: Path, sha256: str | None = None) -> None:
    """Fetch with apt's own transport, so that the machine's mirror settings hold."""
    output_of("/usr/lib/apt/apt-helper", "download-file", address, str(target))
    if sha256 and hashlib.sha256(target.read_bytes()).hexdigest() != sha256:
        raise Missing(f"{target.name} does not have the hash that Debian lists")


def package_list(site: str, arch: str, folder: Path) -> dict[str, dict[str, str]]:
    """Debian's signed list of `RELEASE` as `{package: fields}`."""
    signed, plain = folder / "InRelease", folder / "Release"
    download(f"{site}/dists/{RELEASE}/InRelease", signed)
    rings = [part for ring in KEYRINGS for part in ("--keyring", str(ring))]
    output_of("gpgv", "-q", *rings, "--output", str(plain), str(signed))
    name = f"main/binary-{arch}/Packages.xz"
    found = re.search(
        rf"^ ([0-9a-f]{{64}}) +\d+ {re.escape(name)}$", plain.read_text(), re.MULTILINE
    )
    if not found:
        raise Missing(f"Debian {RELEASE} lists no packages for {arch}")
    packed = folder / "Packages.xz"
    download(f"{site}/dists/{RELEASE}/{name}", packed, found[1])
    packages = {}
    for entry in lzma.decompress(packed.read_bytes()).decode().split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", entry, re.MULTILINE))
        if "Package" in fields:
            packages[fields["Package"]] = fields
    return packages


def needed(packages: dict[str, dict[str, str]]) -> list[str]:
    """`micropython` and every library it depends on, however far down."""
    todo, seen = ["micropython"], []
    while todo:
        name = todo.pop()
        if name in seen or name not in packages:
            continue
        seen.append(name)
        depends = packages[name].get("Depends", "")
        todo += [
            re.split(r"[ (|:]", part.strip())[0] for part in depends.split(",") if part.strip()
        ]
    if "micropython" not in seen:
        raise Missing(f"Debian {RELEASE} has no package micropython for this machine")
    return seen


def site_with_release(folder: Path) -> str:
    """A mirror that apt knows and that holds `RELEASE`; apt is asked, none is written here."""
    sites = output_of("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages")
    why = "apt knows no mirror"
    for site in sorted(set(sites.split())):
        try:
            download(f"{site}/dists/{RELEASE}/InRelease", folder / "probe")
        except Missing as error:
            why = str(error)
        else:
            return site
    raise Missing(f"no mirror of apt holds Debian {RELEASE} ({why})")


def own_arch() -> str:
    return output_of("dpkg", "--print-architecture").strip()


def install(root: Path, arch: str) -> None:
    """Unpack everything below `root` and write the wrapper that starts it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = site_with_release(folder)
        packages = package_list(site, arch, folder)
        new = folder / "root"
        for package in needed(packages):
            fields = packages[package]
            deb = folder / f"{package}.deb"
            download(f"{site}/{fields['Filename']}", deb, fields["SHA256"])
            output_of("dpkg-deb", "-x", str(deb), str(new))
        loaders = [
            p
            for p in new.rglob("ld-linux*")
            if not p.is_symlink() and (p.parent / "libc.so.6").exists()
        ]
        if not loaders:
            raise Missing("the unpacked libraries hold no loader")
        loader = loaders[0].relative_to(new)
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        shutil.copytree(new, root / "root", symlinks=True)
    wrapper = root / "micropython"
    wrapper.write_text(
        '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")/root\n'
        f'exec "$here/{loader}" --library-path "$here/{loader.parent}" '
        '"$here/usr/bin/micropython" "$@"\n'
    )
    wrapper.chmod(0o755)


def bring_32() -> str | None:
    """Path of a MicroPython with words of 32 bits; None where this machine cannot have one."""
    wrapper = ROOT_32 / "micropython"
    if not wrapper.exists():
        try:
            install(ROOT_32, ARCH_32[own_arch()])
        except (KeyError, Missing):
            return None
    return str(wrapper) if runs(str(wrapper)) else None


def main() -> int:
    """Print the path of a MicroPython that runs, fetching it when needed."""
    for candidate in (str(WRAPPER), shutil.which("micropython")):
        if candidate and runs(candidate):
            print(candidate)
            return 0
    try:
        install(ROOT, own_arch())
    except Missing as error:
        print(f"MicroPython is not at hand: {error}.", file=sys.stderr)
        return 1
    if not runs(str(WRAPPER)):
        print("MicroPython was unpacked but does not run on this machine.", file=sys.stderr)
        return 1
    print(WRAPPER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
