"""Replay recorded cases of the original libraries: ``python -m tests.conformance KIND PATH...``.

A PATH is a case, or a folder of which every ``*.json`` is one; of ``query``, a folder that holds
``scenarios/`` and, by the same names, ``traces/``; of ``models``,
a Python file that holds ``CASES``. Each case that fails is printed with its
first difference; the last line is ``N passed, M failed``. Exits with 1 when a case failed, with 2 when
there was nothing to replay.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance import forms, models, query, stores, xyflow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS: dict[str, Callable[[Path], str | None]] = {
    "forms": lambda case: forms.replay(json.loads(case.read_text("utf-8"))),
    "query": query.replay_case,
    "stores": lambda case: stores.replay(json.loads(case.read_text("utf-8"))),
    "xyflow": lambda case: xyflow.replay(json.loads(case.read_text("utf-8"))),
}


def main(arguments: Sequence[str]) -> int:
    """Replay what the command line names; return the exit code."""
    kind, *names = arguments or [""]
    if kind == "models":
        return models.main(names)
    if kind not in KINDS:
        print(
            f"There is no kind {kind!r}; the kinds are: {', '.join(sorted([*KINDS, 'models']))}.",
            file=sys.stderr,
        )
        return 2
    try:
        cases = [case for name in names for case in cases_in(Path(name))]
    except FileNotFoundError as error:
        print(f"There is no {error.filename}.", file=sys.stderr)
        return 2
    if not cases:
        print("Name folders that hold *.json cases, or cases.", file=sys.stderr)
        return 2
    failed = 0
    for case in cases:
        difference = outcome(kind, case)
        if difference is not None:
            failed += 1
            print(f"{case.stem}: {difference}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def cases_in(path: Path) -> list[Path]:
    """Return the cases a path names, in the order of their names."""
    if path.is_dir():
        path = path / "scenarios" if (path / "scenarios").is_dir() else path
        return sorted(path.glob("*.json"))
    path.stat()  # a name that is not there is refused here
    return [path]


def outcome(kind: str, case: Path) -> str | None:
    """Return the first difference of one case, or None; an exception is a difference too."""
    try:
        return KINDS[kind](case)
    except Exception as error:  # one broken case must not hide the others
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
