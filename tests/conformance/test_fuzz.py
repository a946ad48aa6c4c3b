"""The fuzz run itself, small; the gate makes 200 fresh cases."""

import json

import pytest

from tests.conformance import original
from tests.conformance.query.fuzz import main


def test_a_seed_makes_the_same_cases_again_and_they_hold(tmp_path, capsys):
    for name in ("one", "two"):
        assert main(["--count", "3", "--seed", "77", "--report", str(tmp_path / name)]) == 0
    first, second = (json.loads((tmp_path / name).read_text()) for name in ("one", "two"))
    assert first == second == {"passed": 3, "failed": 0}
    assert "--seed 77 --count 3" in capsys.readouterr().out


def test_wide_scenarios_hold_too(capsys):
    assert main(["--wide", "--count", "15", "--seed", "5000"]) == 0
    assert "15 passed, 0 failed" in capsys.readouterr().out


def test_a_machine_without_node_is_told_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("bundle.find_node", lambda: None)
    assert main(["--count", "1"]) == 2
    assert "needs Node 20 or newer" in capsys.readouterr().err


def test_a_script_that_fails_is_no_pass(tmp_path):
    broken = tmp_path / "broken.mjs"
    broken.write_text("process.exit(3)")
    with pytest.raises(original.NoOriginalError, match=r"broken\.mjs failed"):
        original.run_original(original.QUERY, broken)
