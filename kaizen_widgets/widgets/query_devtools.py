"""Every entry of a query cache, live: what it is doing, who watches, how old it is, what it holds.

A VBox of ipywidgets. It draws at most once in a tenth of a second, however much happens, and sends only
what changed. What is named like a secret is hidden.
"""

from __future__ import annotations

import html
import logging
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.query import Query, QueryClient
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.markup import ACCENT, BAD, GOOD, LINE, MONO, MUTED, WARN, hint
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.previews import as_text, brief
from kaizen_widgets.widgets.throttle import Throttle

logger = logging.getLogger(__name__)

AGES_EVERY: Final = 5.0
"""Seconds after which ages are looked at again."""
ROWS: Final = 500
"""How many entries the list shows; the field above narrows them down."""

STATES: Final = {
    "fetching": ACCENT,
    "paused": "var(--jp-info-color0, #7b1fa2)",
    "error": BAD,
    "stale": WARN,
    "fresh": GOOD,
    "inactive": MUTED,
}
"""What an entry is doing, and its colour; the first that holds."""


class QueryDevtools(Panel):
    """Look into a client's cache, and act on it.

    Args:
        client: Whose; ``studio.query_client``, say.
        clock: Time and timers; the client's by default.
        rows: Height of the list, in rows.

    Raises:
        TypeError: ``client`` is none.
    """

    _closed = True  # until it is made; ipywidgets closes also what was refused

    def __init__(self, client: QueryClient, *, clock: Clock | None = None, rows: int = 8) -> None:
        if not isinstance(client, QueryClient):
            raise TypeError(f"QueryDevtools need a QueryClient, not {type(client).__name__}.")
        self.client = client
        self._clock = clock or client.environment.clock
        self._lock = threading.Lock()
        self._tick: Timer | None = None
        self._closed = False
        self._choosing = False
        self._drawing = Notifier(lambda error: logger.error("The devtools failed", exc_info=error))
        self._pace = Throttle(lambda: self._drawing.post(self._draw), self._clock)
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
            tooltip="Pretend that there is no network: fetches and changes wait",
            layout=ipw.Layout(width="auto"),
        )
        self.entries = ipw.Select(rows=rows, layout=ipw.Layout(width="auto"))
        self.entries.add_class("kaizen-queries")
        self.detail = ipw.HTML(layout=ipw.Layout(max_height="320px", overflow="auto"))
        self.buttons = [
            ipw.Button(description=name, icon=icon, tooltip=tip, layout=ipw.Layout(width="auto"))
            for name, icon, tip in _ACTIONS
        ]
        for button in self.buttons:
            button.on_click(lambda pressed: self._act(pressed.description))
        head = ipw.HBox([self.summary, self.filter, self.offline], layout=wrapping())
        actions = ipw.HBox(self.buttons, layout=wrapping())
        super().__init__([ipw.HTML(_STYLE), head, self.entries, actions, self.detail])
        self.filter.observe(lambda _change: self._pace.changed(), names="value")
        self.entries.observe(self._chosen, names="value")
        self.offline.observe(self._switch, names="value")
        self._ends = [
            client.query_cache.subscribe(lambda _event: self._pace.changed()),
            client.mutation_cache.subscribe(lambda _mutation: self._pace.changed()),
            client.online.subscribe(self._network),
        ]
        client.mount()
        self._ends.append(client.unmount)
        self._draw()
        self._wait_for_ages()

    def close(self) -> None:
        """Close the panel and stop listening; the cache stays as it is."""
        if self._closed:
            return
        with self._lock:
            self._closed = True
            if self._tick is not None:
                self._tick.cancel()
        self._pace.close()
        for end in self._ends:
            end()
        super().close()

    # ------------------------------------------------------------------ time

    def _wait_for_ages(self) -> None:
        def tick() -> None:
            self._pace.changed()
            self._wait_for_ages()

        with self._lock:
            if not self._closed:
                self._tick = self._clock.call_later(AGES_EVERY, tick)

    # --------------------------------------------------------------- drawing

    def _draw(self) -> None:
        if self._closed:
            return
        with self.client.environment.notifier.locked():
            queries = self.client.query_cache.get_all()
            wanted = self.filter.value.strip().lower()
            found = [query for query in queries if wanted in query.hash.lower()]
            options = [(self._label(query), query.hash) for query in found[:ROWS]]
            summary = self._summary(queries, len(found))
        self.summary.value = summary
        chosen = self.entries.value
        if tuple(options) != self.entries.options:
            hashes = [key_hash for _, key_hash in options]
            self._choosing = True
            try:
                # The list and the choice travel together, so that it does not jump.
                with self.entries.hold_sync():
                    self.entries.options = options
                    self.entries.index = hashes.index(chosen) if chosen in hashes else None
            finally:
                self._choosing = False
        self._draw_detail()

    def _label(self, query: Query) -> str:
        state = query.state
        age = self._age(state.data_updated_at)
        watchers = len(query.observers)
        return f"● {state_of(query):<9}{watchers:>3} {age:>7}  {brief(query.hash, 160)}"

    def _age(self, at: float) -> str:
        if not at:
            return "never"
        seconds = max(self._clock.now().timestamp() - at, 0.0)
        for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
            if seconds >= size:
                return f"{int(seconds // size)} {unit}"
        return f"{int(seconds)} s"

    def _summary(self, queries: Sequence[Query], found: int) -> str:
        doing = Counter(map(state_of, queries))
        changes = [one for one in self.client.mutation_cache.get_all() if one.status == "pending"]
        paused = sum(one.state.is_paused for one in changes)
        words = [f"<b>{len(queries)} {'query' if len(queries) == 1 else 'queries'}</b>"]
        words += [
            f'<span style="color: {color}">{doing[name]} {name}</span>'
            for name, color in STATES.items()
            if doing[name]
        ]
        if changes:
            waiting = f" ({paused} waiting)" if paused else ""
            words.append(
                f"{len(changes)} change{'s' if len(changes) > 1 else ''} under way{waiting}"
            )
        if found > ROWS:
            words.append(f"the first {ROWS} of {found} shown")
        return f'<span role="status">{" · ".join(words)}</span>'

    def _draw_detail(self) -> None:
        query = self._selected()
        for button in self.buttons:
            button.disabled = query is None
        if query is None:
            empty = not self.entries.options
            text = "No queries yet." if empty else "Select an entry to see its data and options."
            self.detail.value = hint(text)
        else:
            self.detail.value = self._describe(query)

    def _describe(self, query: Query) -> str:
        state, options = query.state, query.options
        facts = {
            "key": query.hash,
            "status": f"{state.status}, {state.fetch_status}",
            "updated": f"{self._age(state.data_updated_at)} ago"
            if state.data_updated_at
            else "never",
            "watched by": f"{len(query.observers)} observers",
            "updates": f"{state.data_update_count} good, {state.error_update_count} failed",
            "error": "" if state.error is None else str(state.error) or type(state.error).__name__,
            "options": ", ".join(
                f"{name}={getattr(value, '__name__', None) or brief(value, 80)}"
                for name, value in vars(options).items()
                if value is not None and value is not UNSET and name not in _NOT_SHOWN
            ),
        }
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left; vertical-align: top; padding: 2px 10px '
            f'2px 0; color: {MUTED}; font-weight: normal; white-space: nowrap">{name}</th>'
            f'<td style="padding: 2px 0; {MONO}; overflow-wrap: anywhere">'
            f"{html.escape(text)}</td></tr>"
            for name, text in facts.items()
            if text
        )
        data = "no data" if state.data is UNSET else as_text(state.data)
        return (
            f'<table style="line-height: 1.4">{rows}</table>'
            f'<pre style="{MONO}; border-top: 1px solid {LINE}; margin: 4px 0; padding: 6px 0; '
            f'overflow-wrap: anywhere">{html.escape(data)}</pre>'
        )

    # ---------------------------------------------------------------- acting

    def _selected(self) -> Query | None:
        return next(
            (one for one in self.client.query_cache.get_all() if one.hash == self.entries.value),
            None,
        )

    def _chosen(self, _change: Any) -> None:
        if not self._choosing:
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
        self._pace.changed()

    def _switch(self, change: Any) -> None:
        self.client.online.set_online(not change.new)

    def _network(self, online: bool) -> None:
        self.offline.value = not online
        self._pace.changed()

    def __repr__(self) -> str:
        return "QueryDevtools()"


def state_of(query: Query) -> str:
    """Return what an entry is doing, one of `STATES`."""
    state = query.state
    if state.fetch_status != "idle":
        return state.fetch_status
    if state.status == "error":
        return "error"
    if not query.observers:
        return "inactive"
    return "stale" if query.is_stale else "fresh"


_ACTIONS: Final = (
    ("Refetch", "refresh", "Fetch it again now"),
    ("Invalidate", "clock-o", "Declare it stale; fetched again if somebody watches"),
    ("Reset", "undo", "Go back to the initial state; fetched again if somebody watches"),
    ("Remove", "trash", "Drop it from the cache; who watches keeps what is shown"),
)
_NOT_SHOWN: Final = frozenset(
    {"query_key", "query_fn", "initial_data", "placeholder_data", "select"}
)


def _colours() -> str:
    """Return a rule for each state; ipywidgets keeps an option's text, encoded, as an attribute."""
    return "".join(
        f'.kaizen-queries option[data-value^="%E2%97%8F%20{name}"] {{ color: {color} }}\n'
        for name, color in STATES.items()
    )


_STYLE: Final = f"""<style>
.kaizen-queries select {{ font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  background: var(--jp-layout-color0, #fff); color: inherit }}
{_colours()}</style>"""
