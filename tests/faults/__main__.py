"""``python -m tests.faults --rounds 200 [pytest's arguments]``: the long forms of the fault tests."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys


def main() -> int:
    """Run the tests with the requested number of rounds; return pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="how often each fault happens")
    options, rest = parser.parse_known_args()
    environment = {**os.environ, "FAULT_ROUNDS": str(options.rounds)}
    command = [sys.executable, "-m", "pytest", "tests/faults", "-q", *rest]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
