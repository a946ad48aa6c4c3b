import json
import shutil
from pathlib import Path

import pytest

from tests.conformance.__main__ import cases_in, main
from tests.conformance.query.replay import replay, replay_case

FOLDER = Path(__file__).parent / "query" / "cases"
CASES = cases_in(FOLDER)
MORE = cases_in(FOLDER.parent / "more")
"""Random scenarios that found a difference once."""


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.stem)
def test_case_gives_the_original_trace(case: Path) -> None:
    assert replay_case(case) is None


def test_all_cases_given_are_here() -> None:
    assert len(CASES) == 124


def test_a_trace_that_is_off_by_a_millisecond_is_told_apart() -> None:
    case = FOLDER / "scenarios" / "stale-flip.json"
    scenario = json.loads(case.read_text("utf-8"))
    trace = json.loads((FOLDER / "traces" / case.name).read_text("utf-8"))
    moved = next(step for step in trace["steps"] if step.get("instants"))["instants"][-1]
    moved["t"] += 1
    assert "expected" in (replay(scenario, trace) or "")


def test_the_command_takes_a_folder_of_scenarios_and_traces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("scenarios", "traces"):
        (tmp_path / kind).mkdir()
        shutil.copy(FOLDER / kind / "seed-retry.json", tmp_path / kind)
    shutil.copy(FOLDER / "scenarios" / "gc-basic.json", tmp_path / "scenarios")  # without a trace
    assert main(["query", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed"
