import contextlib
import json
from pathlib import Path

import pytest

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph import Edge, Node
from tests.conformance.__main__ import cases_in, main
from tests.conformance.compare import first_difference
from tests.conformance.xyflow.replay import replay, replay_with

CASES = cases_in(Path(__file__).parent / "xyflow" / "cases")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case_gives_the_original_trace(case: Path) -> None:
    assert replay(json.loads(case.read_text("utf-8"))) is None


def test_nearly_all_cases_are_replayed_on_elements_too() -> None:
    replayed = 0
    for case in CASES:
        with contextlib.suppress(InvalidValueError):
            assert replay_with(json.loads(case.read_text()), Node.from_json, Edge.from_json) is None
            replayed += 1
    assert replayed >= len(CASES) * 0.9


def test_command_counts_and_names_the_first_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = json.loads(CASES[0].read_text("utf-8"))
    case["expected"]["trace"][0]["sameList"] = 0  # false is not 0
    (tmp_path / "wrong.json").write_text(json.dumps(case))
    (tmp_path / "broken.json").write_text("{")
    assert main(["xyflow", str(tmp_path), str(CASES[0])]) == 1
    *failures, last = capsys.readouterr().out.splitlines()
    assert last == "1 passed, 2 failed"
    assert [line.split(":")[0] for line in failures] == ["broken", "wrong"]
    assert "sameList is false; expected 0" in failures[1]


def test_command_names_the_kinds_it_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense", "."]) == 2
    assert "the kinds are: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (True, 1),
        (0, False),
        (None, False),
        ({"a": None}, {}),
        ({}, {"a": None}),
        ([1, 2], [2, 1]),
        ("1", 1),
        ([[]], [{}]),
    ],
)
def test_comparison_tells_apart_what_json_tells_apart(expected: object, actual: object) -> None:
    assert first_difference(expected, actual) is not None


def test_comparison_takes_numbers_by_value_and_keys_in_any_order() -> None:
    assert first_difference({"a": 5, "b": [1.5]}, {"b": [1.5], "a": 5.0}) is None
