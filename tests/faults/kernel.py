"""A kernel of a real jupyter_server over a raw websocket: the wire itself, without a page.

`View` speaks the canvas protocol over it as `tests/simulate`'s model view does; its clock is the real one.
"""

from __future__ import annotations

import ast
import itertools
import json
import math
import struct
import time
import uuid
from collections.abc import Callable
from typing import Any

import websocket
from pydantic import ValidationError

from kaizen_widgets.sync.canvas.messages import KernelMail
from kaizen_widgets.testing import FakeClock
from tests.browser.server import JupyterServer
from tests.simulate.view import ModelView

TICK = 0.02


class Socket:
    """One connection to a kernel's channels.

    Args:
        server: Where the kernel is.
        kernel_id: Which one.
        session: Connect again with the same and jupyter_server replays; another one gets nothing.
    """

    def __init__(self, server: JupyterServer, kernel_id: str, session: str = "") -> None:
        self.session = session or uuid.uuid4().hex
        self._address = (
            f"{server.url.replace('http', 'ws')}/api/kernels/{kernel_id}/channels"
            f"?session_id={self.session}&token={server.token}"
        )
        self.listeners: list[Callable[[dict[str, Any]], object]] = []
        self._wire: websocket.WebSocket | None = None
        self.connect()

    def connect(self) -> None:
        """Connect, again if need be."""
        self._wire = websocket.create_connection(self._address, timeout=60, max_size=None)

    def drop(self) -> None:
        """Close without a word, as a laptop that is shut."""
        if self._wire is not None:
            self._wire.shutdown()
            self._wire = None

    def send(self, kind: str, content: dict[str, Any]) -> str:
        """Send a message on the shell channel; lost when there is no connection."""
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "msg_type": kind,
            "session": self.session,
            "username": "test",
            "version": "5.3",
            "date": "2026-11-25T00:00:00Z",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "buffers": [],
            "channel": "shell",
        }
        if self._wire is not None:
            self._wire.send(json.dumps(message))
        return message_id

    def read(self, seconds: float = TICK) -> None:
        """Hand on what arrives within a moment."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._wire is None:
                time.sleep(left)
                return
            self._wire.settimeout(max(left, 0.001))
            try:
                raw = self._wire.recv()
            except websocket.WebSocketTimeoutException:
                return
            if not raw:
                continue
            message = json.loads(raw) if isinstance(raw, str) else with_buffers(raw)
            for listener in tuple(self.listeners):
                listener(message)

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        """Read until something is so.

        Raises:
            AssertionError: It is not, after so many seconds.
        """
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            self.read()

    def start(self, code: str, **more: Any) -> Callable[[], dict[str, Any] | None]:
        """Begin to run code; what is returned gives the reply once there is one."""
        replies: list[dict[str, Any]] = []
        content = {"code": code, "silent": False, "store_history": False, "stop_on_error": True}
        message_id = self.send("execute_request", content | more)

        def hear(message: dict[str, Any]) -> None:
            is_reply = message["header"]["msg_type"] == "execute_reply"
            if is_reply and message["parent_header"].get("msg_id") == message_id:
                replies.append(message["content"])

        self.listeners.append(hear)
        return lambda: replies[0] if replies else None

    def run(self, code: str, seconds: float = 60, **more: Any) -> dict[str, Any]:
        """Run code to its end.

        Raises:
            AssertionError: It raised.
        """
        reply = self.start(code, **more)
        self.until(reply, seconds, f"the end of {code[:60]!r}")
        content = reply()
        assert content is not None
        assert content["status"] == "ok", "\n".join(content.get("traceback", []))
        return content

    def value(self, expression: str) -> Any:
        """Return what an expression is in the kernel, as JSON."""
        probe = {"value": f"__import__('json').dumps({expression})"}
        answer = self.run("", user_expressions=probe)["user_expressions"]["value"]
        assert answer["status"] == "ok", answer
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))


def with_buffers(raw: bytes) -> dict[str, Any]:
    """Return a message that came with binary parts: a count, offsets, the JSON, the parts."""
    (count,) = struct.unpack("!I", raw[:4])
    offsets = [*struct.unpack(f"!{count}I", raw[4 : 4 * (count + 1)]), len(raw)]
    text, *buffers = (raw[start:end] for start, end in itertools.pairwise(offsets))
    return json.loads(text) | {"buffers": buffers}


def with_rows(message: dict[str, Any], buffers: list[bytes]) -> dict[str, Any]:
    """Return a message with its columns, if any, as rows again (rule S13)."""
    columns = message.pop("columns", None)
    if columns is None:
        return message
    places = struct.iter_unpack("<dd", buffers.pop(0))
    ids = columns["ids"]
    nodes = [
        {"id": node_id}
        | ({} if kind is None else {"type": kind})
        | ({} if math.isnan(x) else {"position": {"x": x, "y": y}})
        | (rest or {})
        for node_id, kind, (x, y), rest in zip(
            ids, columns["types"], places, columns["nodes"], strict=True
        )
    ]
    ends = zip(
        columns["edgeIds"], columns["sources"], columns["targets"], columns["edges"], strict=True
    )
    edges = [
        {"id": edge_id, "source": ids[source], "target": ids[target]} | (rest or {})
        for edge_id, source, target, rest in ends
    ]
    return message | {"nodes": nodes, "edges": edges}


class View(ModelView):
    """A model view of a canvas in a kernel, over a socket."""

    def __init__(self, socket: Socket, canvas: str = "canvas", client: str = "") -> None:
        self.socket = socket
        self.comm_id = socket.value(f"{canvas}.model_id")
        self.virtual = FakeClock()
        self._seen = time.monotonic()
        self.hears = True
        self.problems: list[str] = []
        socket.listeners.append(self._hear)
        super().__init__(client or uuid.uuid4().hex, self._put, self.virtual)

    def _put(self, message: Any) -> None:
        content = message.model_dump(mode="json", by_alias=True)
        data = {"method": "custom", "content": content}
        self.socket.send("comm_msg", {"comm_id": self.comm_id, "data": data})

    def _hear(self, message: dict[str, Any]) -> None:
        content = message["content"]
        if not self.hears or message["header"]["msg_type"] != "comm_msg":
            return
        data = content["data"]
        if content["comm_id"] != self.comm_id or data.get("method") != "custom":
            return
        buffers = list(message.get("buffers", ()))
        try:
            rows = [with_rows(one, buffers) for one in data["content"]["messages"]]
            mail = KernelMail.model_validate({"messages": rows})
        except (ValidationError, KeyError):
            return  # not of the protocol, such as the bundle
        for one in mail.messages:
            if one.kind == "refused" and one.to == self.client:
                self.problems.append(one.problem.message)
            self.receive(one)

    def live(self, seconds: float = TICK) -> None:
        """Let real time pass: read, resend, ask."""
        self.socket.read(seconds)
        now = time.monotonic()
        self.virtual.advance(now - self._seen)
        self._seen = now

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        """Live until something is so.

        Raises:
            AssertionError: It is not, after so many seconds.
        """
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            self.live()

    def opened(self) -> View:
        """Wait for the document."""
        self.until(lambda: self.epoch, 60, "the canvas opens")
        return self

    def equals(self, graph: dict[str, Any]) -> bool:
        """Whether it shows a document, given as JSON, with nothing unanswered."""
        return not self.pending and json.loads(json.dumps(self.shown.to_json())) == graph
