"""UIStore: sidebar, theme, dialog, notifications."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from traitlets import TraitError

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import SqliteStorage, UIStore
from kaizen_widgets.stores.ui import MAX_NOTIFICATIONS
from kaizen_widgets.testing import FakeClock


def ui(clock: FakeClock | None = None) -> UIStore:
    numbers = itertools.count(1)
    return UIStore(clock=clock, new_id=lambda: f"n{next(numbers)}")


def ids(store: UIStore) -> list[str]:
    return [shown["id"] for shown in store.notifications]


def test_sidebar_and_dialog():
    store = ui()
    store.toggle_sidebar()
    store.open_modal("delete", {"id": "a"})
    assert (store.sidebar_open, store.active_modal, store.modal_data) == (
        False,
        "delete",
        {"id": "a"},
    )
    store.toggle_sidebar()
    store.close_modal()
    assert (store.sidebar_open, store.active_modal, store.modal_data) == (True, None, None)


def test_keep_restores_theme_and_sidebar_only(tmp_path: Path):
    storage = SqliteStorage(tmp_path / "stores.db")
    store = ui()
    store.persist(storage)
    store.set_theme("dark")
    store.set_sidebar_collapsed(True)
    store.open_modal("delete")
    again = ui()
    again.persist(storage)
    assert (again.theme, again.sidebar_collapsed, again.active_modal) == ("dark", True, None)
    storage.close()


def test_set_theme_refuses_an_unknown_theme():
    store = ui()
    with pytest.raises(TraitError):
        store.set_theme("pink")  # type: ignore[arg-type]
    assert store.theme == "system"


def test_notifications_expire_after_their_duration():
    clock = FakeClock()
    store = ui(clock)
    store.add_notification("Saved", duration=1.0)
    store.add_notification("Failed", "No connection", type="error", duration=0)
    store.add_notification("Saved again")
    clock.advance(1.0)
    assert ids(store) == ["n2", "n3"]
    clock.advance(60.0)
    assert store.notifications == (
        {"id": "n2", "type": "error", "title": "Failed", "message": "No connection", "duration": 0},
    )


def test_removed_notification_leaves_no_timer():
    clock = FakeClock()
    store = ui(clock)
    first = store.add_notification("Saved")
    store.remove_notification(first)
    store.remove_notification(first)
    assert (store.notifications, store._timers) == ((), {})


def test_too_many_notifications_drop_the_oldest():
    store = ui()
    for number in range(MAX_NOTIFICATIONS + 2):
        store.add_notification(str(number))
    assert (len(ids(store)), ids(store)[0]) == (MAX_NOTIFICATIONS, "n3")


@pytest.mark.parametrize("wrong", [{"type": "fatal"}, {"duration": -1}, {"duration": float("nan")}])
def test_add_notification_refuses_an_unknown_type_or_duration(wrong: dict[str, object]):
    store = ui()
    with pytest.raises(StoreError, match="A notification"):
        store.add_notification("Saved", **wrong)  # type: ignore[arg-type]
    assert store.notifications == ()
