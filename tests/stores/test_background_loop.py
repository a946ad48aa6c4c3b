"""Stores never make the background loop wait for a lock that user code holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kaizen_widgets.core.background import background
from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.stores import AuthStore, ExecutionStore, Store, UIStore


def started() -> ExecutionStore:
    store = ExecutionStore()
    store.start_execution("run-1", ["a"])
    return store


def signed_in() -> AuthStore:
    store = AuthStore(Tokens())
    store.login({"id": "u1"}, "access")
    return store


@pytest.mark.parametrize(
    ("make", "change", "look", "changed"),
    [
        (UIStore, lambda s: s.add_notification("Saved"), lambda s: len(s.notifications), 1),
        (UIStore, lambda s: s.set_theme("dark"), lambda s: s.theme, "dark"),
        (UIStore, lambda s: s.toggle_sidebar(), lambda s: s.sidebar_open, False),
        (started, lambda s: s.set_running(), lambda s: s.status, "running"),
        (started, lambda s: s.update_node_status("a", "completed"), lambda s: s.progress, 100.0),
        (started, lambda s: s.add_log("line"), lambda s: len(s.logs), 1),
        (started, lambda s: s.set_result(1), lambda s: s.status, "completed"),
        (started, lambda s: s.set_failed("no"), lambda s: s.status, "failed"),
        (started, lambda s: s.start_execution("run-2"), lambda s: s.execution_id, "run-2"),
        (AuthStore, lambda s: s.login({"id": "u"}, "access"), lambda s: s.is_authenticated, True),
        (signed_in, lambda s: s.logout("over"), lambda s: s.message, "over"),
        (signed_in, lambda s: s.leave("elsewhere"), lambda s: s.message, "elsewhere"),
        (signed_in, lambda s: s.set_user(None), lambda s: s.user, None),
    ],
)
def test_change_on_the_loop_is_left_to_the_thread_that_holds_the_lock(
    make: Callable[[], Any],
    change: Callable[[Any], object],
    look: Callable[[Any], Any],
    changed: Any,
):
    store: Store = make()
    before = look(store)

    async def work() -> None:
        change(store)

    with store.locked():
        background.wait(work(), 30)
        assert look(store) == before
    assert look(store) == changed
