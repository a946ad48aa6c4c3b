"""A hostile document is shown as text (S10, D4)."""

from __future__ import annotations

from tests.browser.hand import Hand
from tests.browser.lab import Lab

MARKUP = "<img src=x onerror='window.owned=1'><script>window.owned=1</script>"
HOSTILE = f"""
from kaizen_widgets import Canvas, Edge, Graph, Node
M = {MARKUP!r}
canvas = Canvas(Graph(
    [Node("group", (0, 0), type="group", data={{"label": M}}, width=700, height=240),
     Node(M, (40, 60), type=M, data={{"label": M, "title": M, "config": {{M: M}}}}, parent_id="group"),
     Node("toString", (360, 60), type="agent", data={{"label": "javascript:window.owned=1"}}),
     Node("hasOwnProperty", (360, 300), type="constructor" + "s", data={{"label": ["no text"]}},
          style={{"backgroundImage": "url(//example.invalid/x)"}}, className=M)],
    [Edge(M, M, "toString", label=M, source_handle=M, target_handle="__x__"),
     Edge("valueOf", "toString", "hasOwnProperty", label=M)],
))
canvas.store.pipeline_name = M
canvas
"""


def test_s10_markup_in_every_field_is_shown_as_text(lab: Lab):
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    lab.open([HOSTILE])
    lab.run_cell(0)
    hand = Hand(lab)
    hand.node("toString").wait_for()
    hand.canvas.get_by_text("onerror").first.wait_for()
    lab.run_python(
        "from kaizen_widgets.errors import GraphError\n"
        "def no(batch, **keys):\n"
        "    raise GraphError(M, hint=M)\n"
        "canvas.store.commit = no"
    )
    hand.drag("hasOwnProperty", 30, 30)
    hand.canvas.locator("[role=alert], .kc-notice").get_by_text("onerror").first.wait_for()
    lab.screenshot("canvas-hostile")
    assert lab.page.evaluate("window.owned") is None
    assert hand.canvas.locator("img, script").count() == 0
    assert not [url for url in asked if "example.invalid" in url]


def test_d4_names_of_object_members_are_ids_like_any_other(lab: Lab):
    lab.open([HOSTILE])
    lab.run_cell(0)
    hand = Hand(lab)
    hand.node("hasOwnProperty").wait_for()
    hand.edge("valueOf").wait_for(state="attached")
    hand.drag("hasOwnProperty", 20, 30)
    lab.wait_for_python("canvas.store.rev", 1)
    assert lab.page.evaluate("({}).polluted") is None
    assert lab.problems == []
