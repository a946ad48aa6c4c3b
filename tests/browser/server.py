"""A Jupyter server of the tests' own: free port, fresh folders, nothing of the user's.

It serves JupyterLab at /lab and Notebook 7 at /notebooks, from one process. Kernels it starts keep
their data under its home, so `Studio()` in a test meets an empty machine.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STARTS_WITHIN = 240.0
"""Seconds a server may take to answer; two is usual, a cold disk or a busy machine takes longer."""


class JupyterServer:
    """A running server; `close` ends it.

    Args:
        home: An empty folder for everything it and its kernels keep.
        python: Whose JupyterLab to run.
        options: Its command line's, beyond those every test needs.

    Attributes:
        notebooks: The folder it serves.
        runtime: Where kernels put their connection files.
        data: Where it keeps which notebooks are trusted.
        url: Its address, without a slash at the end.
        token: The token it asks for.
    """

    def __init__(
        self, home: Path, python: str = sys.executable, options: Mapping[str, object] = {}
    ) -> None:
        self.notebooks = home / "notebooks"
        self.runtime = home / "runtime"
        self.data = home / "data"
        self.token = secrets.token_hex(16)
        self._log_path = home / "server.log"
        places = {
            "HOME": home,
            "IPYTHONDIR": home / "ipython",
            "JUPYTER_CONFIG_DIR": home / "config",
            "JUPYTER_DATA_DIR": self.data,
            "JUPYTER_RUNTIME_DIR": self.runtime,
            "JUPYTERLAB_SETTINGS_DIR": home / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
            "XDG_CACHE_HOME": home / "cache",
            "XDG_CONFIG_HOME": home / "xdg-config",
            "XDG_DATA_HOME": home / "xdg-data",
            "XDG_STATE_HOME": home / "xdg-state",
        }
        for place in [*places.values(), self.notebooks]:
            place.mkdir(parents=True, exist_ok=True)
        self._write_settings(places["JUPYTERLAB_SETTINGS_DIR"], places["JUPYTER_CONFIG_DIR"])
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [python, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        all_options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": 0,  # another server's port must fail, not be shared
            "ServerApp.root_dir": self.notebooks,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            "LanguageServerManager.autodetect": False,  # a search of the disk that nobody asked for
            **options,
        }
        command += [f"--{name}={value}" for name, value in all_options.items()]
        environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
        environment |= {name: str(place) for name, place in places.items()}
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    def request(self, method: str, path: str) -> Any:
        """Ask its REST API, and return the JSON it answers (None for an empty body)."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def end_sessions(self) -> None:
        """Shut every kernel down, so that the next test shares nothing with this one."""
        for session in self.request("GET", "sessions"):
            try:
                self.request("DELETE", f"sessions/{session['id']}")
            except urllib.error.HTTPError as error:
                if error.code not in (404, 410):  # its kernel was ended by the test
                    raise

    def log(self) -> str:
        """Return what the server and its kernels printed."""
        return self._log_path.read_text(errors="replace")

    def close(self) -> None:
        """End the server and its kernels; harmless when it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended while starting:\n{self.log()}")
            try:
                self.request("GET", "status")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"JupyterLab did not answer in {STARTS_WITHIN} s:\n{self.log()}")

    @staticmethod
    def _write_settings(settings: Path, config: Path) -> None:
        # The question about news covers the bottom right of the page.
        quiet = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        quiet.parent.mkdir(parents=True)
        quiet.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
        exposed = {"JupyterNotebookApp": {"expose_app_in_browser": True}}
        (config / "jupyter_server_config.json").write_text(json.dumps(exposed))


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
