"""What a cell shows of a query."""

from __future__ import annotations

import pytest
from IPython.core.formatters import format_display_data

from kaizen_widgets.query import QueryClient
from tests.clients import running_loop


@pytest.fixture
def show():
    """Displays a query of an answer, fetched on a loop of its own: a cell waits for the data."""
    with running_loop("test-display") as loop:
        client = QueryClient(loop=loop, clock=loop)
        client.mount()
        yield _shower(client)
        client.unmount()


def _shower(client):
    def make(answer, **options):
        async def fetch():
            if isinstance(answer, Exception):
                raise answer
            return answer

        query = client.live(query_key=("things", {"of": 1}), query_fn=fetch, retry=False)
        for name, value in options.items():
            setattr(query, name, value)
        return format_display_data(query)[0]

    return make


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ([{"name": "Ann"}], ">Ann</td>"),
        ({"pages": [{"rows": [{"name": "Ann"}]}, {"rows": [{"name": "Bob"}]}]}, ">Bob</td>"),
        ({"name": "Ann"}, ">Ann</td>"),
        ("<b>text", "&lt;b&gt;text"),
        (None, "null"),
        ([], "Nothing here yet."),
        (ValueError("<no"), "&lt;no"),
    ],
    ids=repr,
)
def test_a_query_waits_and_shows_its_data_or_its_error(show, answer, text):
    data = show(answer)
    assert text in data["text/html"]
    assert "things · of=1" in data["text/html"]
    assert data["text/plain"].startswith("LiveQuery(['things', {'of': 1}], ")


def test_the_display_of_a_query_replaces_the_table(show):
    data = show([1, 2], display=lambda data: {"text/html": f"{len(data)} points"})
    assert data["text/html"] == "2 points"


def test_a_display_that_raises_is_said(show, caplog):
    data = show([1], display=lambda data: 1 / 0)
    assert "ZeroDivisionError" in data["text/html"]
    assert "raised" in caplog.text
