"""A Jupyter Server extension: what a kernel says goes to the browser at once.

Tornado leaves Nagle's algorithm on, so that of several small messages the first leaves and the others wait
until the browser's system acknowledges it, which it may put off for 40 ms: an edit made in Python, or in
another tab, then shows that much later. Here each kernel's websocket gets ``TCP_NODELAY``. Imported by the
server, never by the package; knows no widget.
``jupyter server extension disable kaizen_widgets.nodelay`` switches it off.
"""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger(__name__)
_CLASS = "kernel_websocket_connection_class"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Have the server make its kernel connections, of whatever class they are, prompt."""
    settings = app.web_app.settings
    if _CLASS not in settings:
        app.log.info("kaizen_widgets.nodelay: this server has no %s to extend.", _CLASS)
        return
    settings[_CLASS] = prompt(settings[_CLASS])


def prompt(connection: type[Any]) -> type[Any]:
    """Return a class of kernel connections that differs in that it does not wait for acknowledgements."""

    class PromptConnection(connection):
        def connect(self) -> Any:
            try:
                self.websocket_handler.set_nodelay(True)
            except Exception as error:  # a slower server is better than none
                logger.warning("A kernel's websocket stays with Nagle's algorithm: %s", error)
            return super().connect()

    return PromptConnection
