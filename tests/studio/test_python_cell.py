"""The pipeline as a cell: what `insert_cell` writes, and what running an edited cell does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kaizen_widgets import Node
from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Graph
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.studio import python_cell
from kaizen_widgets.studio.python_cell import PythonCell
from tests.patterns.examples import EXAMPLES


class Owner:
    """Stands for the studio: the cell calls its ``set_graph``."""

    def __init__(self) -> None:
        self.store = CanvasStore()
        self.cell = PythonCell(self.store, self)
        self.set_graph = self.cell.set_graph


@pytest.fixture
def studio() -> Owner:
    owner = Owner()
    owner.store.load_pipeline(EXAMPLES["router"][0])
    return owner


def run(code: str, **names: Any) -> None:
    exec(compile(code, "cell", "exec"), names)


def test_running_the_cell_unchanged_changes_nothing(studio: Owner) -> None:
    before = studio.store.graph
    run(studio.cell.code(), studio=studio)
    assert studio.store.graph is before
    assert not studio.store.undo()


def test_edited_cell_is_one_undo_step(studio: Owner) -> None:
    before = studio.store.graph
    run(studio.cell.code().replace('"label": "Critic"', '"label": "Reviewer"'), studio=studio)
    assert studio.store.graph.node("agent-3").label == "Reviewer"
    assert studio.store.undo()
    assert studio.store.graph == before


def test_cell_does_not_move_nodes_that_were_moved_after_it_was_inserted(studio: Owner) -> None:
    code = studio.cell.code()
    change = {"type": "position", "id": "agent-3", "position": {"x": 1000, "y": 1}}
    studio.store.on_nodes_change([change])
    run(code.replace('"label": "Critic"', '"label": "Reviewer"'), studio=studio)
    node = studio.store.graph.node("agent-3")
    assert (node.label, node.position) == ("Reviewer", (1000, 1))


def test_new_node_of_a_cell_does_not_cover_another_one(studio: Owner) -> None:
    nodes = [*studio.store.nodes, Node("new-1"), Node("new-2")]
    studio.set_graph(Graph(nodes, studio.store.edges))
    places = [node.position for node in studio.store.nodes]
    assert len(set(places)) == len(places)


def test_cell_leaves_secrets_out_and_the_canvas_keeps_them(studio: Owner) -> None:
    data = {
        "label": "Database",
        "config": {
            "api_key": "sk-1234",
            "url": "postgres://me:hunter2@host/db",
            "servers": [{"password": "hunter3", "name": "a"}],
        },
    }
    studio.store.add_node(Node("db", (0, 900), data=data))
    code = studio.cell.code()
    assert not any(secret in code for secret in ("sk-1234", "hunter2", "hunter3"))
    assert "# Left out, as it is secret: 'Database: config.api_key'" in code
    run(code.replace('"label": "Database"', '"label": "Orders"'), studio=studio)
    node = studio.store.graph.node("db")
    assert node.data["config"] == data["config"]
    assert node.label == "Orders"


def test_insert_cell_puts_the_code_below_under_the_studios_name(
    studio: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells: list[tuple[str, bool]] = []
    shell = SimpleNamespace(
        kernel=object(),
        user_ns={"_3": studio, "other": object(), "mine": studio},
        set_next_input=lambda text, replace: cells.append((text, replace)),
    )
    monkeypatch.setattr(python_cell, "get_ipython", lambda: shell)
    studio.cell.insert()
    [(text, replace)] = cells
    assert not replace
    assert text.endswith("\nmine.set_graph(graph)")
    run(text, mine=studio)


def test_insert_cell_without_a_notebook_names_what_to_do(studio: Owner) -> None:
    with pytest.raises(RunError, match=r"studio\.graph\.to_python"):
        studio.cell.insert()
