import json
from pathlib import Path

import pytest

from tests.conformance.__main__ import cases_in, main
from tests.conformance.stores.replay import replay

FOLDER = Path(__file__).parent / "stores" / "cases"
CASES = cases_in(FOLDER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case_gives_the_original_trace(case: Path) -> None:
    assert replay(json.loads(case.read_text("utf-8"))) is None


def test_the_command_replays_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", str(FOLDER)]) == 0
    assert capsys.readouterr().out == "95 passed, 0 failed\n"


def test_a_trace_that_differs_is_told_with_its_step() -> None:
    case = json.loads((FOLDER / "p-reentrant-set.json").read_text("utf-8"))
    case["expected"]["trace"][4]["calls"].pop()
    assert "step 4 (action).calls has 5 items; expected 4" in str(replay(case))
