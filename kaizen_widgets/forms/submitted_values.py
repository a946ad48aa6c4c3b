"""The values of a form when it was submitted, and how its rows have moved since.

A server's errors are about the values it was given. Meanwhile the user may have moved or removed rows, so
that a name such as `items.1.name` means another row, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class SubmittedValues:
    """The values of one submit.

    Args:
        values: All values when it began.
        moves: The list to which moves of rows are appended while a submit is under way.
    """

    def __init__(self, values: Any, moves: list[Callable[[str], str | None]]) -> None:
        self.values = values
        self._moves = moves
        self._start = len(moves)

    def current_name(self, name: str) -> str | None:
        """Return the present name of a field; None if its row was removed or replaced."""
        for move in self._moves[self._start :]:
            moved = move(name)
            if moved is None:
                return None
            name = moved
        return name
