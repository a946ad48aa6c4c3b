from pathlib import Path

import pytest

from tests.conformance.__main__ import main
from tests.conformance.models import load, replay_case

FILES = sorted((Path(__file__).parent / "models").glob("models_*.py"))
CASES = [(module, case) for module in map(load, FILES) for case in module.CASES]


@pytest.mark.parametrize(("module", "case"), CASES, ids=lambda part: getattr(part, "name", ""))
def test_form_shows_gives_back_and_says_where(module, case) -> None:
    assert {c.name: c.difference for c in replay_case(module, case) if c.difference} == {}


def test_command_names_what_fails_and_counts(tmp_path: Path, capsys) -> None:
    (tmp_path / "cases.py").write_text((FILES[0].parent / "cases.py").read_text())
    (tmp_path / "some.py").write_text(
        "from pydantic import BaseModel\n"
        "from cases import Bad, Case\n"
        "class M(BaseModel):\n    n: int\n    m: int = 0\n"
        "CASES = (Case('m', M, {'n': 1}, ("
        "Bad({('n',): 'x'}, ('n',), 'integer'), Bad({('n',): 'x'}, ('m',)), Bad({('n',): 2}, ('n',)))),)\n"
    )
    assert main(["models", str(tmp_path / "some.py")]) == 1
    first, *rest, last = capsys.readouterr().out.splitlines()
    assert first.endswith("gives the value back; 1 of 3 messages in place")
    assert [line.strip().split(":")[0] for line in rest] == ["n='x' -> m", "n=2 -> n"]
    assert last == "4 passed, 2 failed"


def test_command_refuses_what_is_not_there(capsys) -> None:
    assert main(["models", "nowhere.py"]) == 2
    assert "nowhere.py" in capsys.readouterr().err


def test_a_broken_file_fails_and_the_next_is_replayed(tmp_path: Path, capsys) -> None:
    (tmp_path / "broken.py").write_text("CASES = 1 +")
    assert main(["models", str(tmp_path / "broken.py"), str(FILES[-1])]) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith(" passed, 1 failed")


def test_a_file_without_cases_fails_unless_it_is_the_format_itself(tmp_path: Path, capsys) -> None:
    (tmp_path / "empty.py").write_text("")
    assert main(["models", str(tmp_path / "empty.py"), str(FILES[0].parent / "cases.py")]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"
