"""ResultView: every value as what it is, safe and within limits."""

from __future__ import annotations

import base64
import io
import json
import math
import zlib
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.errors import NodeFailedError
from kaizen_widgets.nodes.templates import holds
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets.result_content import result_contents
from kaizen_widgets.widgets.result_view import ResultView
from kaizen_widgets.widgets.safe_html import sanitize_html


def kinds(value: Any) -> list[str]:
    return [content["kind"] for content in result_contents(value)]


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(file, "PNG")
    return file.getvalue()


class Displayed:
    def __init__(self, **methods: Any) -> None:
        for name, result in methods.items():
            setattr(type(self), f"_repr_{name}_", lambda self, result=result: result)


def displayed(**methods: Any) -> Any:
    return type("Own", (Displayed,), {})(**methods)


FRAME = pd.DataFrame({"order": [1042, 1037], "total": [84.0, math.nan], "state": ["a", "b"]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain words", ["text"]),
        ("# Title\n\nwords", ["html", "text"]),
        ("a **bold** word", ["html", "text"]),
        ('{"a": 1}', ["json", "text"]),
        ("{not json", ["text"]),
        (None, ["nothing"]),
        (7, ["text"]),
        ({"a": {"b": [1]}}, ["json"]),
        ([1, 2], ["json"]),
        ([{"a": 1}, {"a": 2}], ["table", "json"]),
        (FRAME, ["table"]),
        (FRAME["total"], ["table"]),
        (png(), ["image"]),
        (Image.new("RGB", (2, 2)), ["image"]),
        (b"\x00\x01", ["text"]),
        (ValueError("no"), ["error"]),
        (displayed(html="<b>x</b>"), ["html"]),
        (displayed(markdown="# x"), ["html"]),
        (displayed(svg="<svg/>"), ["image"]),
        (displayed(html=None), ["text"]),
        (object, ["text"]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_values_are_shown_as_what_they_are(value, expected):
    assert kinds(value) == expected


@pytest.mark.parametrize(
    "evil",
    [
        "# x\n<script>alert(1)</script>",
        "**x** <img src=x onerror=alert(1)>",
        "**x** [click](javascript:alert(1))",
        "**x** [click](data:text/html;base64,PHNjcmlwdD4=)",
    ],
)
def test_markdown_cannot_run_anything(evil):
    markup = result_contents(evil)[0]["html"].lower()
    assert not any(word in markup for word in ("<script", "<img", 'href="javascript', 'href="data'))


def test_images_of_markdown_are_links_that_load_nothing():
    markup = result_contents("**x** ![me](https://evil.example/?secret=1)")[0]["html"]
    assert "<img" not in markup
    assert 'href="https://evil.example/?secret=1"' in markup


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<b onclick=x()>a</b><script>b()</script>", "<b>a</b>"),
        ("<style>body{display:none}</style><p style='position:fixed'>a</p>", "<p>a</p>"),
        ("<iframe src=x></iframe><form><input></form>", ""),
        ("<img src='https://evil.example/x.png'>", "<img>"),
        ("<img src='data:image/svg+xml;base64,PHN2Zy8+'>", "<img>"),
        ("<a href='javascript:x()'>a</a>", '<a rel="noopener noreferrer">a</a>'),
    ],
)
def test_html_of_values_is_sanitized(markup, expected):
    assert sanitize_html(markup) == expected


def test_pictures_inside_html_are_kept():
    source = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    assert source in (sanitize_html(f'<img src="{source}">') or "")


def test_a_data_frame_has_its_rows_and_size():
    (content,) = result_contents(FRAME)
    table = content["table"]
    assert content["fact"] == "2 × 3"
    assert [column["name"] for column in table["columns"]] == ["order", "total", "state"]
    assert table["cells"] == [[1042, 1037], [84.0, None], ["a", "b"]]
    assert content["text"].splitlines()[1] == "1042\t84.0\ta"


def test_the_index_of_a_data_frame_is_its_first_column():
    (content,) = result_contents(FRAME.set_index("state"))
    assert content["table"]["cells"][0] == ["a", "b"]


def test_large_values_are_cut_and_say_so():
    frame = pd.DataFrame({"n": range(5000)})
    (content,) = result_contents(frame)
    assert content["fact"] == "5,000 × 1, the first 1,000 rows shown"
    assert len(content["table"]["keys"]) == 1000
    (text,) = result_contents("x" * 1_000_000)
    assert "first 200,000 shown" in text["fact"]
    assert len(json.dumps(result_contents({"a": list(range(10**6))}))) < 200_000


def test_secrets_are_hidden():
    for value in ({"api_key": "canary"}, [{"api_key": "canary"}], {"a": [{"password": "canary"}]}):
        assert "canary" not in json.dumps(result_contents(value))
        assert "canary" not in preview_line(value)


class Broken:
    def __repr__(self):
        raise SystemExit(3)

    def _repr_html_(self):
        raise ValueError("no")


@pytest.mark.parametrize("value", [Broken(), {"a": Broken()}, [Broken()], "half \ud800"])
def test_values_whose_methods_raise_are_shown(value):
    assert json.dumps(result_contents(value), ensure_ascii=False).encode()
    assert preview_line(value)


# ---------------------------------------------------------------- errors


def order_history():
    table = {"order": 1}
    return table["refunded_at"]


def raised(call: Any) -> BaseException:
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_an_error_shows_the_users_own_line_first():
    content = result_contents(raised(order_history))[0]
    frame = content["frames"][0]
    assert (content["type"], content["message"]) == ("KeyError", "'refunded_at'")
    assert frame["name"] == "order_history"
    assert frame["place"].endswith("test_result_view.py")
    assert (frame["line"], '    return table["refunded_at"]') in frame["lines"]
    assert 3 <= len(frame["lines"]) <= 5


def test_frames_of_libraries_come_after_and_are_named():
    content = result_contents(raised(lambda: FRAME["refunded_at"]))[0]
    assert {frame["package"] for frame in content["others"]} == {"pandas"}
    assert content["frames"][0]["place"].endswith("test_result_view.py")
    assert "KeyError" in content["text"]


def test_the_error_of_a_node_is_shown_in_place_of_ours_and_causes_follow():
    def inner():
        raise ValueError("first")

    def middle():
        try:
            inner()
        except ValueError as error:
            raise TypeError("second") from error

    failed = NodeFailedError('"A" failed: TypeError: second', node_id="a")
    failed.__cause__ = raised(middle)
    content = result_contents(failed)[0]
    assert content["type"] == "TypeError"
    assert [cause["type"] for cause in content["causes"]] == ["ValueError"]


def test_a_syntax_error_shows_its_own_line():
    content = result_contents(raised(lambda: compile("a = (\n1 +", "/somewhere/mine.py", "exec")))[
        0
    ]
    assert content["frames"][0]["place"].endswith("mine.py")


# ----------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("one\ntwo", "one two"),
        ({"text": "There is"}, "text: There is"),
        ({"a": {"b": 1}}, "a: {b: 1}"),
        (FRAME, "2 × 3"),
        ([1, 2, 3], "1, 2, 3"),
        ([{"a": 1}], "1 item"),
        (KeyError("x"), "KeyError: 'x'"),
        (b"abc", "3 bytes"),
        ({}, "{}"),
        (None, ""),
    ],
    ids=repr,
)
def test_a_value_is_a_sentence_in_one_line(value, line):
    assert preview_line(value) == line


# ---------------------------------------------------------------- widget


def test_the_view_shows_values_and_is_cleared():
    with fake_comms():
        view = ResultView()
        assert view.contents[0]["text"] == "No result yet."
        view.show({"a": 1})
        (sent,) = json.loads(zlib.decompress(view._result))
        assert sent["value"] == {"a": 1}
        view.clear("Not run.")
        assert view.contents[0]["text"] == "Not run."
        assert repr(ResultView(None)) == "ResultView(nothing)"


def test_the_error_of_a_condition_says_more_than_the_library_s():
    failed = raised(lambda: holds("'invoice' in txt", {"text": "my invoice"}))
    content = result_contents(failed)[0]
    assert content["type"] == "RunError"
    assert "The condition cannot be evaluated: 'txt' is undefined" in content["message"]
    assert all(frame["place"].endswith("test_result_view.py") for frame in content["frames"])
