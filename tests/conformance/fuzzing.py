"""The command of a fuzz run: fresh random scenarios against an original, and what differs.

Each run takes another seed and prints it: ``--seed S`` makes the same scenarios again. ``--count N`` says
how many (200); ``--report FILE`` writes the two numbers of the last line as JSON, for the gate.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from tests.conformance.original import NoOriginalError

Differences: TypeAlias = Mapping[str, str | None]
"""Case by case, the first difference, or None."""


def run(prog: str, arguments: Sequence[str], replayed: Callable[[int, int], Differences]) -> int:
    """Do what the command line says; return the exit code.

    Args:
        prog: What the command is called.
        arguments: The command line.
        replayed: Makes ``count`` scenarios of a ``seed`` and replays them.
    """
    parser = argparse.ArgumentParser(prog=prog)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--report", type=Path, default=None)
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    print(f"seed {seed} (again: --seed {seed} --count {options.count})", flush=True)
    try:
        differences = replayed(options.count, seed)
    except NoOriginalError as error:
        print(error, file=sys.stderr)
        return 2
    failed = {name: found for name, found in differences.items() if found is not None}
    for name, found in failed.items():
        print(f"{name}: {found}")
    passed = len(differences) - len(failed)
    if options.report is not None:
        options.report.write_text(json.dumps({"passed": passed, "failed": len(failed)}))
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0
