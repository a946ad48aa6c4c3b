"""Actions that a view can request for a whole form."""

from __future__ import annotations

from typing import Any, Protocol


class FormActions(Protocol):
    """Actions of the widget around a form: a panel with buttons, or the editor of a node's config."""

    def submit(self, client: str, /) -> object:
        """Submit the form for a view; must not block for long."""
        ...

    def on_blur(self, key: str, /) -> None:
        """Handle the blur of the field with a key."""
        ...

    def reset(self) -> None:
        """Reset the form to its default values."""
        ...

    def store_file(self, name: str, content: bytes, /) -> Any:
        """Store a file for a field that holds a path, and return the draft of the field."""
        ...
