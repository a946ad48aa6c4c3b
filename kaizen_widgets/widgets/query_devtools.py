"""QueryDevtools lists the entries of a query cache, live: state, observers, age and data of each.

A VBox of ipywidgets. It draws at most ten times a second and sends only what changed. Values whose names
look like secrets are hidden.
"""

from __future__ import annotations

import html
import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.displays.markup import ACCENT, BAD, GOOD, LINE, MONO, MUTED, WARN, hint, note
from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.query import Query, QueryClient
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.throttle import Throttle
from kaizen_widgets.widgets.value_tree import ValueTree

logger = logging.getLogger(__name__)

AGES_EVERY: Final = 5.0
"""Seconds between two updates of the ages."""
ROWS: Final = 500
"""Most entries that the list shows; the filter narrows them down."""

STATES: Final = {
    "fetching": ACCENT,
    "paused": "var(--jp-info-color0, #7b1fa2)",
    "error": BAD,
    "stale": WARN,
    "fresh": GOOD,
    "inactive": MUTED,
}
"""States of an entry with their colors; the first that applies is shown."""


class QueryDevtools(Panel):
    """Shows a client's cache, with buttons that act on its entries.

    Args:
        client: Query client whose cache is shown, such as ``studio.query_client``.
        clock: Source of time; by default the client's.
        rows: Height of the list, in rows.

    Raises:
        TypeError: ``client`` is not a query client.
    """

    _is_closed = (
        True  # until the end of __init__; ipywidgets also closes a panel whose __init__ raised
    )

    def __init__(self, client: QueryClient, *, clock: Clock | None = None, rows: int = 8) -> None:
        if not isinstance(client, QueryClient):
            raise TypeError(f"QueryDevtools need a QueryClient, not {type(client).__name__}.")
        self.client = client
        self._clock = clock or client.environment.clock
        self._lock = threading.Lock()
        self._tick: Timer | None = None
        self._is_closed = False
        self._is_updating = False
        self._drawing = Notifier(lambda error: logger.error("The devtools failed", exc_info=error))
        self._throttle = Throttle(lambda: self._drawing.post(self._draw), self._clock)
        self.summary = ipw.HTML(layout=ipw.Layout(flex="1 1 200px"))
        self.filter = ipw.Text(
            placeholder="Filter by key",
            continuous_update=True,
            layout=ipw.Layout(width="180px"),
        )
        self.offline = ipw.ToggleButton(
            description="Offline",
            icon="plane",
            value=not client.online.is_online,
            tooltip=(
                "Set the client offline: fetches and mutations wait, but with network_mode offlineFirst "
                "only their retries do"
            ),
            layout=ipw.Layout(width="auto"),
        )
        # The description names the list for screen readers; it is not drawn (see _STYLE).
        self.entries = ipw.Select(description="Queries", rows=rows, layout=ipw.Layout(width="auto"))
        self.entries.add_class("kaizen-queries")
        self.detail = ipw.HTML()
        self.data = ValueTree(empty="No data yet.")
        self.data.layout.display = "none"
        self.offline_note = ipw.HTML()
        inspector = ipw.VBox(
            [self.detail, self.data], layout=ipw.Layout(max_height="420px", overflow="auto")
        )
        self.buttons = [
            ipw.Button(description=name, icon=icon, tooltip=tip, layout=ipw.Layout(width="auto"))
            for name, icon, tip in _ACTIONS
        ]
        for button in self.buttons:
            button.on_click(lambda pressed: self._act(pressed.description))
        head = ipw.HBox([self.summary, self.filter, self.offline], layout=wrapping())
        actions = ipw.HBox(self.buttons, layout=wrapping())
        super().__init__(
            [ipw.HTML(_STYLE), head, self.offline_note, self.entries, actions, inspector]
        )
        self.filter.observe(lambda _change: self._throttle.changed(), names="value")
        self.entries.observe(self._on_select, names="value")
        self.offline.observe(self._on_offline, names="value")
        self._unsubscribes = [
            client.query_cache.subscribe(lambda _event: self._throttle.changed()),
            client.mutation_cache.subscribe(lambda _mutation: self._throttle.changed()),
            client.online.subscribe(self._on_online),
        ]
        client.mount()
        self._unsubscribes.append(client.unmount)
        self._draw()
        self._schedule_tick()

    def close(self) -> None:
        """Close the panel and unsubscribe; the cache is not changed."""
        if self._is_closed:
            return
        with self._lock:
            self._is_closed = True
            if self._tick is not None:
                self._tick.cancel()
        self._throttle.close()
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        super().close()

    # ------------------------------------------------------------------ time

    def _schedule_tick(self) -> None:
        def tick() -> None:
            self._throttle.changed()
            self._schedule_tick()

        with self._lock:
            if not self._is_closed:
                self._tick = self._clock.call_later(AGES_EVERY, tick)

    # --------------------------------------------------------------- drawing

    def _draw(self) -> None:
        if self._is_closed:
            return
        with self.client.environment.notifier.locked():
            queries = self.client.query_cache.get_all()
            wanted = self.filter.value.strip().lower()
            found = [query for query in queries if wanted in query.hash.lower()]
            options = [(self._label(query), query.hash) for query in found[:ROWS]]
            summary = self._summary(queries, len(found))
            offline = self._offline_text(queries)
        self.summary.value = summary
        if self.offline_note.value != offline:
            self.offline_note.value = offline
        chosen = self.entries.value
        if tuple(options) != self.entries.options:
            hashes = [key_hash for _, key_hash in options]
            self._is_updating = True
            try:
                # List and selection are sent together, so that the selection does not jump.
                with self.entries.hold_sync():
                    self.entries.options = options
                    self.entries.index = hashes.index(chosen) if chosen in hashes else None
            finally:
                self._is_updating = False
        self._draw_detail()

    def _label(self, query: Query) -> str:
        state = query.state
        age = self._age(state.data_updated_at)
        watchers = len(query.observers)
        return f"● {state_of(query):<9}{watchers:>3} {age:>7}  {preview_line(query.hash, 160)}"

    def _age(self, at: float) -> str:
        if not at:
            return "never"
        seconds = max(self._clock.now().timestamp() - at, 0.0)
        for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
            if seconds >= size:
                return f"{int(seconds // size)} {unit}"
        return f"{int(seconds)} s"

    def _summary(self, queries: Sequence[Query], found: int) -> str:
        states = Counter(map(state_of, queries))
        pending = [
            each for each in self.client.mutation_cache.get_all() if each.status == "pending"
        ]
        paused = sum(each.state.is_paused for each in pending)
        words = [f"<b>{len(queries)} {'query' if len(queries) == 1 else 'queries'}</b>"]
        words += [
            f'<span style="color: {color}">{states[name]} {name}</span>'
            for name, color in STATES.items()
            if states[name]
        ]
        if not self.client.online.is_online:
            words.insert(0, f'<span style="color: {WARN}"><b>offline</b></span>')
        if pending:
            waiting = f" ({paused} paused)" if paused else ""
            words.append(
                f"{len(pending)} mutation{'s' if len(pending) > 1 else ''} pending{waiting}"
            )
        if found > ROWS:
            words.append(f"the first {ROWS} of {found} shown")
        return f'<span role="status">{" · ".join(words)}</span>'

    def _offline_text(self, queries: Sequence[Query]) -> str:
        """Return what being offline means for these queries, as HTML; empty while online."""
        if self.client.online.is_online:
            return ""
        modes = Counter(str(query.options.network_mode) for query in queries)
        first, always = modes["offlineFirst"], modes["always"]
        parts = ["Offline: fetches and mutations wait for the network."]
        if first:
            parts.append(
                f"{first} of {len(queries)} queries are fetched once all the same, because their "
                f"network_mode is offlineFirst; only their retries wait."
            )
        if always:
            parts.append(f"{always} are fetched as if online, because theirs is always.")
        return note(" ".join(parts))

    def _draw_detail(self) -> None:
        query = self._selected()
        for button in self.buttons:
            button.disabled = query is None
        if query is None:
            empty = not self.entries.options
            text = "No queries yet." if empty else "Select a query to see its data and options."
            self.detail.value = hint(text)
            self.data.layout.display = "none"
        else:
            self.detail.value = self._describe(query)
            self._show_data(query.state.data)

    def _show_data(self, data: Any) -> None:
        self.data.layout.display = ""
        if data is UNSET:
            self.data.clear()
        else:
            self.data.show(data)

    def _describe(self, query: Query) -> str:
        state, options = query.state, query.options
        facts = {
            "key": query.hash,
            "status": f"{state.status}, {state.fetch_status}",
            "updated": f"{self._age(state.data_updated_at)} ago"
            if state.data_updated_at
            else "never",
            "observers": str(len(query.observers)),
            "updates": f"{state.data_update_count} successful, {state.error_update_count} failed",
            "error": "" if state.error is None else str(state.error) or type(state.error).__name__,
        }
        named = {
            name: getattr(value, "__name__", None) or preview_line(value, 80)
            for name, value in vars(options).items()
            if value is not None and value is not UNSET and name not in _HIDDEN_OPTIONS
        }
        return f"{_table('State', facts)}{_table('Options', named)}"

    # ---------------------------------------------------------------- acting

    def _selected(self) -> Query | None:
        return next(
            (each for each in self.client.query_cache.get_all() if each.hash == self.entries.value),
            None,
        )

    def _on_select(self, _change: Any) -> None:
        if not self._is_updating:
            self._drawing.post(self._draw_detail)

    def _act(self, name: str) -> None:
        query = self._selected()
        if query is None:
            return
        match name:
            case "Refetch":
                query.fetch(cancel_refetch=True)
            case "Invalidate":
                self.client.invalidate_queries(query.key, exact=True)
            case "Reset":
                self.client.reset_queries(query.key, exact=True)
            case "Remove":
                self.client.query_cache.remove(query)
        self._throttle.changed()

    def _on_offline(self, change: Any) -> None:
        self.client.online.set_online(not change.new)

    def _on_online(self, online: bool) -> None:
        self.offline.value = not online
        self._throttle.changed()

    def __repr__(self) -> str:
        return "QueryDevtools()"


