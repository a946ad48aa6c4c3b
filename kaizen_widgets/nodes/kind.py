"""A node kind is one class: its look, its config, and what it does.

Your own takes ten lines::

    class Shout(Kind):
        look = Look(type="shout", title="Shout", description="Says it louder.")

        class Config(KindConfig):
            marks: int = 1

        async def run(self, task: Task) -> str:
            return task.text.upper() + "!" * task.config.marks

    studio.kinds.register(Shout)

`run` is called on the background loop and must not block it: `task.call(function, value)` runs
plain functions in a thread. It is cancelled like any coroutine. A kind keeps no state: one object
serves all nodes of all runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.work import Task


class KindConfig(BaseModel):
    """Base of the configs in ``node.data["config"]``: closed; snake_case or camelCase keys."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(validation_alias=to_camel),
        populate_by_name=True,
        loc_by_alias=False,
        use_attribute_docstrings=True,
    )

    @property
    def time_limit(self) -> float | None:
        """Seconds the node may take, or None; over it, the node fails."""
        return None

    @property
    def waits_for(self) -> Literal["all", "any"]:
        """Whether a failure before the node keeps it from running, or just one value suffices."""
        return "all"


class Kind:
    """Base of all node kinds."""

    look: ClassVar[Look]
    Config: ClassVar[type[KindConfig]] = KindConfig

    @property
    def name(self) -> str:
        """The node ``type`` it answers to."""
        return self.look.type

    def read_config(self, node: Node) -> tuple[Any, list[str]]:
        """Return the node's checked config and no problems, or None and what is wrong with it."""
        given = node.data.get("config")
        try:
            return self.Config.model_validate({} if given is None else given), []
        except ValidationError as error:
            return None, [_problem(detail) for detail in error.errors(include_url=False)]

    def check(self, node: Node, config: Any, functions: Functions) -> Iterable[str]:
        """Return why a node cannot run although its config is sound: ends of sentences.

        Each is put after the node's name: ``"has no function"`` reads ``"Billing" has no function``.
        """
        return ()

    def outputs(self, config: Any) -> frozenset[str] | None:
        """Return the ids of the outputs edges must leave by; None when all leave with the same."""
        return None

    async def run(self, task: Task) -> Any:
        """Do the node's work and return what it passes on."""
        raise TypeError(f"The node kind {self.name!r} has no run(self, task).")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _problem(detail: Any) -> str:
    """Return one pydantic error as the end of a sentence; what was given is not repeated."""
    where = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return f"has {where!r} in its config, which its kind does not know"
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    said = said[:1].lower() + said[1:]
    return (
        f"has a wrong {where!r} in its config: {said}" if where else f"has a wrong config: {said}"
    )
