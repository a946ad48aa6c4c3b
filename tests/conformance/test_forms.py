import json
from pathlib import Path

import pytest

from tests.conformance.__main__ import cases_in, main
from tests.conformance.forms.fuzz import main as fuzz
from tests.conformance.forms.replay import replay
from tests.conformance.forms.walks import Walks

FOLDER = Path(__file__).parent / "forms" / "cases"
CASES = cases_in(FOLDER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case_gives_the_original_trace(case: Path) -> None:
    assert replay(json.loads(case.read_text("utf-8"))) is None


def test_the_command_replays_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forms", str(FOLDER)]) == 0
    assert capsys.readouterr().out == "144 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("case", "key", "wrong"),
    [
        ("p-async-race", "isValid", "neither"),
        ("p-trigger", "errors", {"name": {"type": "other", "message": "other"}}),
        ("p-array-swap-move", "rowsFrom", {"items": [0]}),
        ("p-submit-ok", "handlers", [["valid", {}], ["valid", {}]]),
    ],
)
def test_a_trace_that_differs_is_told_with_its_step(case: str, key: str, wrong: object) -> None:
    recorded = json.loads((FOLDER / f"{case}.json").read_text("utf-8"))
    recorded["expected"]["trace"][3][key] = wrong
    assert f"step 3 ({recorded['scenario']['steps'][3]['op']}).{key}" in str(replay(recorded))


def test_random_walks_give_the_trace_of_the_original_itself(tmp_path: Path) -> None:
    assert fuzz(["--count", "25", "--seed", "7", "--report", str(tmp_path / "report")]) == 0
    assert json.loads((tmp_path / "report").read_text()) == {"passed": 25, "failed": 0}


def test_a_seed_makes_the_same_walks_again() -> None:
    cases = [json.loads(case.read_text("utf-8")) for case in CASES]
    one, other, another = (Walks(cases, seed) for seed in (3, 3, 4))
    walks = [one.walk() for _ in range(5)]
    assert [other.walk() for _ in range(5)] == walks
    assert [another.walk() for _ in range(5)] != walks
