"""The router kind: sends what arrives along the first route whose condition is true.

Conditions are Jinja2 expressions in a sandbox (see `templates`): ``"'invoice' in text"``,
``"priority > 3 and lang == 'de'"``. Each route is one output, drawn in order, ``default`` last.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.kind import Kind, KindConfig, Routed, Task
from kaizen_widgets.nodes.look import INPUT, Look, Port
from kaizen_widgets.nodes.template_fields import Condition
from kaizen_widgets.nodes.templates import holds

DEFAULT = "default"


class Route(KindConfig):
    """One route of a router."""

    name: str = Field(min_length=1, max_length=200)
    """Name of the route, and id of its output: "billing"."""
    when: Condition = Field(min_length=1)
    """Condition for taking the route: "'invoice' in text" or "priority > 3"."""


class RouterConfig(KindConfig):
    """Config of a router node."""

    routes: list[Route] = Field(default_factory=list)
    """Routes in the order they are tried; the first whose condition is true is taken."""
    default: str = Field(default=DEFAULT, min_length=1, max_length=200)
    """Name of the output taken when no condition is true."""

    @model_validator(mode="after")
    def _names_differ(self) -> RouterConfig:
        names = [route.name for route in self.routes]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"two routes are named {repeated[0]!r}")
        taken = {DEFAULT, self.default} & set(names)
        if taken:
            raise ValueError(f"a route is named {min(taken)!r}, like the default output")
        return self


class RouterKind(Kind):
    """Passes what arrives on by one of its outputs; nodes behind the others are skipped."""

    look = Look(
        type="router",
        title="Router",
        description="Sends what arrives along the first route that fits.",
        icon="router",
        color="#f59e0b",
        inputs=INPUT,
        outputs=(Port(DEFAULT, "default"),),
        outputs_from=("config", "routes"),
        defaults={"routes": []},
    )
    Config = RouterConfig

    def summary(self, config: RouterConfig) -> str:
        """Return how many routes there are."""
        count = len(config.routes)
        return f"{count} route{'' if count == 1 else 's'}" if count else ""

    def outputs(self, config: RouterConfig) -> frozenset[str]:
        """Return the names of the routes and of the default output."""
        return frozenset({route.name for route in config.routes} | {DEFAULT, config.default})

    async def run(self, task: Task) -> Routed:
        """Try the conditions in order."""
        return await task.in_thread(_choose, task)


def _choose(task: Task) -> Routed:
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
