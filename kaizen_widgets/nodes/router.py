"""The router kind: sends what arrives down the first route whose condition holds.

Conditions are Jinja2 expressions in the sandbox (`templates`): ``"'invoice' in text"``,
``"priority > 3 and lang == 'de'"``. Each route is one output, drawn in order, ``default`` last.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.agent import quoted
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, KindConfig
from kaizen_widgets.nodes.look import INPUT, Handle, Look
from kaizen_widgets.nodes.templates import condition_problem, holds
from kaizen_widgets.nodes.work import Routed, Task

DEFAULT = "default"


class Route(KindConfig):
    """One way out."""

    name: str = Field(min_length=1, max_length=200)
    """The id of its output."""
    when: str = Field(min_length=1)
    """The condition."""


class RouterConfig(KindConfig):
    """Config of a router node."""

    routes: list[Route] = Field(default_factory=list)
    """Tried in order; the first whose condition holds is taken."""
    default: str = Field(default=DEFAULT, min_length=1, max_length=200)
    """What to call the way out when no condition holds; its output is 'default' or this name."""

    @model_validator(mode="after")
    def _names_differ(self) -> RouterConfig:
        names = [route.name for route in self.routes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two routes are called {twice[0]!r}")
        taken = {DEFAULT, self.default} & set(names)
        if taken:
            raise ValueError(f"a route is called {min(taken)!r}, like the way out when none holds")
        return self


class RouterKind(Kind):
    """Passes what arrives on by one of its outputs; nodes behind the others are skipped."""

    look = Look(
        type="router",
        title="Router",
        description="Sends what arrives down the first route that fits.",
        icon="router",
        color="#f59e0b",
        inputs=INPUT,
        outputs=(Handle(DEFAULT, "default"),),
        outputs_from=("config", "routes"),
        defaults={"routes": []},
    )
    Config = RouterConfig

    def check(self, node: Node, config: RouterConfig, functions: Functions) -> Iterable[str]:
        """Refuse conditions that cannot be read."""
        for route in config.routes:
            problem = condition_problem(route.when)
            if problem:
                yield f"has a condition for {quoted(route.name)} that cannot be read: {problem}"

    def outputs(self, config: RouterConfig) -> frozenset[str]:
        """Return the routes' names and the default's."""
        return frozenset({route.name for route in config.routes} | {DEFAULT, config.default})

    async def run(self, task: Task) -> Routed:
        """Try the conditions in order."""
        config: RouterConfig = task.config
        for route in config.routes:
            try:
                if holds(route.when, task.value):
                    return Routed(task.value, frozenset({route.name}), route.name)
            except RunError as error:
                raise RunError(
                    f"{quoted(task.label)}, route {quoted(route.name)}: {error}",
                    node_id=task.node_id,
                ) from error.__cause__
        return Routed(task.value, frozenset({DEFAULT, config.default}), config.default)
