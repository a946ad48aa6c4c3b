"""`studio.evaluate`: the pipeline on the canvas, or another variant of it, on a table."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from kaizen_widgets import Studio, patterns
from kaizen_widgets.errors import RunError
from kaizen_widgets.testing import fake_comms

WAIT = 60
ROWS = [{"text": text, "expected": text.upper()} for text in "abc"]


@pytest.fixture
def studio() -> Iterator[Studio]:
    with fake_comms():
        studio = Studio(data=":memory:")
        studio.new("Shout", patterns.sequential(["Agent"]))
        studio.agent("Agent")(lambda text: text.upper())
        yield studio
        studio.close()


def equal(output: str, expected_output: str) -> bool:
    return output == expected_output


def test_pipeline_on_the_canvas_is_evaluated(studio: Studio) -> None:
    done = studio.evaluate(ROWS, [equal]).wait(WAIT)
    assert done.summary.passed == 3
    assert done.name == "Shout 1"
    # Rows are no runs of the canvas.
    assert studio.last_run is None
    assert studio.execution.status == "idle"


def test_two_variants_are_compared(studio: Studio) -> None:
    studio.agent("Quiet")(lambda text: text)
    first = studio.evaluate(ROWS, [equal]).wait(WAIT)
    quiet = patterns.sequential(["Quiet"])
    second = studio.evaluate(ROWS, [equal], graph=quiet, name="quiet").wait(WAIT)
    assert second.compare(first).count("worse") == 3
    assert studio.evaluations.all == (second, first)


def test_function_registered_later_is_another_variant(studio: Studio) -> None:
    first = studio.evaluate(ROWS, [equal]).wait(WAIT)
    studio.agent("Agent")(lambda text: "?")
    second = studio.evaluate(ROWS, [equal]).wait(WAIT)
    first.resume()
    assert [row.output for row in first.wait(WAIT).rows] == ["A", "B", "C"]
    assert [row.output for row in second.rows] == ["?", "?", "?"]


def test_closing_stops_an_evaluation() -> None:
    with fake_comms():
        studio = Studio(data=":memory:")
        studio.new("Shout", patterns.sequential(["Agent"]))

        @studio.agent("Agent")
        async def agent(text: str) -> str:
            await asyncio.Event().wait()
            return text

        running = studio.evaluate(ROWS, [equal])
        studio.close()
        assert running.wait(WAIT).status == "cancelled"


def test_bad_table_is_refused_in_a_sentence(studio: Studio) -> None:
    with pytest.raises(RunError, match="data frame or a list of dicts"):
        studio.evaluate("rows.csv")
    assert studio.evaluations.all == ()
