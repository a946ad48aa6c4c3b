"""Fresh random scenarios against query-core itself: ``python -m tests.conformance.query.fuzz``.

The options are `tests.conformance.fuzzing`'s.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import fuzzing
from tests.conformance.__main__ import cases_in, outcome
from tests.conformance.original import QUERY, run_original


def main(arguments: Sequence[str]) -> int:
    """Make scenarios, replay them, print what differs; return the exit code."""
    return fuzzing.run("python -m tests.conformance.query.fuzz", arguments, _replayed)


def _replayed(count: int, seed: int) -> fuzzing.Differences:
    with tempfile.TemporaryDirectory() as folder:
        keep = ("--keep", str(count), "--seed", str(seed))
        print(run_original(QUERY, QUERY / "fuzz.mjs", folder, *keep), flush=True)
        return {case.stem: outcome("query", case) for case in cases_in(Path(folder))}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
