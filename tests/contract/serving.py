"""The embedded API over HTTP on this machine, on a thread or as a process of its own.

python -m tests.contract.serving studio.db     # prints its address and serves until it is ended
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from kaizen_widgets.core.background import background
from kaizen_widgets.server import Database, SignInLimits, create_app

LIMITS = SignInLimits(login=10**9, register=10**9, refresh=10**9)
"""Tests sign in more often than people do."""


@contextmanager
def over_http(app: Any) -> Iterator[str]:
    """Serve an app on a free port of the loopback; gives its address."""
    with _listen() as listener:
        server = uvicorn.Server(_config(app))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


class ServerProcess:
    """The embedded API as a process; `kill` ends it as a crash would.

    Args:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.serving", str(path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    """Serve until the process ends."""
    with Database.open(sys.argv[1]) as database, _listen() as listener:
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        app = create_app(database, background, limits=LIMITS)
        uvicorn.Server(_config(app)).run(sockets=[listener])


def _listen() -> socket.socket:
    # With the protocol named, asyncio knows it for TCP and does not let small answers wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    return listener


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        ws="none",
        access_log=False,
        timeout_keep_alive=75,  # as `kaizen_widgets serve` has it
    )


if __name__ == "__main__":
    main()
