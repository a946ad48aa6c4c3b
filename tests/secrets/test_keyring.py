"""A session that outlives kernels, through the real keyring package, between real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.secrets.canary import CANARIES, PASSWORD, canary_server, found_under


class Kernel:
    """A process with a studio."""

    def __init__(self, home: Path, address: str) -> None:
        places = {name: str(home) for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
        ring = {
            "PYTHON_KEYRING_BACKEND": "tests.secrets.kernel.FileKeyring",
            "FILE_KEYRING": str(home.parent / "keyring.json"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.secrets.kernel", address],
            env={**os.environ, **places, **ring},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first = self._answer()

    def say(self, line: str) -> str:
        """Send a command; return the state of the session afterwards."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Callable[[], Kernel]]:
    made: list[Kernel] = []
    (tmp_path / "home").mkdir()
    with canary_server() as address:

        def make() -> Kernel:
            made.append(Kernel(tmp_path / "home", address))
            return made[-1]

        yield make
        for each in made:
            each.kill()


def test_session_is_shared_by_kernels_and_ends_in_all_of_them(
    tmp_path: Path, kernel: Callable[[], Kernel]
):
    """Signed in once, other and later kernels use the session; signed out once, it is gone everywhere."""
    ring = tmp_path / "keyring.json"
    one, other = kernel(), kernel()
    assert (one.first, other.first) == ("out", "out")
    assert one.say(f"login anna@example.com {PASSWORD}") == "in"
    assert other.say("wait in") == "in"
    assert any(canary in ring.read_text() for canary in CANARIES), "the keyring has it"
    one.kill()
    later = kernel()
    assert later.first == "in", "it outlives the kernel that signed in"
    assert found_under(tmp_path / "home") == [], "the keyring alone has it"
    assert later.say("logout") == "out"
    assert other.say("wait out") == "out Signed out in another notebook."
    assert not any(canary in ring.read_text() for canary in CANARIES)
    assert kernel().first.startswith("out")
