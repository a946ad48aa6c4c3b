"""The node kinds by name. A pipeline names its kinds, and only registered kinds can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.agent import AgentKind
from kaizen_widgets.nodes.approval import ApprovalKind
from kaizen_widgets.nodes.connector import ConnectorKind
from kaizen_widgets.nodes.connectors.api_connector import ApiKind
from kaizen_widgets.nodes.connectors.database_connector import DatabaseKind
from kaizen_widgets.nodes.connectors.messaging_connector import MessagingKind
from kaizen_widgets.nodes.connectors.storage_connector import StorageKind
from kaizen_widgets.nodes.input import InputKind
from kaizen_widgets.nodes.kind import Kind
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.output import OutputKind
from kaizen_widgets.nodes.reactor import ReactorKind
from kaizen_widgets.nodes.router import RouterKind
from kaizen_widgets.nodes.stages import StagesKind
from kaizen_widgets.nodes.subflow import SubflowKind
from kaizen_widgets.nodes.supervisor import SupervisorKind
from kaizen_widgets.nodes.synthesizer import SynthesizerKind

K = TypeVar("K", bound=type[Kind])

BUILT_IN: tuple[type[Kind], ...] = (
    InputKind,
    AgentKind,
    SupervisorKind,
    RouterKind,
    SynthesizerKind,
    StagesKind,
    ReactorKind,
    ApprovalKind,
    SubflowKind,
    ConnectorKind,
    DatabaseKind,
    ApiKind,
    StorageKind,
    MessagingKind,
    OutputKind,
)


class Registry:
    """Node kinds by name, in the order of the palette."""

    def __init__(self, kinds: Iterable[type[Kind]] = ()) -> None:
        self._kinds: dict[str, Kind] = {}
        self._listeners: list[Callable[[], object]] = []
        for kind in kinds:
            self.register(kind)

    def register(self, kind: K) -> K:
        """Add a kind, in place of one of the same name; usable as a decorator.

        Raises:
            RunError: It is not a `Kind` with a look and a run.
        """
        if not (isinstance(kind, type) and issubclass(kind, Kind)):
            raise RunError(f"A node kind is a subclass of Kind, not {kind!r}.")
        if not isinstance(getattr(kind, "look", None), Look):
            raise RunError(f"The node kind {kind.__name__} needs a look: look = Look(type=...).")
        if kind.run is Kind.run:
            raise RunError(f"The node kind {kind.__name__} needs: async def run(self, task).")
        made = kind()
        self._kinds[made.name] = made
        for listener in tuple(self._listeners):
            listener()
        return kind

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` after each registration; return the unsubscribe function."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def get(self, name: str) -> Kind | None:
        """Return the kind with this name, or None."""
        return self._kinds.get(name)

    def look_of(self, name: str) -> Look | None:
        """Return the look of the kind with this name, or None."""
        kind = self._kinds.get(name)
        return None if kind is None else kind.look

    def looks(self) -> tuple[Look, ...]:
        """Return the looks of all kinds."""
        return tuple(kind.look for kind in self._kinds.values())

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def __repr__(self) -> str:
        return f"Registry({', '.join(self._kinds)})"


def default_registry() -> Registry:
    """Return a new registry with the built-in kinds."""
    return Registry(BUILT_IN)
