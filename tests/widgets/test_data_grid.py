"""DataGrid: what reaches the page, what the page may change, and what callbacks get."""

from __future__ import annotations

import json
import random
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from traitlets import TraitError

from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets.data_grid import Column, DataGrid, RowAction

AGENTS = [
    {"id": "a", "name": "Billing", "status": "active", "is_active": True, "calls": 1204},
    {"id": "b", "name": "Technical", "status": "failed", "is_active": False, "calls": 861},
]


@pytest.fixture
def page():
    with fake_comms() as comms:
        yield comms


def sent(grid: DataGrid) -> dict[str, Any]:
    return json.loads(zlib.decompress(grid._table))


def deliver(page: Any, grid: DataGrid, **message: Any) -> None:
    page.of(grid).deliver_custom(message)


# --------------------------------------------------------------- columns


def names(grid: DataGrid) -> list[str]:
    return [column.name for column in grid.columns if column.name not in grid.hidden_columns]


def test_columns_are_titles_first_and_ids_last(page):
    grid = DataGrid([{"id": "7f", "organization_id": "3c", "status": "on", "name": "Bill"}])
    assert names(grid) == ["name", "status", "id", "organization_id"]
    assert [column.format for column in grid.columns] == ["title", "status", "id", "id"]


def test_many_columns_are_hidden_and_can_be_chosen(page):
    record = {"id": "1", "a_id": "2", "b_id": "3", **{f"field {n}": n for n in range(12)}}
    grid = DataGrid([{**record, "name": "x", "empty": None}])
    assert len(names(grid)) == 8
    assert names(grid)[0] == "name"
    assert names(grid)[-1] == "id"
    assert "empty" in grid.hidden_columns


def test_a_hidden_column_stays_hidden_when_records_change(page):
    grid = DataGrid(AGENTS)
    grid.hidden_columns = ("status",)
    grid.records = [{**AGENTS[0], "cost": 1.0}]
    assert grid.hidden_columns == ("status",)
    assert "cost" in names(grid)


class Color(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    secret_key: str = "canary-4711"


class Agent(BaseModel):
    id: uuid.UUID
    created_at: datetime
    key: SecretStr = SecretStr("canary-4712")


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"made_at": "2020-01-01T10:00:00"}, "years ago"),
        ({"tags": ["a", "b"]}, "a, b"),
        ({"color": Color.RED}, "red"),
        ({"config": {"a": {"b": 1}}}, "a: {b: 1}"),
        ({"n": 2**70}, str(2**70)),
        ({"n": float("nan")}, "nan"),
        ({"text": "half \ud800"}, "half \ufffd"),
        ({"name": "x" * 5000}, "…"),
        ({"name": "مرحبا"}, "مرحبا"),
        (Point(3), "[hidden]"),
        (Agent(id=uuid.UUID(int=7), created_at=datetime(2020, 1, 1, tzinfo=UTC)), "[hidden]"),
        (7, "7"),
    ],
    ids=repr,
)  # fmt: skip
def test_values_of_any_kind_are_shown_and_secrets_hidden(page, record, text):
    grid = DataGrid([record])
    grid.hidden_columns = ()
    assert text in " ".join(grid.shown_rows[0].values())
    assert b"canary" not in zlib.decompress(grid._table)


def test_a_column_may_be_computed(page):
    columns = [
        Column("name", second="status"),
        Column("per_day", format="number", value=lambda a: a["calls"] / 24),
        Column("odd", value=lambda a: a["no such field"]),
    ]
    grid = DataGrid(AGENTS, columns=columns)
    assert grid.shown_rows[0] == {"name": "Billing", "per_day": "50.2", "odd": "–"}
    assert sent(grid)["second"] == {"0": ["active", "failed"]}
    assert [column["right"] for column in sent(grid)["columns"]] == [False, True, False]


@pytest.mark.parametrize("wrong", [{"format": "big"}, {"align": "top"}, {"tones": {"a": "pink"}}])
def test_unknown_formats_alignments_and_tones_are_refused(wrong):
    with pytest.raises(ValueError, match="choose"):
        Column("name", **wrong)


def test_an_unknown_icon_is_refused():
    with pytest.raises(ValueError, match="There is no icon 'dragon'"):
        RowAction("fly", "Fly", "dragon")


