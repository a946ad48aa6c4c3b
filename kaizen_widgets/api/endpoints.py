"""What every resource's requests do: ask at a path of quoted parts, and read records from the answer."""

from __future__ import annotations

from typing import Any, TypeVar

from kaizen_widgets.api.models import Record, path, read, rows
from kaizen_widgets.transport import Transport

R = TypeVar("R", bound=Record)


class Endpoints:
    """The requests of one resource.

    Args:
        transport: Sends them.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def _one(self, model: type[R], what: str, method: str, *parts: str, **options: Any) -> R:
        """Ask, and read one record."""
        answer = await self._transport.request(method, path(*parts), **options)
        return read(model, answer, what)

    async def _many(self, model: type[R], what: str, *parts: str, **params: Any) -> list[R]:
        """Ask for a list without pages, and read its records."""
        answer = await self._transport.request("GET", path(*parts), params=params)
        return [read(model, row, what) for row in rows(answer, f"{what}s")]

    async def _gone(self, *parts: str) -> None:
        """Delete."""
        await self._transport.request("DELETE", path(*parts))
