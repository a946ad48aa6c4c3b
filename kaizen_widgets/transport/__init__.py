"""Requests to a Kaizen Studio server, embedded or real; the only package that knows httpx."""

from kaizen_widgets.tokens import Tokens
from kaizen_widgets.transport.transport import Transport

__all__ = ["Tokens", "Transport"]
