"""A kernel with a studio at a server: ``python -m tests.secrets.kernel <address>``, told what to do by lines.

The keyring is the real package; behind it, in the place of the system's, is one file (`FileKeyring`).
Whoever reads what this says after each line finds ``in`` or ``out``, and why.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from pathlib import Path

from keyring.backend import KeyringBackend

from kaizen_widgets import Studio
from kaizen_widgets.testing import fake_comms

WAIT = 60.0


class FileKeyring(KeyringBackend):
    """A system keyring that several processes share."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self._path = Path(os.environ["FILE_KEYRING"])

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._keep({**self._all(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        self._keep({key: one for key, one in self._all().items() if key != f"{service} {username}"})

    def _all(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    def _keep(self, passwords: dict[str, str]) -> None:
        beside = self._path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(passwords))
        beside.replace(self._path)


def wait(studio: Studio, *, signed_in: bool) -> None:
    """Wait until a user is signed in, or signed out."""
    held = threading.Event()
    end = studio.auth.subscribe(
        lambda state, _before: state["is_authenticated"] is signed_in and held.set()
    )
    if studio.auth.is_authenticated is not signed_in:
        held.wait(WAIT)
    end()


def main(address: str) -> None:
    """Execute the commands, one per line."""
    with fake_comms():
        studio = Studio(address)
        for line in itertools.chain(["look"], sys.stdin):
            match line.split():
                case ["login", email, password]:
                    studio.login(email, password)
                case ["logout"]:
                    studio.logout()
                case ["wait", state]:
                    wait(studio, signed_in=state == "in")
            state = "in" if studio.auth.is_authenticated else "out"
            sys.stdout.write(f"{state} {studio.auth.message}\n")
            sys.stdout.flush()
        studio.close()


if __name__ == "__main__":
    main(sys.argv[1])
