"""The server extension: kernels' websockets do not wait for acknowledgements, and no server breaks for it."""

import logging
import types
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets import nodelay
from tests.browser.server import JupyterServer
from tests.faults.kernel import Socket

# A user's own class of connections: it is extended, not replaced, and here it says what it was given.
CONFIG = """
import socket
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
class Witness(ZMQChannelsWebsocketConnection):
    def connect(self):
        wire = self.websocket_handler.ws_connection.stream.socket
        print("NODELAY", wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), flush=True)
        return super().connect()
get_config().ServerApp.kernel_websocket_connection_class = Witness
"""


@pytest.mark.parametrize(
    "options", [{}, {"ServerApp.jpserver_extensions": f"{nodelay.__name__}=False"}]
)
def test_a_kernels_websocket_is_prompt_unless_that_is_switched_off(
    tmp_path: Path, options: dict[str, object]
) -> None:
    config = tmp_path / "config" / "jupyter_server_config.py"
    config.parent.mkdir()
    config.write_text(CONFIG)
    server = JupyterServer(tmp_path, options=options)
    try:
        socket = Socket(server, server.request("POST", "kernels")["id"])
        socket.run("1")
        socket.drop()
        assert f"NODELAY {0 if options else 1}" in server.log()
    finally:
        server.close()


class Connection:
    """A kernel connection whose websocket does as it is told."""

    def __init__(self, handler: Any) -> None:
        self.websocket_handler = handler

    def connect(self) -> str:
        return "connected"


def refusing(_value: bool) -> None:
    raise OSError("no such option")


@pytest.mark.parametrize("handler", [None, types.SimpleNamespace(set_nodelay=refusing)])
def test_a_connection_that_cannot_be_made_prompt_works_as_before(
    handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert nodelay.prompt(Connection)(handler).connect() == "connected"
    assert "stays with Nagle" in caplog.text


def test_a_server_of_another_make_is_left_alone() -> None:
    app = types.SimpleNamespace(
        log=logging.getLogger("server"), web_app=types.SimpleNamespace(settings={})
    )
    nodelay._load_jupyter_server_extension(app)
    assert app.web_app.settings == {}
