"""New random walks against react-hook-form itself: ``python -m tests.conformance.forms.fuzz``.

The options are those of `tests.conformance.fuzzing`. Where `isValid` and `isDirty` of the original become
stale (see the README), they are not compared; `tests/forms/test_invariants` checks ours.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kaizen_widgets.forms import ResolverContext
from tests.conformance import fuzzing
from tests.conformance.__main__ import cases_in
from tests.conformance.forms.replay import OneTimer, replay
from tests.conformance.forms.rules import Rules
from tests.conformance.forms.walks import Walks
from tests.conformance.original import run_original

FOLDER = Path(__file__).parent
ORACLE = FOLDER / "oracle"


def main(arguments: Sequence[str]) -> int:
    """Generate walks, replay them, print the differences, and return the exit code."""
    return fuzzing.run("python -m tests.conformance.forms.fuzz", arguments, _replayed)


def _replayed(count: int, seed: int) -> fuzzing.Differences:
    recorded = [json.loads(case.read_text("utf-8")) for case in cases_in(FOLDER / "cases")]
    walks = Walks(recorded, seed)
    scenarios = [walks.walk() for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder) / "scenarios.json", Path(folder) / "traces.json"
        given.write_text(json.dumps(scenarios))
        run_original(ORACLE, ORACLE / "run.mjs", str(given), str(told))
        traces = json.loads(told.read_text())
    return {
        f"walk {number}": _difference(scenario, trace)
        for number, (scenario, trace) in enumerate(zip(scenarios, traces, strict=True))
    }


def _difference(scenario: Mapping[str, Any], trace: list[dict[str, Any]]) -> str | None:
    form = scenario["form"]
    rules = Rules(form, OneTimer())
    is_stale = form["mode"] == "onBlur"
    before = None
    for step, entry in zip(scenario["steps"], trace, strict=True):
        if step["op"] in ("setValue", "resetField") and entry["values"] == before:
            entry.pop("watch", None)
        before = entry["values"]
        is_stale = is_stale or _makes_validity_stale(step)
        if "delay" in form:
            # A late result of the original brings back the flag from its start.
            del entry["isDirty"]
            is_off = is_stale
        else:
            is_off = entry["isValid"] != (
                not rules.validate(entry["values"], ResolverContext()).errors
            )
        if is_off:
            del entry["isValid"]
    return replay({"scenario": scenario, "expected": {"trace": trace}})


def _makes_validity_stale(step: Mapping[str, Any]) -> bool:
    options = step.get("options", {})
    return (
        step["op"] in ("setError", "clearErrors")
        or (step["op"] == "setValue" and not options.get("shouldValidate"))
        or options.get("keepError", False)
        or step.get("handler", {}).get("kind") == "serverError"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