def state_of(query: Query) -> str:
    """Return the state of an entry, one of `STATES`."""
    state = query.state
    if state.fetch_status != "idle":
        return state.fetch_status
    if state.status == "error":
        return "error"
    if not query.observers:
        return "inactive"
    return "stale" if query.is_stale else "fresh"


def _table(caption: str, facts: Mapping[str, str]) -> str:
    """Return facts by name as a table; empty ones are left out."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left; vertical-align: top; padding: 2px 12px '
        f'2px 0; color: {MUTED}; font-weight: normal; white-space: nowrap">{html.escape(name)}</th>'
        f'<td style="padding: 2px 0; width: 100%; {MONO}; overflow-wrap: anywhere">'
        f"{html.escape(text)}</td></tr>"
        for name, text in facts.items()
        if text
    )
    return (
        f'<table style="line-height: 1.4; margin: 4px 0; border-bottom: 1px solid {LINE}; width: 100%">'
        f'<caption style="text-align: left; font-weight: 600">{caption}</caption>{rows}</table>'
        if rows
        else ""
    )


_ACTIONS: Final = (
    ("Refetch", "refresh", "Fetch it again now"),
    ("Invalidate", "clock-o", "Mark it as stale; it is fetched again if it has observers"),
    ("Reset", "undo", "Return to the initial state; it is fetched again if it has observers"),
    ("Remove", "trash", "Drop it from the cache; observers keep their last result"),
)
_HIDDEN_OPTIONS: Final = frozenset(
    {"query_key", "query_fn", "initial_data", "placeholder_data", "select"}
)


def _color_rules() -> str:
    """Return a CSS rule for each state; ipywidgets has an option's text, URL-encoded, as an attribute."""
    return "".join(
        f'.kaizen-queries option[data-value^="%E2%97%8F%20{name}"] {{ color: {color} }}\n'
        for name, color in STATES.items()
    )


_STYLE: Final = f"""<style>
.kaizen-queries select {{ font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  background: var(--jp-layout-color0, #fff); color: inherit }}
.kaizen-queries > label {{ clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute;
  width: 1px }}
{_color_rules()}</style>"""
