"""Two runs side by side, node by node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaizen_widgets.displays.formats import format_difference
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.html_table import html_table
from kaizen_widgets.displays.sentences import sentence
from kaizen_widgets.engines.fingerprint import Fingerprinter
from kaizen_widgets.engines.run_frame import frame

if TYPE_CHECKING:
    from kaizen_widgets.engines.run import NodeRun, Run

_COLUMNS = (
    Column("label", "Node", "title"),
    Column("change", "Change", "text", value=lambda row: row.change or "Same"),
    Column("before_text", "Before", "text"),
    Column("after_text", "After", "text"),
    Column("seconds", "Time", "text", "right", lambda row: format_difference(row.seconds, "s")),
    Column("cost", "Cost", "text", "right", lambda row: format_difference(row.cost, "$")),
)


@dataclass(frozen=True)
class ComparedNode:
    """One node in two runs; None where a run does not have it.

    Attributes:
        node_id: Id of the node.
        label: Its label, that of the newer run.
        before: The node in the other run.
        after: The node in this run.
        same_inputs: Whether the same arrived; None if one of the two did not begin.
        same_output: Whether both gave the same; None if one of the two gave nothing.
        before_text: What it gave in the other run, as a sentence, or why it gave nothing.
        after_text: Likewise in this run.
    """

    node_id: str
    label: str
    before: NodeRun | None
    after: NodeRun | None
    same_inputs: bool | None
    same_output: bool | None
    before_text: str
    after_text: str

    @property
    def is_same(self) -> bool:
        """Whether state and output are the same."""
        states = [None if one is None else one.status for one in (self.before, self.after)]
        return states[0] == states[1] and self.same_output is not False

    @property
    def change(self) -> str:
        """What changed, in a few words: "Output changed", "Failed before"; empty if nothing did."""
        if self.before is None:
            return "New"
        if self.after is None:
            return "Not run"
        if self.before.status != self.after.status:
            return f"{self.before.status.capitalize()} before"
        return "Output changed" if self.same_output is False else ""

    @property
    def seconds(self) -> float | None:
        """How much longer it took in this run, in seconds; None if one of the two did not run."""
        before, after = (None if n is None else n.seconds for n in (self.before, self.after))
        return None if before is None or after is None else after - before

    @property
    def cost(self) -> float | None:
        """How much more it cost in this run, in US dollars; None if no price is known."""
        costs = [None if one is None else one.usage.cost for one in (self.before, self.after)]
        if costs == [None, None]:
            return None
        return float((costs[1] or 0) - (costs[0] or 0))


class RunComparison:
    """Two runs side by side.

    Args:
        before: The older run.
        after: The newer run.

    Attributes:
        rows: A row a node, in the order of the newer run, then those that only the older one has.
    """

    def __init__(self, before: Run, after: Run) -> None:
        self.before = before
        self.after = after
        prints = Fingerprinter()
        ids = dict.fromkeys((*after.nodes, *before.nodes))
        self.rows = tuple(
            _row(before.nodes.get(node_id), after.nodes.get(node_id), prints) for node_id in ids
        )

    @property
    def changed(self) -> tuple[ComparedNode, ...]:
        """The rows whose state or output differs."""
        return tuple(row for row in self.rows if not row.is_same)

    def to_frame(self) -> Any:
        """Return the comparison as a pandas DataFrame, a row a node.

        Raises:
            RunError: pandas is not installed.
        """
        rows = [
            (
                row.label,
                row.change,
                row.same_inputs,
                row.same_output,
                row.before_text,
                row.after_text,
                None if row.before is None else row.before.seconds,
                None if row.after is None else row.after.seconds,
                row.cost,
            )
            for row in self.rows
        ]
        return frame(
            rows,
            (
                "node", "change", "same_inputs", "same_output", "before", "after", "seconds_before",
                "seconds_after", "cost_difference",
            ),
        )  # fmt: skip

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        changed = f"{len(self.changed)} of {len(self)} nodes differ"
        return {
            "text/html": html_table(self.rows, _COLUMNS, caption=changed, limit=100),
            "text/plain": repr(self),
        }

    def __iter__(self) -> Iterator[ComparedNode]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        names = ", ".join(row.label for row in self.changed[:5])
        more = f" and {len(self.changed) - 5} more" if len(self.changed) > 5 else ""
        count = f"{len(self.changed)} of {len(self)} nodes differ"
        return f"RunComparison({count}{': ' if names else ''}{names}{more})"


def _row(before: NodeRun | None, after: NodeRun | None, prints: Fingerprinter) -> ComparedNode:
    one = after or before
    if one is None:
        raise ValueError("A node of a comparison is in one run at least.")
    return ComparedNode(
        one.id,
        one.label,
        before,
        after,
        _same(_inputs(before), _inputs(after), prints),
        _same(_output(before), _output(after), prints),
        _text(before),
        _text(after),
    )


def _inputs(node: NodeRun | None) -> tuple[Any] | None:
    return None if node is None or node._inputs is None else (node.inputs,)


def _output(node: NodeRun | None) -> tuple[Any] | None:
    return None if node is None or node.status != "completed" else (node.output,)


def _same(
    before: tuple[Any] | None, after: tuple[Any] | None, prints: Fingerprinter
) -> bool | None:
    """Return whether two values have the same content; one that cannot be read is the same as itself."""
    if before is None or after is None:
        return None
    return before[0] is after[0] or prints.of(before[0]).digest == prints.of(after[0]).digest


def _text(node: NodeRun | None) -> str:
    if node is None:
        return ""
    return sentence(node.output) if node.status == "completed" else node.message or node.reason
