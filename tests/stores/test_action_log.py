"""ActionLog and devtools: recording a store's actions, and time travel."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from traitlets import Bool, Unicode

from kaizen_widgets.errors import StoreError
from kaizen_widgets.graph import Node
from kaizen_widgets.stores import ActionLog, CanvasStore, Store, devtools, persist

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Lamp(Store):
    name = "lamp"
    on = Bool(False)
    color = Unicode("white")


def watched(store: Store) -> ActionLog:
    log = ActionLog(now=lambda: NOON)
    devtools(store, log)
    return log


def actions(log: ActionLog) -> list[str]:
    return [entry.action for entry in log.entries]


def test_log_records_sets_and_assignments_with_their_names():
    lamp = Lamp()
    log = watched(lamp)
    lamp.set({"on": True}, action="switch")
    lamp.set({"on": True}, action="switch")  # changes nothing
    lamp.color = "red"
    lamp.reset()
    assert actions(log) == ["@@INIT", "switch", "set color", "reset"]
    assert log.changed(2) == {"color": ("white", "red")}
    assert log.entries[1].time == NOON


def test_jump_changes_the_store_and_not_the_log():
    lamp, heard = Lamp(), []
    log = watched(lamp)
    lamp.set({"on": True})
    lamp.set({"color": "red"})
    lamp.subscribe(lambda state, _previous: heard.append(state))
    log.jump(1)
    assert lamp.get() == {"on": True, "color": "white"}
    assert (len(log.entries), log.position, len(heard)) == (3, 1, 1)
    with pytest.raises(StoreError, match="3 entries; there is no entry 9"):
        log.jump(9)


def test_pause_rollback_commit_and_reset():
    lamp = Lamp()
    log = watched(lamp)
    log.pause()
    lamp.on = True
    assert (actions(log), log.is_paused) == (["@@INIT"], True)
    log.pause()
    log.commit()
    lamp.color = "red"
    log.rollback()
    assert lamp.get() == {"on": True, "color": "white"}
    log.reset()
    assert lamp.get() == {"on": False, "color": "white"}
    assert actions(log) == ["@@INIT"]


def test_exported_log_can_be_loaded_into_another_store():
    lamp, other = Lamp(), Lamp()
    log, shown = watched(lamp), watched(other)
    lamp.set({"on": True}, action="switch")
    shown.load(log.export())
    assert (actions(shown), other.on) == (["@@INIT", "switch"], True)
    assert shown.entries == log.entries


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"computedStates": []}'])
def test_load_refuses_what_is_no_log(text: str):
    lamp = Lamp(color="red")
    log = watched(lamp)
    with pytest.raises(StoreError, match="not an exported log"):
        log.load(text)
    assert (lamp.color, actions(log)) == ("red", ["@@INIT"])


def test_time_travel_is_not_persisted():
    class Cells(dict[str, str]):
        def set(self, name: str, text: str) -> None:
            self[name] = text

        def remove(self, name: str) -> None:
            del self[name]

    lamp, cells = Lamp(), Cells()
    persist(lamp, "lamp", storage=cells)
    log = watched(lamp)
    lamp.on = True
    log.jump(0)
    assert not lamp.on
    assert json.loads(cells["lamp"])["state"]["on"]


def test_limit_keeps_the_first_and_the_newest_entries():
    lamp = Lamp()
    log = ActionLog(limit=3)
    devtools(lamp, log)
    for color in "abcd":
        lamp.color = color
    assert [entry.state["color"] for entry in log.entries] == ["white", "c", "d"]


def test_canvas_steps_are_recorded_and_a_jump_can_be_undone():
    store = CanvasStore()
    log = watched(store)
    store.add_node(Node("a", position={"x": 0, "y": 0}))
    assert len(log.entries) == 2
    log.jump(0)
    assert store.nodes == ()
    store.undo()
    assert [node.id for node in store.nodes] == ["a"]


def test_closed_devtools_record_nothing():
    lamp, log = Lamp(), ActionLog()
    devtools(lamp, log).close()
    lamp.on = True
    assert actions(log) == ["@@INIT"]
