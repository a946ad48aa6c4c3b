"""Installing a Debian package without a question, where that is allowed. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def can_install() -> bool:
    """Whether this is root on a system with apt-get."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> bool:
    """Install packages without what they merely recommend; say whether it went well.

    Its output goes to stderr, so that a caller's stdout holds only its own answer.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["-qq", "-o", "Dpkg::Use-Pty=0"]
    steps = (["update"], ["install", "-y", "--no-install-recommends", *packages])
    return all(
        subprocess.run(
            ["apt-get", *quiet, *step], env=environment, stdout=sys.stderr, check=False
        ).returncode
        == 0
        for step in steps
    )
