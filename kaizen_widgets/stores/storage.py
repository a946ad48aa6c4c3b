"""What `persist` needs of a place to keep texts in, and what such a place may offer besides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable


class Storage(Protocol):
    """Texts by name; each answer may be an awaitable."""

    def get(self, name: str, /) -> str | Awaitable[str | None] | None:
        """Return the text, or None."""
        ...

    def set(self, name: str, text: str, /) -> Awaitable[None] | None:
        """Keep a text in the place of the one before."""

    def remove(self, name: str, /) -> Awaitable[None] | None:
        """Forget a text; harmless when there is none."""


@runtime_checkable
class KeepsAside(Protocol):
    """A storage that can put away what could not be used."""

    def keep_aside(self, name: str, reason: str) -> object:
        """Copy the text of that name to where no set will overwrite it."""


@runtime_checkable
class HasProblem(Protocol):
    """A storage that says when it keeps nothing."""

    @property
    def problem(self) -> str:
        """Why nothing is kept; empty when all is well."""
        ...


@runtime_checkable
class CountsRevisions(Protocol):
    """A storage that knows when another process wrote."""

    def revision(self) -> int:
        """Return a number that changes with the writes of others."""
        ...


@runtime_checkable
class UpdatesAtomically(Protocol):
    """A storage where reading and writing back can be one moment for all processes."""

    def update_text(self, name: str, change: Callable[[str | None], str]) -> object:
        """Replace a text by what ``change`` makes of it."""
