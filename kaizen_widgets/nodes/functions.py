"""The notebook's own functions, by the names their nodes know them by.

The only code a run calls: a pipeline holds names, never code, and names are looked up here and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kaizen_widgets.errors import RunError


class Functions(Mapping[str, Callable[..., Any]]):
    """Names to functions, plain or async.

    Args:
        functions: What is registered from the start.
        names: Other names for the same: an agent's id to its name.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        *,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._functions: dict[str, Callable[..., Any]] = {}
        self.names = dict(names or {})
        for name, function in (functions or {}).items():
            self.register(name, function)

    def register(self, name: str, function: Callable[..., Any]) -> None:
        """Have nodes called ``name`` call ``function``; a function of that name is replaced.

        Raises:
            RunError: It cannot be called, or the name is empty.
        """
        if not isinstance(name, str) or not name:
            raise RunError(f"A function needs the name of its node or agent, not {name!r}.")
        if not callable(function):
            raise RunError(
                f"{name!r} needs a function, and a {type(function).__name__} cannot be called."
            )
        self._functions[name] = function

    def find(self, *names: str | None) -> Callable[..., Any] | None:
        """Return the function registered under the first of ``names`` that has one, or None."""
        for name in names:
            for known in (name, self.names.get(name or "")):
                if known is not None and known in self._functions:
                    return self._functions[known]
        return None

    def copy(self) -> Functions:
        """Return the functions as they are now; a run keeps those it was started with."""
        return Functions(self._functions, names=self.names)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def __repr__(self) -> str:
        return f"Functions({', '.join(sorted(self._functions))})"
