"""The short forms of `load` and `fuzz`; their long ones are run by hand."""

from __future__ import annotations

from tests.contract import fuzz, load


def test_concurrent_clients_lose_nothing(capsys):
    assert load.main(["--clients", "6", "--seconds", "1"]) == 0
    assert "6 clients" in capsys.readouterr().out


def test_server_killed_under_load_keeps_what_it_acknowledged(capsys):
    assert load.main(["--clients", "3", "--seconds", "1", "--kill", "1"]) == 0
    assert "1 crash(es)" in capsys.readouterr().out


def test_no_route_fails_or_differs_from_its_schema():
    assert fuzz.main(["--examples", "2", "--seed", "7"]) == 0
