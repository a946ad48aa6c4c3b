"""``python -m kaizen_widgets serve``: what it says and what it refuses."""

from __future__ import annotations

import asyncio
import builtins
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.__main__ import main
from kaizen_widgets.transport.client_pool import LIMITS
from tests.server.conftest import ApiUser

uvicorn = pytest.importorskip("uvicorn")


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Serving returns immediately; the list has the apps that would have been served."""
    apps: list[Any] = []
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda server, sockets: apps.append(server.config.app)
    )
    return apps


def serve(data: object, *more: str) -> int:
    return main(["serve", "--port", "0", "--data", str(data), *more])


def test_first_start_prints_a_password_and_the_second_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], served: list[Any]
):
    told = []
    for _ in range(2):
        assert serve(tmp_path / "studio.db") == 0
        told.append(capsys.readouterr().out)
    assert len(served) == 2
    assert str(tmp_path / "studio.db") in told[0]
    assert re.search(r"http://127\.0\.0\.1:\d+/api/v1", told[0])
    assert re.search(r"with the password \S{20}$", told[0], re.MULTILINE)
    assert "with the password" not in told[1]


def test_a_lost_password_can_be_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], served: list[Any]
):
    found = []
    for more in ((), ("--new-password",)):
        serve(tmp_path / "studio.db", *more)
        found += re.findall(r"with the password (\S+)", capsys.readouterr().out)
    assert len(set(found)) == 2


def test_idle_connections_are_kept_longer_than_by_our_client(monkeypatch: pytest.MonkeyPatch):
    configs: list[Any] = []
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda server, sockets: configs.append(server.config)
    )
    assert serve(":memory:") == 0
    assert configs[0].timeout_keep_alive > (LIMITS.keepalive_expiry or 0)


def test_memory_database_is_announced_as_temporary(capsys: pytest.CaptureFixture[str]):
    assert serve(":memory:") == 0
    assert "memory and is lost when this process ends" in capsys.readouterr().out


def test_taken_port_is_reported_in_one_sentence(capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--data", ":memory:", "--port", str(port)]) == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err


def test_file_that_is_no_database_is_reported_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "notes.txt").write_text("notes" * 100)
    assert serve(tmp_path / "notes.txt") == 1
    error = capsys.readouterr().err
    assert "notes.txt cannot be opened" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("port", ["x", "-1", "65536", ""])
def test_invalid_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["serve", f"--port={port}"])
    assert "is not a port" in capsys.readouterr().err


def test_missing_uvicorn_is_reported_with_the_install_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "uvicorn":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert serve(":memory:") == 1
    assert capsys.readouterr().err == 'serve needs uvicorn: pip install "kaizen-widgets[serve]"\n'


def test_listening_on_the_network_prints_a_warning(capsys: pytest.CaptureFixture[str]):
    serve(":memory:", "--host", "0.0.0.0")
    assert "not encrypted" in capsys.readouterr().out


def test_command_line_names_hosts_and_proxies(served: list[Any]):
    serve(":memory:", "--allowed-host", "a.example", "--trusted-proxy", "10.0.0.0/24")
    with asyncio.Runner() as runner:
        client = ApiUser(served[0], runner)
        for host, status in (("a.example", 200), ("b.example", 421)):
            answer = client.call("GET", "/pipelines/patterns", headers={"Host": host})
            assert answer.status_code == status
    scope = {"client": ("10.0.0.5", 80), "headers": [(b"x-forwarded-for", b"192.0.2.1")]}
    assert served[0].state.services.proxies.client_address(scope) == "192.0.2.1"


def test_a_proxy_that_is_no_address_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["serve", "--trusted-proxy", "proxy.example.com"])
    assert "is not an address or network" in capsys.readouterr().err
