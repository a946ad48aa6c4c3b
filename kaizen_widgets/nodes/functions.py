"""The notebook's functions, by the names of the nodes and agents that call them.

This is the only user code that a run calls: a pipeline contains names, never code, and names are resolved
only here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.model_agents import ModelAgents


class Functions(Mapping[str, Callable[..., Any]]):
    """Functions by name, plain or async.

    Args:
        functions: Functions to register.
        names: Other names for the same functions: agent ids to agent names.

    Attributes:
        models: The agents that models answer for, where there is no function.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        *,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._functions: dict[str, Callable[..., Any]] = {}
        self._listeners: list[Callable[[], object]] = []
        self.names = dict(names or {})
        self.models = ModelAgents()
        for name, function in (functions or {}).items():
            self.register(name, function)

    def register(self, name: str, function: Callable[..., Any]) -> None:
        """Register the function that nodes named ``name`` call; replaces an earlier one of that name.

        Raises:
            RunError: It cannot be called, or the name is empty.
        """
        if not isinstance(name, str) or not name:
            raise RunError(f"A function needs the name of its node or agent, not {name!r}.")
        if not callable(function):
            raise RunError(
                f"{name!r} needs a function; a {type(function).__name__} cannot be called."
            )
        self._functions[name] = function
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` after each registration; return the unsubscribe function."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def find(self, *names: str | None) -> Callable[..., Any] | None:
        """Return what nodes with these names call, or None.

        The function registered under the first of ``names`` that has one; if none has, a function that
        asks the model of the first that is an agent.
        """
        function = self.find_function(*names)
        if function is None and (record := self.models.find(*names)) is not None:
            return self.models.function_of(record)
        return function

    def problem_of(
        self, *names: str | None, wanted: str = "", tools: Sequence[str] = ()
    ) -> str | None:
        """Return why nodes with these names call nothing, as the end of a sentence, or None if they do.

        Args:
            names: The names, first choice first.
            wanted: Name to register a function under, in the sentence; by default the first of the names.
            tools: Tools that the model is given beside its agent's own.
        """
        if self.find_function(*names) is not None:
            return None
        missing = missing_function(wanted or next((name for name in names if name), ""))
        record = self.models.find(*names)
        if record is None:
            return missing
        if problem := self.models.setup_problem(record):
            return f"{missing}. Its model cannot answer either: it {problem}"
        return self.models.problem_of(record, tools)

    def find_function(self, *names: str | None) -> Callable[..., Any] | None:
        """Return the function registered under the first of ``names`` that has one, or None."""
        for name in names:
            for known in (name, self.names.get(name or "")):
                if known is not None and known in self._functions:
                    return self._functions[known]
        return None

    def get_for(self, names: Iterable[str | None], label: str, node_id: str) -> Callable[..., Any]:
        """Return the function for a node, registered under the first of ``names`` that has one.

        Raises:
            RunError: There is none; the message tells how to register one for the first name.
        """
        candidates = list(names)
        function = self.find(*candidates)
        if function is None:
            name = next((candidate for candidate in candidates if candidate), label)
            raise RunError(f"{quoted(label)} {missing_function(name)}.", node_id=node_id)
        return function

    def copy(self) -> Functions:
        """Return a copy; a run calls the functions there were when it was started."""
        made = Functions(self._functions, names=self.names)
        made.models = self.models.copy()
        return made

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def __repr__(self) -> str:
        return f"Functions({', '.join(sorted(self._functions))})"


_MISSING = "has no function: give it one with"


def missing_function(name: str) -> str:
    """Return the end of a sentence about a node for which no function is registered."""
    return f"{_MISSING} @studio.agent({quoted(name)})"


def is_missing_function(problem: str) -> bool:
    """Return whether a sentence, or its end, is about a node for which no function is registered."""
    return _MISSING in problem
