"""Which Chromium the browser tests drive: `python .ci/chromium.py` prints its path.

Order: the CHROMIUM variable, then chromium, chromium-browser and google-chrome on the PATH, then
Playwright's own. Run as a program it installs one where none is (apt-get for root, else
Playwright's download into the user's cache) and says on stderr what it does; imported, it only looks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apt
import bundle

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoChromiumError(Exception):
    """There is no Chromium that runs; the message says how to get one."""


def find() -> str:
    """Return the path of a Chromium that runs.

    Raises:
        NoChromiumError: There is none, or CHROMIUM names something that does not run.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        path = shutil.which(named)
        if path and runs(path):
            return path
        raise NoChromiumError(
            f"CHROMIUM names {named!r}, which does not run: unset it, or let it name a Chromium."
        )
    for path in candidates():
        if runs(path):
            return path
    raise NoChromiumError("there is no Chromium: install one, or let CHROMIUM name one.")


def candidates() -> Iterator[str]:
    """Give the browsers of the PATH, then the one Playwright has downloaded, if any."""
    yield from filter(None, map(shutil.which, NAMES))
    from playwright.sync_api import sync_playwright

    lend_node()
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if Path(path).is_file():
        yield path


def lend_node() -> None:
    """Let Playwright run on the Node that builds the bundle.

    The one it brings needs libatomic, which a bare Debian has not.
    """
    node = bundle.find_node()
    if node is not None:
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node.node)


def install() -> None:
    """Install a Chromium, the system's for root, else Playwright's."""
    if apt.can_install():
        say("Installing chromium with apt-get")
        apt.install("chromium", "fonts-liberation")  # without a font every label is an empty box
        try:
            find()
        except NoChromiumError:
            say("apt's chromium does not run here (on Ubuntu it is a snap)")
        else:
            return
    say("Installing Playwright's Chromium")
    lend_node()
    libraries = ["--with-deps"] if apt.can_install() else []
    command = [sys.executable, "-m", "playwright", "install", *libraries, "chromium"]
    subprocess.run(command, stdout=sys.stderr, check=False)


def runs(path: str) -> bool:
    """Whether it is a browser that starts; a wrapper of a missing snap, for one, does not."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def say(step: str) -> None:
    """Say on stderr what is being done."""
    print(f"\n>> {step}", file=sys.stderr, flush=True)


def find_or_install() -> str:
    """Return the path of a Chromium that runs, installing one if need be."""
    try:
        return find()
    except NoChromiumError:
        if os.environ.get("CHROMIUM"):
            raise  # the user chose; another one behind their back would be a surprise
    install()
    try:
        return find()
    except NoChromiumError:
        raise NoChromiumError(
            "no Chromium could be installed that runs here: as root, run "
            "`apt-get install chromium` (Debian) or `.venv/bin/playwright install-deps chromium`."
        ) from None


if __name__ == "__main__":
    try:
        print(find_or_install())
    except NoChromiumError as error:
        sys.exit(f"make: {error}")
