"""Requests to a Kaizen Studio server, embedded or remote; the only package that knows httpx.

Three levels, each using the next: `Transport` signs requests in, refreshes tokens and retries;
`RequestSender` sends one request and reads its response; `HttpConnection` holds the connections.
"""

from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.transport.in_process import InProcess
from kaizen_widgets.transport.pinned_host import PinnedHost
from kaizen_widgets.transport.proxy import proxy_for
from kaizen_widgets.transport.request_sender import Answer
from kaizen_widgets.transport.server_sent_events import ServerEvent
from kaizen_widgets.transport.transport import Transport

__all__ = [
    "Answer",
    "InProcess",
    "PinnedHost",
    "ServerEvent",
    "Tokens",
    "Transport",
    "proxy_for",
]
