"""The six states of a panel beside plain data: loading, empty, error, offline, stale, no permission.

`panel_state` derives one from a query's result; `state_block` and `state_line` show it as HTML. A panel with
data keeps showing it, whatever happens, and shows the state as a line below it; otherwise it shows a block.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kaizen_widgets.displays.markup import BAD, MUTED, WARN, badge, skeleton
from kaizen_widgets.errors import ForbiddenError, UnauthorizedError
from kaizen_widgets.query import QueryResult

Kind = Literal["ready", "loading", "empty", "error", "offline", "stale", "no permission"]
MAX_TEXT: Final = 400
"""Characters of an error that are shown."""


@dataclass(frozen=True)
class PanelState:
    """A state of a panel.

    Attributes:
        kind: Which one.
        title: What is the case, in a few words; empty when all is well.
        text: What it means and what to do next.
        badge: One or two words for a panel that shows data; empty for none.
        has_data: Whether there is data to show.
        can_retry: Whether fetching again may help.
    """

    kind: Kind
    title: str = ""
    text: str = ""
    badge: str = ""
    has_data: bool = False
    can_retry: bool = False


def panel_state(
    result: QueryResult,
    *,
    noun: str,
    now: datetime,
    refusal: str = "",
    is_online: bool = True,
    waiting: int = 0,
    is_empty: bool = False,
    empty: str = "",
) -> PanelState:
    """Return the state of a panel that shows a query.

    Args:
        result: The query's result.
        noun: What the panel shows, in the plural, such as ``agents``.
        now: The time.
        refusal: Why the user may not see it; empty if they may.
        is_online: Whether there is a network.
        waiting: Changes that wait for the network.
        is_empty: Whether the data is an empty list.
        empty: Sentence for an empty list.
    """
    has_data = result.has_data
    # With data, an error stays until a fetch succeeds: one that is tried again and again would flicker.
    is_failed = result.is_error and (has_data or not result.is_fetching)
    if is_failed and isinstance(result.error, ForbiddenError):
        refusal = refusal or _text(result.error)
    if refusal:
        return PanelState(
            "no permission", f"You may not see {noun}", refusal, "No access", has_data
        )
    if result.is_paused or not is_online:
        return _offline(result, noun, now, waiting)
    if is_failed:
        return _error(result, noun, now)
    if not has_data:
        if result.failure_count:
            retrying = f"{_text(result.failure_reason)} {_tried(result)}; trying again."
            return PanelState("loading", f"Loading {noun}", retrying)
        return PanelState("loading", f"Loading {noun}")
    if is_empty:
        return PanelState("empty", f"No {noun} yet", empty, has_data=True)
    if result.is_stale:
        doing = "Fetching again; nothing moves until it differs." if result.is_fetching else ""
        age = _age(result, now)
        return PanelState("stale", "", doing, f"{age} old" if age else "Out of date", True, True)
    return PanelState("ready", has_data=True, can_retry=True)


def state_block(state: PanelState) -> str:
    """Return the HTML shown instead of data; empty if the state is shown with the data."""
    if state.kind == "loading":
        note = f'<p style="color: {MUTED}">{html.escape(state.text)}</p>' if state.text else ""
        return skeleton() + note
    if not state.title:
        return ""
    role = "alert" if state.kind == "error" else "status"
    color = {"error": BAD, "offline": WARN}.get(state.kind, MUTED)
    icon = {"error": "exclamation-circle", "offline": "unlink", "no permission": "lock"}.get(
        state.kind, "inbox"
    )
    return (
        f'<div role="{role}" style="text-align: center; padding: 16px 12px; line-height: 1.5">'
        f'<i class="fa fa-{icon}" aria-hidden="true" style="color: {color}; font-size: 16px"></i>'
        f'<div style="font-weight: 600; overflow-wrap: anywhere">{html.escape(state.title)}</div>'
        f'<div style="color: {MUTED}; overflow-wrap: anywhere">{html.escape(state.text)}</div></div>'
    )


def state_line(state: PanelState) -> str:
    """Return the HTML of a line below the data; empty when all is well."""
    if state.kind in ("ready", "empty", "loading"):
        return ""
    color = {"error": BAD, "offline": WARN, "no permission": WARN}.get(state.kind, MUTED)
    text = " ".join(part for part in (state.title, state.text) if part)
    role = "alert" if state.kind == "error" else "status"
    return (
        f'<span role="{role}">{badge(state.badge, color)} '
        f'<span style="color: {MUTED}; overflow-wrap: anywhere">{html.escape(text)}</span></span>'
    )


def _offline(result: QueryResult, noun: str, now: datetime, waiting: int) -> PanelState:
    changes = {0: "", 1: " 1 change waits."}.get(waiting, f" {waiting} changes wait.")
    if result.has_data:
        age = _age(result, now)
        seen = f"Seen {age} ago;" if age else "Seen just now;"
        text = f"{seen} fetched again when the network is back.{changes}"
        return PanelState("offline", "", text, "Offline", True)
    text = f"{noun[:1].upper()}{noun[1:]} are fetched when the network is back.{changes}"
    return PanelState("offline", "You are offline", text, "Offline")


def _error(result: QueryResult, noun: str, now: datetime) -> PanelState:
    tried = "Trying again" if result.is_fetching else _tried(result)
    text = f"{_text(result.error)} {tried}."
    if isinstance(result.error, UnauthorizedError):
        text = _text(result.error)
    if result.has_data:
        age = _age(result, now)
        kept = f"These {noun} are {age} old." if age else f"These {noun} were fetched just before."
        return PanelState(
            "error", f"{kept} They could not be fetched again:", text, "Error", True, True
        )
    return PanelState("error", f"The {noun} could not be read", text, "Error", False, True)


def _tried(result: QueryResult) -> str:
    count = max(result.failure_count, 1)
    return "Tried once" if count == 1 else f"Tried {count} times"


def _text(error: BaseException | None) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return text if text[-1] in ".!?…" else f"{text}."


def _age(result: QueryResult, now: datetime) -> str:
    """Return the age of the data in words; empty below a minute."""
    if result.updated_at is None:
        return ""
    minutes = int((now - result.updated_at).total_seconds() // 60)
    if minutes < 1:
        return ""
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
