"""The storage interface that `persist` needs, and optional capabilities of a storage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable


class Storage(Protocol):
    """Holds texts by name; each method may return an awaitable."""

    def get(self, name: str, /) -> str | Awaitable[str | None] | None:
        """Return the text, or None."""
        ...

    def set(self, name: str, text: str, /) -> Awaitable[None] | None:
        """Save a text, which replaces the saved one."""

    def remove(self, name: str, /) -> Awaitable[None] | None:
        """Remove a text; does nothing if there is none."""


@runtime_checkable
class KeepsAside(Protocol):
    """A storage that can set aside a text that could not be used."""

    def set_aside(self, name: str, reason: str) -> object:
        """Copy the text to where no set overwrites it."""


@runtime_checkable
class HasProblem(Protocol):
    """A storage that says why it does not save."""

    @property
    def problem(self) -> str:
        """Why nothing is saved; empty if there is no problem."""
        ...


@runtime_checkable
class CountsRevisions(Protocol):
    """A storage that notices when another process has written."""

    def revision(self) -> int:
        """Return a number that changes when another process writes."""
        ...


@runtime_checkable
class UpdatesAtomically(Protocol):
    """A storage that can read and write back atomically across all processes."""

    def update_text(self, name: str, change: Callable[[str | None], str]) -> object:
        """Replace a text with what ``change`` returns for it."""
