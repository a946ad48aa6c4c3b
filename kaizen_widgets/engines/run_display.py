"""A run as a cell displays it: its state, each node's time and value, its error; and its waterfall."""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from kaizen_widgets.displays.error_frames import error_content
from kaizen_widgets.displays.formats import format_money, format_seconds
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.html_table import html_table
from kaizen_widgets.displays.markup import BAD, GOOD, MUTED, WARN
from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.displays.waterfall_plot import WaterfallBar
from kaizen_widgets.engines.event_log import TERMINAL

if TYPE_CHECKING:
    from kaizen_widgets.engines.run import NodeRun, Run

WORDS: Final = {"completed": "done", "pending": "not begun"}
"""What states are called where people read them."""
_COLORS: Final = {"completed": GOOD, "failed": BAD, "waiting": WARN, "cancelled": WARN}
_COLUMNS: Final = (
    Column("node", "Node", "title"),
    Column("state", "State", "status"),
    Column("seconds", "Time", "seconds"),
    Column("value", "Value", "text"),
)


def run_html(run: Run) -> str:
    """Return the state of a run, a row for each node, and the error with the user's line."""
    count = Counter(node.status for node in run.nodes.values())
    facts = [f"{number} {WORDS.get(state, state)}" for state, number in count.items()]
    seconds = seconds_of(run)
    facts += [format_seconds(seconds)] if seconds is not None else []
    cost = run.usage.cost
    facts += [format_money(float(cost))] if cost is not None else []
    word = WORDS.get(run.status, run.status).capitalize()
    head = (
        f'<p><b style="color: {_COLORS.get(run.status, "inherit")}">{word}</b> '
        f'<span style="color: {MUTED}">{html.escape(" · ".join(facts))}</span></p>'
    )
    rows = [
        {
            "node": name,
            "state": node.origin or WORDS.get(node.status, node.status),
            "seconds": node.seconds,
            "value": value_line(node),
        }
        for name, node in named_nodes(run)
    ]
    reason = f'<p style="color: {BAD}">{html.escape(run.reason)}</p>' if run.reason else ""
    failed = next((node for node in run.nodes.values() if node.error is not None), None)
    error = "" if failed is None or failed.error is None else _error(failed.error)
    return f"{head}{reason}{html_table(rows, _COLUMNS, limit=100)}{error}"


def named_nodes(run: Run) -> list[tuple[str, NodeRun]]:
    """Return the nodes with their labels (ids where two have the same label)."""
    return list(zip(run.state, run.nodes.values(), strict=True))


def value_line(node: NodeRun) -> str:
    """Return what a node gave, why it failed or why it did not run, in one line."""
    if node.status == "completed":
        return preview_line(node.output) if node.has_value else node.message
    if node.question is not None:
        return node.question.text
    return node.message or node.reason


def seconds_of(run: Run) -> float | None:
    """Return how long a run took; None while it has not ended."""
    events = run.events()
    if not events or events[-1].kind != "run" or events[-1].state not in TERMINAL:
        return None
    return (events[-1].ts - events[0].ts).total_seconds()


def waterfall_bars(run: Run) -> list[WaterfallBar]:
    """Return when each node worked and waited, in the order of the nodes; until now if it still does."""
    events = run.events()
    if not events:
        return []
    begin = events[0].ts
    names = {node.id: name for name, node in named_nodes(run)}
    open_: dict[str, tuple[str, float]] = {}
    bars: dict[str, list[WaterfallBar]] = {node_id: [] for node_id in names}

    def close(node_id: str, state: str, end: float) -> None:
        if node_id in open_:
            opened, start = open_.pop(node_id)
            shown = opened if opened == "waiting" else state
            bars[node_id].append(WaterfallBar(names[node_id], shown, start, end))

    for event in events:
        if event.node not in names or event.kind not in ("node", "waiting"):
            continue
        moment = (event.ts - begin).total_seconds()
        match event.kind, event.state:
            case "node", "running":
                open_[event.node] = ("running", moment)
            case "node", "retrying":
                close(event.node, "failed", moment)
            case "node", "iterated":
                close(event.node, "completed", moment)
            case "node", state:
                close(event.node, state, moment)
            case "waiting", "asked":
                close(event.node, "completed", moment)
                open_[event.node] = ("waiting", moment)
            case _:
                close(event.node, "waiting", moment)
                open_[event.node] = ("running", moment)
    last = (events[-1].ts - begin).total_seconds()
    for node_id in list(open_):
        close(node_id, "running", last)
    return [bar for each in bars.values() for bar in each]


def _error(error: BaseException) -> str:
    content: dict[str, Any] = error_content(error)
    name, text = content["type"], preview_line(content["message"], 500)
    words = html.escape(f"{name}: {text}" if text else name)
    frames = content["frames"]
    place = ""
    if frames:
        frame = frames[0]
        named = html.escape(f"{frame['place']}, line {frame['line']}, {frame['name']}")
        source = "\n".join(
            f"{'>' if number == frame['line'] else ' '} {number:>4}  {line}"
            for number, line in frame["lines"]
        )
        place = f'<p style="color: {MUTED}">{named}</p><pre>{html.escape(source)}</pre>'
    return f'<p style="color: {BAD}"><b>{words}</b></p>{place}'
