"""What the buttons above selected nodes do in a studio: run a part, pin, accept, and answer questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kaizen_widgets.errors import RunError

if TYPE_CHECKING:
    from kaizen_widgets.engines import NodeRun
    from kaizen_widgets.studio.studio import Studio


def connect_node_buttons(studio: Studio) -> None:
    """Give the buttons above the selected nodes of a studio's canvas what they do."""

    def each(act: Callable[[str], object]) -> Callable[[tuple[str, ...]], None]:
        def handle(node_ids: tuple[str, ...]) -> None:
            for node_id in node_ids:
                act(node_id)

        return handle

    def waiting(node_id: str) -> NodeRun:
        run = studio.last_run
        if run is None or node_id not in run.nodes:
            raise RunError("This node asks nothing: it is not part of the last run.")
        return run.nodes[node_id]

    canvas = studio.canvas
    canvas.on_command("run_from", lambda node_ids: studio.run(from_=node_ids))
    canvas.on_command("run_to", lambda node_ids: studio.run(to=node_ids))
    canvas.on_command("pin", each(studio.pin))
    canvas.on_command("unpin", each(studio.unpin))
    canvas.on_command("accept", each(studio.accept))
    canvas.on_command("approve", each(lambda node_id: waiting(node_id).approve()))
    canvas.on_command("reject", each(lambda node_id: waiting(node_id).reject()))
