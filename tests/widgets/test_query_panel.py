"""QueryPanel: what it shows for each state of a query, and what its buttons do."""

import asyncio
import datetime
from dataclasses import dataclass
from typing import Any

import ipywidgets as ipw
import pytest
from pydantic import BaseModel

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.query import QueryOptions
from kaizen_widgets.testing import find
from kaizen_widgets.widgets import QueryPanel
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.result_view import ResultView

pytestmark = pytest.mark.usefixtures("comms")


class Agent(BaseModel):
    name: str
    api_key: str = "k-123"


@pytest.fixture
def serve(client, loop):
    """Make a query whose answers take a second each; the last repeats."""

    def make(*answers, **options):
        left = list(answers)

        async def fetch():
            answer = left.pop(0) if len(left) > 1 else left[0]
            await sleep(loop.clock, 1)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return client.live(
            QueryOptions(query_key=("things",), query_fn=fetch, retry=False), **options
        )

    return make


def shown(panel):
    parts = [panel.state.value, panel.updated.value, panel.message.value]
    for child in panel.body.children:
        if isinstance(child, ipw.HTML):
            parts.append(child.value)
        elif isinstance(child, DataGrid):
            parts += [child.empty] if not child.records else []
            parts += [text for row in child.shown_rows for text in row.values()]
        elif isinstance(child, ResultView):
            parts += [str(content["text"]) for content in child.contents]
        elif isinstance(child, ipw.Output):
            parts.append(str(child.outputs))
    return "\n".join(parts)


def test_panel_shows_loading_then_rows_then_the_time(serve, loop):
    panel = QueryPanel(serve([{"name": "Ann", "age": 7}], stale_time=60))
    assert 'aria-label="Loading"' in shown(panel)
    loop.advance(1)
    assert "Ann" in shown(panel)
    assert "updated" in panel.updated.value
    assert 'aria-label="Loading"' not in shown(panel)
    assert "stale" not in panel.state.value
    loop.advance(61)
    assert "stale" in panel.state.value


def test_refetch_keeps_the_data_under_a_progress_line(serve, loop):
    panel = QueryPanel(serve("one", "two"))
    loop.advance(1)
    panel.refresh_button.click()
    assert "kaizen-slide" in panel.bar.value.split("</style>")[1]
    assert "one" in shown(panel)
    assert panel.refresh_button.icon == "refresh spin"
    loop.advance(1)
    assert "two" in shown(panel)
    assert "kaizen-slide" not in panel.bar.value.split("</style>")[1]


def test_refresh_button_joins_a_running_fetch(client, loop):
    calls = []

    async def fetch():
        calls.append(1)
        await sleep(loop.clock, 1)

    panel = QueryPanel(client.live(query_key=("a",), query_fn=fetch))
    loop.advance(1)
    for _ in range(3):
        panel.refresh_button.click()
    loop.advance(1)
    assert len(calls) == 2


def test_error_shows_its_message_and_a_retry_button(serve, loop):
    panel = QueryPanel(serve(ValueError("<b>no</b>"), "fine"))
    assert panel.problem.layout.display == "none"
    loop.advance(1)
    assert panel.problem.layout.display == "flex"
    assert "&lt;b&gt;no&lt;/b&gt;" in panel.message.value
    find(panel, ipw.Button, description="Retry").click()
    loop.advance(1)
    assert "fine" in shown(panel)
    assert panel.problem.layout.display == "none"


def test_error_of_a_refetch_keeps_the_data(serve, loop):
    panel = QueryPanel(serve("one", ValueError("away")))
    loop.advance(1)
    panel.refresh_button.click()
    loop.advance(1)
    assert "one" in shown(panel)
    assert "away" in panel.message.value


def test_failed_attempt_is_shown_while_it_is_retried(serve, loop):
    panel = QueryPanel(serve(ValueError("away"), "fine", retry=1, retry_delay=5))
    loop.advance(1)
    assert "failed 1x, retrying" in panel.state.value
    loop.advance(6)
    assert "retrying" not in panel.state.value


def test_panel_says_that_it_is_offline_and_continues_online(serve, client, loop):
    client.online.set_online(False)
    panel = QueryPanel(serve("one"))
    loop.settle()
    assert "offline" in panel.state.value
    assert "You are offline" in shown(panel)
    client.online.set_online(True)
    loop.advance(1)
    assert "one" in shown(panel)


def test_disabled_query_says_how_to_fetch_it(serve, loop):
    panel = QueryPanel(serve("one", enabled=False))
    assert "press Refresh" in shown(panel)
    panel.refresh_button.click()
    loop.advance(1)
    assert "one" in shown(panel)


def test_panels_of_one_key_share_one_fetch(client, loop):
    calls = []

    async def fetch():
        calls.append(1)
        return "x"

    panels = [QueryPanel(client.live(query_key=("a",), query_fn=fetch)) for _ in range(2)]
    loop.settle()
    assert len(calls) == 1
    assert all("x" in shown(panel) for panel in panels)


def test_closed_panel_unsubscribes_and_unmounts_the_client(serve, client, loop):
    panel = QueryPanel(serve("one"))
    loop.advance(1)
    panel.close()
    panel.close()
    assert client.query_cache.get(("things",)).observers == []
    assert client.mount_count == 0


def test_updates_create_no_further_widgets(serve, loop, comms):
    panel = QueryPanel(serve([1], [2], [3]))
    loop.advance(1)
    before = len(comms)
    for _ in range(3):
        panel.refresh_button.click()
        loop.advance(1)
    assert len(comms) == before


