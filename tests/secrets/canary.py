"""A Kaizen Studio server that issues canary tokens and repeats the credentials it was sent in its errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

ACCESS, REFRESH, PASSWORD = "canary-access-7f3a", "canary-refresh-91bd", "canary-password-c0de"
CANARIES = (ACCESS, REFRESH, PASSWORD)
USER = {
    "id": "u1",
    "email": "anna@example.com",
    "name": "Anna",
    "organization_id": "o1",
    "role": "developer",
}
NODE = {
    "id": "a",
    "node_type": "agent",
    "label": "Ann",
    "agent_id": "",
    "position_x": 0,
    "position_y": 0,
    "config": {},
}
PIPELINE = {"id": "p1", "name": "Triage", "nodes": [NODE], "connections": []}


class Canary(BaseHTTPRequestHandler):
    """The part of the API that the story needs."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0].removeprefix("/api/v1")
        match path:
            case "/auth/me":
                self._say(200, USER)
            case "/auth/permissions":
                self._say(200, {"permissions": ["agents:*"]})
            case "/pipelines":
                self._say(200, {"pipelines": [PIPELINE], "total": 1})
            case "/pipelines/p1":
                self._say(200, PIPELINE)
            case "/agents":
                self._say(200, {"agents": [], "total": 0})
            case _:
                self._fail(404)

    def do_POST(self) -> None:
        if self.path.endswith("/auth/login"):
            tokens = {"access_token": ACCESS, "refresh_token": REFRESH, "user": USER}
            self._say(200, tokens)
        else:
            self._fail(500)

    def do_PUT(self) -> None:
        self._fail(500)

    def _fail(self, status: int) -> None:
        """Respond like a careless server, with the credentials in the message."""
        said = f"failed with {self.headers.get('Authorization')}"
        self._say(status, {"error": {"code": "INTERNAL", "message": said}, "message": said})

    def _say(self, status: int, body: Any) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextmanager
def canary_server() -> Iterator[str]:
    """Yield the address of a running server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Canary) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def story(address: str) -> list[str]:
    """Return the cells of a notebook: sign in, look at everything, run, fail, save."""
    return [
        "import logging, os, pickle, copy, traceback\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from kaizen_widgets import Studio\n"
        f"studio = Studio({address!r})\n"
        "studio.login('anna@example.com', os.environ['CANARY_PASSWORD'])\n"
        "studio.open('Triage')",
        "studio",
        "@studio.agent('Ann')\n"
        "def ann(text=''):\n"
        "    raise RuntimeError('the node failed')\n"
        "run = studio.run({'text': 'hello'})\n"
        "try:\n    run.wait(20)\nexcept Exception:\n    traceback.print_exc()",
        "studio.store.add_node(type='agent')\n"
        "try:\n    studio.save()\nexcept Exception:\n    traceback.print_exc()",
        "try:\n    studio.agents.detail('nobody').wait(20)\nexcept Exception:\n    traceback.print_exc()",
        "def look(value, depth=4, seen=None):\n"
        "    seen = set() if seen is None else seen\n"
        "    if depth == 0 or id(value) in seen: return\n"
        "    seen.add(id(value))\n"
        "    print(repr(value)[:4000], str(value)[:4000])\n"
        "    for work in (pickle.dumps, copy.deepcopy):\n"
        "        try:\n            print(repr(work(value))[:4000])\n"
        "        except BaseException as error:\n            print(type(error).__name__, str(error)[:500])\n"
        "for part in (studio, studio.auth, studio.ui, studio.api, studio.api.auth, studio.account,\n"
        "             studio.saver,\n"
        "             studio.query_client, studio.store, studio.execution, studio.canvas, studio.app,\n"
        "             studio._connection, studio._connection.transport,\n"
        "             studio._connection.transport.tokens):\n"
        "    look(part)\n"
        "    print({k: repr(v)[:2000] for k, v in getattr(part, '__dict__', {}).items()})",
        "from kaizen_widgets.stores import ActionLog, devtools\n"
        "log = ActionLog(); devtools(studio.auth, log); devtools(studio.ui, log)\n"
        "studio.ui.set_theme('dark'); studio.auth.set_permissions(['a'])\n"
        "print(log.export())\n"
        "from kaizen_widgets.widgets import QueryDevtools\n"
        "QueryDevtools(studio.query_client)",
    ]


def found_in(text: str) -> list[str]:
    """Return the canaries that a text contains."""
    return [canary for canary in CANARIES if canary in text]


def found_under(folder: Path) -> list[str]:
    """Return the files below a folder that contain a canary, and which."""
    return [
        f"{file.relative_to(folder)}: {canary}"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for canary in CANARIES
        if canary.encode() in file.read_bytes()
    ]