# ------------------------------------------------------------------ wire


def thousand() -> list[dict[str, Any]]:
    seeded = random.Random(4)
    words = [
        "billing",
        "technical",
        "support",
        "order",
        "history",
        "tone",
        "summary",
        "refund",
        "answer",
        "check",
    ]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "id": str(uuid.UUID(int=seeded.getrandbits(128))),
            "name": f"{seeded.choice(words)} {seeded.choice(words)} {n}".capitalize(),
            "model": seeded.choice(["gpt-4o", "gpt-4o-mini", "claude-haiku"]),
            "status": seeded.choice(["active", "inactive", "draft"]),
            "calls": seeded.randrange(5000),
            "median": round(seeded.uniform(0.1, 4), 2),
            "cost": round(seeded.uniform(0, 2), 4),
            "updated_at": (start + timedelta(seconds=seeded.randrange(10**7))).isoformat(),
        }
        for n in range(1000)
    ]


def test_a_thousand_rows_are_at_most_60_kilobytes(page):
    grid = DataGrid(thousand())
    assert len(grid._table) < 60_000
    assert len(page.of(grid).sent) <= 3


class Counted:
    """A record that counts how often its fields are read."""

    def __init__(self, place: int, reads: dict[str, int]) -> None:
        self._values = {"id": f"id {place}", "name": f"Agent {place}", "prompt": "long"}
        self._reads = reads

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(name)
        self._reads[name] = self._reads.get(name, 0) + 1
        return self._values[name]


def test_a_table_reads_each_field_once_a_record_and_no_field_it_does_not_show(page):
    reads: dict[str, int] = {}
    DataGrid([Counted(place, reads) for place in range(50)], columns=[Column("name", None, "text")])
    assert reads == {"id": 50, "name": 50}


class Wide(BaseModel):
    id: str
    name: str
    prompt: str = "long"


def test_a_cell_of_a_model_reads_no_other_field(page, monkeypatch):
    records = [Wide(id=f"id {place}", name=f"Agent {place}") for place in range(50)]
    reads: set[str] = set()
    read = Wide.__getattribute__

    def note(record: Wide, name: str) -> Any:
        reads.add(name)
        return read(record, name)

    monkeypatch.setattr(Wide, "__getattribute__", note)
    grid = DataGrid(records, columns=[Column("name", None, "text")])
    assert sent(grid)["cells"] == [[f"Agent {place}" for place in range(50)]]
    assert "prompt" not in reads


def test_equal_records_send_nothing(page):
    grid = DataGrid(AGENTS)
    before = len(page.of(grid).sent)
    grid.records = [dict(agent) for agent in AGENTS]
    assert len(page.of(grid).sent) == before


def test_keys_that_are_missing_or_repeated_become_unique(page):
    grid = DataGrid([{"id": "a"}, {"id": "a"}, {"x": 1}, {"id": ""}])
    keys = sent(grid)["keys"]
    assert len(set(keys)) == 4
    assert keys[0] == "a"


# ------------------------------------------------------------- selection


def test_selection_survives_new_records_and_ends_with_its_row(page):
    grid = DataGrid(AGENTS)
    grid.selected = ("b",)
    grid.records = [{**AGENTS[1], "calls": 2}, {"id": "c", "name": "New"}]
    assert grid.selected == ("b",)
    assert grid.selected_records[0]["calls"] == 2
    grid.records = AGENTS[:1]
    assert grid.selected == ()


def test_selecting_what_is_not_there_is_refused(page):
    grid = DataGrid(AGENTS)
    with pytest.raises(TraitError, match="There is no row 'z'"):
        grid.selected = ("z",)
    with pytest.raises(TraitError, match="There is no column 'z'"):
        grid.sort = "-z"
    with pytest.raises(TraitError, match="cannot be selected"):
        DataGrid(AGENTS, selection="none").selected = ("a",)