@pytest.mark.parametrize(
    ("data", "there"),
    [
        ([{"a": "<script>x</script>"}], "<script>x</script>"),
        ([], "Nothing here yet."),
        (None, "No data."),
        ([1, "two", None], "two"),
        ({"a": {"b": [1]}}, "b: [1]"),
        ({"median": 0.2214339999999999}, "0.221"),
        ([Agent(name="Ann")], "[hidden]"),
        (Agent(name="Ann"), "[hidden]"),
        ([{"n": index} for index in range(60)], "59"),
        (datetime.date(2026, 1, 2), "datetime.date"),
        ("x" * 300, "x" * 300),
        ({"pages": [{"rows": [{"name": "Ann"}]}, {"rows": [{"name": "Bob"}]}]}, "Bob"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_data_of_any_kind_is_shown(serve, loop, data, there):
    panel = QueryPanel(serve(data))
    loop.advance(1)
    assert there in shown(panel)
    assert "k-123" not in shown(panel)


def test_columns_can_be_chosen(serve, loop):
    panel = QueryPanel(serve([{"a": 1, "b": 2, "c": 3}]), columns=["c", "a"])
    loop.advance(1)
    assert list(panel.grid.shown_rows[0]) == ["c", "a"]


def test_selection_of_the_table_survives_a_refetch(serve, loop):
    first, second = {"id": "a", "n": 1}, {"id": "b", "n": 2}
    panel = QueryPanel(serve([first, second], [{**first, "n": 3}, second]))
    loop.advance(1)
    panel.grid.selected = ("a",)
    panel.refresh_button.click()
    loop.advance(1)
    assert panel.grid.selected_records == ({"id": "a", "n": 3},)


def test_further_pages_are_fetched_on_demand(client, loop, comms):
    async def fetch(context):
        return {"rows": [{"id": context.page_param}]}

    observer = client.observe_infinite(
        query_key=("pages",),
        query_fn=fetch,
        initial_page_param=0,
        get_next_page_param=lambda _page, pages, *_: len(pages) if len(pages) < 3 else None,
    )
    panel = QueryPanel(observer)
    loop.settle()
    assert panel.grid.has_more
    for _ in range(2):
        comms.of(panel.grid).deliver_custom({"kind": "more"})
        loop.settle()
    assert [record["id"] for record in panel.grid.records] == [0, 1, 2]
    assert not panel.grid.has_more


def test_view_table_uses_itables_where_it_is_installed(serve, loop, monkeypatch):
    panel = QueryPanel(serve([{"name": "Ann", "age": 7}], [{"name": "Bob", "age": 8}]), "table")
    loop.advance(1)
    (table,) = panel.body.children
    assert type(table).__module__.startswith("itables")
    panel.refresh_button.click()
    loop.advance(1)
    assert panel.body.children == (table,)
    monkeypatch.setattr("kaizen_widgets.widgets.query_panel.has_itables", lambda: False)
    panel = QueryPanel(serve([{"name": "Ann"}]), "table")
    loop.advance(1)
    (box,) = panel.body.children
    assert isinstance(box, ipw.VBox)
    assert "kaizen-widgets[tables]" in find(box, ipw.HTML).value
    assert find(box, DataGrid).shown_rows == [{"name": "Ann"}]


def test_view_may_return_a_widget_a_text_or_any_value(serve, loop):
    @dataclass
    class Chart:
        n: int

        def _repr_html_(self):
            return f"<svg>{self.n}</svg>"

    slider = ipw.IntSlider()
    for view, check in (
        (lambda data: slider, lambda child: child is slider),
        (lambda data: f"<{data}>", lambda child: "&lt;7&gt;" in child.value),
        (Chart, lambda child: "<svg>7</svg>" in str(child.outputs)),
    ):
        panel = QueryPanel(serve(7, stale_time=60), view=view)
        loop.advance(1)
        (child,) = panel.body.children
        assert check(child)


def test_view_that_raises_shows_its_error(serve, loop):
    panel = QueryPanel(serve(0, 4), view=lambda data: str(8 / data))
    loop.advance(1)
    assert "ZeroDivisionError" in shown(panel)
    panel.refresh_button.click()
    loop.advance(1)
    assert "2.0" in shown(panel)


def test_view_is_called_only_when_the_data_changed(serve, loop):
    asked = []
    panel = QueryPanel(serve([1]), view=lambda data: asked.append(data) or "x")
    loop.advance(1)
    panel.refresh_button.click()
    loop.advance(1)
    assert asked == [[1]]


def test_view_may_use_the_query_it_shows(serve, client, loop):
    def view(data):
        if data == "one":
            client.set_query_data(("things",), "two")
        return data

    panel = QueryPanel(serve("one"), view=view)
    loop.advance(1)
    assert "two" in shown(panel)


def test_panel_refuses_what_is_not_a_query_or_a_view(serve):
    not_a_query: Any = "agents"
    with pytest.raises(TypeError, match="shows a query, not str"):
        QueryPanel(not_a_query)
    not_a_view: Any = "chart"
    with pytest.raises(TypeError, match="view must be a function"):
        QueryPanel(serve(1), not_a_view)


def test_repr_names_the_query(serve):
    assert repr(QueryPanel(serve(1))) == "QueryPanel(['things'])"


def test_panel_updates_from_the_background_loop():
    from kaizen_widgets.core.background import BackgroundLoop
    from kaizen_widgets.query import QueryClient

    loop = BackgroundLoop("test-panel")
    query = QueryClient(loop=loop).live(query_key=("a",), query_fn=lambda: asyncio.sleep(0, "x"))
    panel = QueryPanel(query)
    query.wait(30)
    loop.close()
    panel.refresh()
    assert "x" in shown(panel)
