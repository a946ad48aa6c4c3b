"""How a run treats a node, whatever its kind: muted, tried again, limited in time, needing all inputs or any.

It is ``node.data["policy"]``, beside the config, so that it means the same for every kind and takes no name
away from a kind's own settings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kaizen_widgets.graph import Node

CachePolicy = Literal["never", "run", "session", "disk"]
"""When a result may be used again: never, in re-runs of its run, in this kernel, or in others too."""
MAX_DELAY = 300.0
"""Longest pause between two attempts, in seconds."""


class NodePolicy(BaseModel):
    """How a run treats one node; snake_case or camelCase keys, no unknown ones."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(validation_alias=to_camel),
        populate_by_name=True,
        loc_by_alias=False,
        use_attribute_docstrings=True,
    )

    muted: bool = False
    """Whether the node does nothing and passes on what arrives, at all its outputs."""
    retries: int = Field(default=0, ge=0, le=20)
    """How many more times it is tried after it failed, if that may help."""
    retry_delay: Annotated[float, Field(ge=0, le=MAX_DELAY, allow_inf_nan=False)] = 1.0
    """Pause before the second attempt in seconds; it doubles each time, up to 300, and varies by a half."""
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Time limit of each attempt in seconds; empty for the one in its config, if there is one."""
    needs: Literal["all", "any"] | None = None
    """Whether it is skipped when a node before it failed, or works with what arrived; empty: as its kind."""
    cache: CachePolicy | None = None
    """When its result is used again in place of running it: never, when its run is run again from another
    node, by every run of this kernel, or by other kernels too; empty for the studio's."""

    def pause(self, failures: int, chance: float) -> float:
        """Return the seconds before the next attempt.

        Args:
            failures: Attempts that failed so far, at least 1.
            chance: A random number from 0 to 1; the pause is between half of and the full delay, so that
                nodes that failed together are not all tried again at the same moment.
        """
        return min(self.retry_delay * 2 ** (failures - 1), MAX_DELAY) * (0.5 + chance / 2)


NO_POLICY = NodePolicy()


def read_policy(node: Node) -> tuple[NodePolicy, list[str]]:
    """Return a node's policy, and what is wrong with it as ends of sentences."""
    given: Any = node.data.get("policy")
    if given is None:
        return NO_POLICY, []
    try:
        return NodePolicy.model_validate(given), []
    except ValidationError as error:
        return NO_POLICY, [_problem(detail) for detail in error.errors(include_url=False)]


def _problem(detail: Any) -> str:
    where = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return f"has {where!r} in its policy, which is none of {', '.join(NodePolicy.model_fields)}"
    message = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"has a wrong {where!r} in its policy: {message}" if where else "has a wrong policy"