@pytest.mark.parametrize(
    ("state", "trait", "expected"),
    [
        ({"selected": ["a", "gone", "b"]}, "selected", ("a",)),
        ({"selected": "a"}, "selected", ()),
        ({"selected": [["a"]]}, "selected", ()),
        ({"selected": [True]}, "selected", ()),
        ({"sort": "-calls"}, "sort", "-calls"),
        ({"sort": "no column"}, "sort", ""),
        ({"sort": 3}, "sort", ""),
        ({"search": "x" * 5000}, "search", "x" * 1000),
        ({"hidden_columns": ["calls", "no column"]}, "hidden_columns", ("calls",)),
        ({"_esm": "alert(1)", "total": 3}, "total", None),
    ],
    ids=repr,
)
def test_the_page_changes_only_what_fits_the_table(page, state, trait, expected):
    grid = DataGrid(AGENTS)
    code = grid._esm
    page.of(grid).deliver({"method": "update", "state": state, "buffer_paths": []})
    assert getattr(grid, trait) == expected
    assert grid._esm == code


# --------------------------------------------------------------- actions


def acting(**options):
    grid = DataGrid(
        AGENTS,
        columns=["name", Column("is_active", "Active", "switch")],
        actions=[
            RowAction("edit", "Edit", "edit"),
            RowAction(
                "delete",
                "Delete",
                is_enabled=lambda agent: not agent["is_active"],
                reason=lambda agent: f"{agent['name']} is active.",
            ),
        ],
        toolbar=[RowAction("new", "New agent", "add")],
        **options,
    )
    heard: list[Any] = []
    grid.on_action(lambda name, record: heard.append((name, record and record["id"])))
    return grid, heard


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        ({"kind": "action", "name": "edit", "key": "a"}, [("edit", "a")]),
        ({"kind": "action", "name": "is_active", "key": "b"}, [("is_active", "b")]),
        ({"kind": "action", "name": "new"}, [("new", None)]),
        ({"kind": "action", "name": "delete", "key": "b"}, [("delete", "b")]),
        ({"kind": "action", "name": "delete", "key": "a"}, []),
        ({"kind": "action", "name": "format_disk", "key": "a"}, []),
        ({"kind": "action", "name": "edit"}, []),
        ({"kind": "action", "name": "edit", "key": "gone"}, []),
        ({"kind": "action", "name": ["edit"], "key": "a"}, []),
        ({"kind": "action", "name": "edit", "key": "a", "more": 1}, []),
        ({"kind": "unknown"}, []),
        ({}, []),
    ],
    ids=repr,
)
def test_only_actions_that_are_there_and_allowed_are_heard(page, message, heard):
    grid, calls = acting()
    deliver(page, grid, **message)
    assert calls == heard


def test_a_refused_action_says_why(page):
    grid, _ = acting()
    assert sent(grid)["refusals"] == {"delete": {"0": "Billing is active."}}


def test_a_refused_button_of_the_header_says_why_and_is_not_heard(page):
    new = RowAction("new", "New", "add", is_enabled=lambda _record: False, reason="You may not.")
    grid = DataGrid(AGENTS, toolbar=[new])
    calls: list[Any] = []
    grid.on_action(lambda *call: calls.append(call))
    deliver(page, grid, kind="action", name="new")
    assert (sent(grid)["toolbar"][0]["refusal"], calls) == ("You may not.", [])


def test_a_permission_that_raises_refuses(page, caplog):
    actions = [RowAction("edit", "Edit", is_enabled=lambda record: record["nothing"])]
    grid = DataGrid(AGENTS, actions=actions)
    assert "KeyError" in sent(grid)["refusals"]["edit"]["0"]


def test_open_and_more_reach_their_callbacks_until_unsubscribed(page):
    grid, _ = acting()
    opened: list[Any] = []
    asked: list[bool] = []
    grid.on_open(lambda record: opened.append(record["id"]))
    end = grid.on_more(lambda: asked.append(True))
    deliver(page, grid, kind="open", key="b")
    deliver(page, grid, kind="more")
    end()
    deliver(page, grid, kind="more")
    assert (opened, asked) == (["b"], [True])


def test_a_callback_that_raises_does_not_stop_the_others(page, caplog):
    grid, calls = acting()
    grid.on_action(lambda *_: 1 / 0)
    grid.on_action(lambda name, _: calls.append(name))
    deliver(page, grid, kind="action", name="edit", key="a")
    assert calls == [("edit", "a"), "edit"]
    assert "ZeroDivisionError" in caplog.text
