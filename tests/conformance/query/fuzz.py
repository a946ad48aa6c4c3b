"""New random scenarios compared with query-core itself: ``python -m tests.conformance.query.fuzz``.

The options are `tests.conformance.fuzzing`'s. With ``--wide`` the scenarios walk what the usual ones do
not: pages at both ends, options that are functions, select that raises, entries removed under observers,
two clients. About one in a thousand of these differs, by the order of what happens within one instant.
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
    """Generate scenarios, replay them and print the differences; return the exit code."""
    rest = [argument for argument in arguments if argument != "--wide"]
    maker = "fuzz.mjs" if len(rest) == len(arguments) else "wide.mjs"

    def replayed(count: int, seed: int) -> fuzzing.Differences:
        with tempfile.TemporaryDirectory() as folder:
            keep = ("--keep", str(count), "--seed", str(seed))
            print(run_original(QUERY, QUERY / maker, folder, *keep), flush=True)
            return {case.stem: outcome("query", case) for case in cases_in(Path(folder))}

    return fuzzing.run("python -m tests.conformance.query.fuzz", rest, replayed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
