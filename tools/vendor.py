"""Fetch what the page of `map edit` is built on, and what its tests check it with.

Without arguments, the library of the page and its licences are written into the package; with
`--axe`, axe-core, which only tests use, into `.axe`. Each package is fetched by npm and pinned by
its hash, and nothing of it is run.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENDOR = ROOT / "target_salesforce_bulk" / "editor" / "static" / "vendor"


@dataclass(frozen=True)
class Package:
    """A package of npm's registry, and the files that are taken from it, by where they go."""

    name: str
    integrity: str
    files: dict[Path, str]


PAGE = (
    Package(
        "htm@3.1.1",
        "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/"
        "85mtfdnDmTFoNKcg5DGAvxNQ==",
        {
            VENDOR / "htm-preact.js": "package/preact/standalone.module.js",
            VENDOR / "LICENSE.htm": "package/LICENSE",
        },
    ),
    # Its code is in the file of htm; this is for its licence.
    Package(
        "preact@10.5.15",
        "sha512-5chK29n6QcJc3m1lVrKQSQ+V7K1Gb8HeQY6FViQ5AxCAEGu3DaHffWNDkC9+miZgsLvbvU9rxbV1"
        "qinGHMHzqA==",
        {VENDOR / "LICENSE.preact": "package/LICENSE"},
    ),
)
AXE = (
    Package(
        "axe-core@4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe"
        "37OgudVGtQ==",
        {ROOT / ".axe" / "axe.min.js": "package/axe.min.js"},
    ),
)

#: The SHA-512 of each committed file, so that a change is seen without npm.
HASHES = {
    "LICENSE.htm": "sha512-nOQY1H1YoDXqFfdKX+s4eby128QDCZy8EGUG8dAQXvWwOqNhJx7cS"
    "N5J0DRgDebIulyyxpBkM1xpUXpq+8+mVQ==",
    "LICENSE.preact": "sha512-6my4RGF9+dbak8UWEHnlkBIgwR6jKLQkBXoEKfmw/mMa1rnyd24Lp"
    "WRre5YwAIj0Y/IDisBzjq4Piw/dP0fjcg==",
    "htm-preact.js": "sha512-AjAWRTBFoJQZzInCal2qygEWFxuvfQtJkbkvFAZaZv9yICwwxxkfo"
    "s7T7L4DnR6qvIsgg+1nsjyoci5NSKyP3A==",
}


def digest(content: bytes) -> str:
    """A SHA-512 as npm writes it."""
    return f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"


def fetch(package: Package, folder: Path) -> None:
    """Download a package, check its hash, and take its files."""
    command = ["npm", "pack", "--silent", "--ignore-scripts", package.name]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = next(folder.glob("*.tgz"))
    found = digest(archive.read_bytes())
    if found != package.integrity:
        sys.exit(f"{package.name} has the hash {found}, not {package.integrity}.")
    with tarfile.open(archive) as members:
        for path, name in package.files.items():
            member = members.extractfile(name)
            if member is None:
                sys.exit(f"{package.name} has no file {name}.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.read())


def main(packages: tuple[Package, ...]) -> None:
    """Fetch all of them."""
    for package in packages:
        with tempfile.TemporaryDirectory() as folder:
            fetch(package, Path(folder))
        print(f"{package.name}: {', '.join(each.name for each in package.files)}")


def fetch_axe() -> None:
    """Fetch axe-core; tests do without it where npm or its registry is not at hand."""
    if shutil.which("npm") is None:
        print("Skipped: npm is not installed.")
        return
    try:
        main(AXE)
    except subprocess.CalledProcessError:
        print("Skipped: npm's registry cannot be reached from here.")


if __name__ == "__main__":
    fetch_axe() if "--axe" in sys.argv else main(PAGE)
