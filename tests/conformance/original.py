"""The original libraries under Node: found, installed from a lock file where they lie, and run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUERY = Path(__file__).parent / "query" / "oracle"
"""Where query-core is run."""


class NoOriginalError(Exception):
    """The original cannot be run here; the message is one sentence with the way out."""


def run_original(folder: Path, script: Path, *arguments: str) -> str:
    """Run a script beside the original and return what it printed.

    Args:
        folder: Whose lock file says what is installed there; it is installed once.
        script: The script, anywhere; it finds modules where it lies.
        arguments: Its arguments.

    Raises:
        NoOriginalError: There is no Node, or npm or the script failed.
    """
    # pytest knows the folder already; a program run by `python -m` does not.
    if str(ROOT / ".ci") not in sys.path:
        sys.path.append(str(ROOT / ".ci"))
    import bundle

    node = bundle.find_node()
    if node is None:
        raise NoOriginalError(
            f"The original library needs Node {bundle.OLDEST_NODE} or newer with npm, and there is "
            f"none: install it, or run `pip install '{bundle.NODE_REQUIREMENT}'` with this Python."
        )
    try:
        bundle.install_modules(node, folder)
    except bundle.BundleError as error:
        raise NoOriginalError(f"The original library could not be installed: {error}") from None
    done = subprocess.run(
        [node.node, str(script), *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise NoOriginalError(f"{script.name} failed: its own words stand above.")
    return done.stdout.strip()
