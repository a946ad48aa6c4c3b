"""When each node of a run worked, as bars over the time of the run; HTML with everything escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kaizen_widgets.displays.formats import format_seconds
from kaizen_widgets.displays.markup import ACCENT, BAD, GOOD, LINE, MUTED, WARN, hint

MAX_BARS: Final = 200
_COLORS: Final = {"completed": GOOD, "failed": BAD, "running": ACCENT, "waiting": WARN}
_NAME: Final = "flex: 0 0 38%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap"


def waterfall(nodes: Sequence[Mapping[str, Any]], start: str | None, now: datetime) -> str:
    """Return the bars of a run's nodes.

    Args:
        nodes: ``label``, ``status``, ``started`` and ``ended`` (ISO 8601) of each node.
        start: When the run started, in ISO 8601; None before the first run.
        now: Until when the bars of running nodes are drawn.
    """
    if start is None:
        return hint("The time of each node appears here.")
    begin = datetime.fromisoformat(start)
    bars = [bar for node in nodes if (bar := _seconds(node, begin, now)) is not None]
    if not bars:
        return hint("No node has started yet.")
    # A millisecond at least, so that a run of instant nodes can be divided.
    end = max(0.001, *(ended for _, _, ended in bars))
    rows = "".join(_row(*bar, end) for bar in bars[:MAX_BARS])
    left_out = len(bars) - MAX_BARS
    more = hint(f"{left_out:,} more nodes are not drawn.") if left_out > 0 else ""
    ticks = "".join(f"<span>{format_seconds(end * part)}</span>" for part in (0, 0.5, 1))
    return (
        f'<div role="img" aria-label="Time of each node" style="line-height: 26px">{rows}'
        f'<div style="display: flex; color: {MUTED}; font-size: 11px; border-top: 1px solid {LINE}">'
        f'<span style="{_NAME}"></span><span style="flex: 1; display: flex; '
        f'justify-content: space-between">{ticks}</span></div></div>{more}'
    )


def _seconds(
    node: Mapping[str, Any], begin: datetime, now: datetime
) -> tuple[Mapping[str, Any], float, float] | None:
    if not node["started"]:
        return None
    started = datetime.fromisoformat(node["started"])
    ended = datetime.fromisoformat(node["ended"]) if node["ended"] else now
    first = max(0.0, (started - begin).total_seconds())
    return node, first, max(first, (ended - begin).total_seconds())


def _row(node: Mapping[str, Any], first: float, last: float, end: float) -> str:
    color = _COLORS.get(node["status"], MUTED)
    label = html.escape(node["label"])
    words = html.escape(f"{node['label']}: {format_seconds(last - first)}", quote=True)
    return (
        f'<div style="display: flex" title="{words}"><span style="{_NAME}">{label}</span>'
        f'<span style="flex: 1; position: relative"><span style="position: absolute; top: 8px; '
        f"height: 10px; border-radius: 2px; min-width: 3px; background: {color}; "
        f'left: {100 * first / end:.2f}%; width: {100 * (last - first) / end:.2f}%"></span></span></div>'
    )
