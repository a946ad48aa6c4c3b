import json
from pathlib import Path

import pytest

from tests.conformance.__main__ import cases_in, main
from tests.conformance.forms.replay import replay

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
