"""Fresh random scenarios against query-core itself: ``python -m tests.conformance.query.fuzz``.

Each run takes another seed and prints it: ``--seed S`` makes the same scenarios again. ``--count N`` says
how many (200); ``--report FILE`` writes the two numbers of the last line as JSON, for the gate.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.__main__ import cases_in, outcome
from tests.conformance.original import QUERY, NoOriginalError, run_original


def main(arguments: Sequence[str]) -> int:
    """Make scenarios, replay them, print what differs; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.query.fuzz")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--report", type=Path, default=None)
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    print(f"seed {seed} (again: --seed {seed} --count {options.count})", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        keep = ("--keep", str(options.count), "--seed", str(seed))
        try:
            print(run_original(QUERY, QUERY / "fuzz.mjs", folder, *keep), flush=True)
        except NoOriginalError as error:
            print(error, file=sys.stderr)
            return 2
        cases = cases_in(Path(folder))
        differences = {case.stem: outcome("query", case) for case in cases}
    failed = {name: found for name, found in differences.items() if found is not None}
    for name, found in failed.items():
        print(f"{name}: {found}")
    passed = len(cases) - len(failed)
    if options.report is not None:
        options.report.write_text(json.dumps({"passed": passed, "failed": len(failed)}))
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
