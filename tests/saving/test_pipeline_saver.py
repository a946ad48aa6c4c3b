"""Saving, conflicts and recovered drafts, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import ConnectError, StoreError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import Journal, PipelineSaver
from kaizen_widgets.stores import CanvasStore, Leases, SqliteStorage
from tests.faults.actors import open_api

WAIT = 30


class Kernel:
    """One kernel: the embedded API on a file, a canvas store and its saver."""

    def __init__(self, folder: Path, leases: Leases):
        self.there, self.api = open_api(folder / "kaizen.db")
        self.storage = SqliteStorage(folder / "stores.db")
        self.journal = Journal(self.storage, leases, scope="s")
        self.store = CanvasStore()
        self.saver = PipelineSaver(
            self.store, self.api.pipelines, loop=background, journal=self.journal, leases=leases
        )

    def open(self, pipeline_id: str | None) -> None:
        self.saver.open(self.stored(pipeline_id), id=pipeline_id, name="P")

    def stored(self, pipeline_id: str | None) -> Graph:
        assert pipeline_id is not None
        return background.wait(self.api.pipelines.endpoints.load_graph(pipeline_id), WAIT)

    def name(self, label: str) -> None:
        self.store.update_node_data("a", {"label": label})

    def save(self) -> None:
        self.saver.save(WAIT)

    def die(self) -> None:
        """End as after kill -9: nothing is saved, and the lease is free."""
        self.saver.autosave.close()
        self.journal.close()

    def close(self) -> None:
        self.saver.close()
        self.storage.close()
        background.wait(self.there.transport.aclose(), WAIT)
        self.there.close()


@pytest.fixture
def kernels(tmp_path: Path):
    leases = Leases(tmp_path / "stores.locks")
    opened = [Kernel(tmp_path, leases) for _ in range(2)]
    made = opened[0].api.pipelines.create(name="P").wait(WAIT)
    start = Graph([Node("a", (0, 0), type="agent", data={"label": "Ann"})])
    opened[0].api.pipelines.save_graph(made.id, start).wait(WAIT)
    for kernel in opened:
        kernel.open(made.id)
    yield opened
    for kernel in opened:
        kernel.close()
    leases.close()


@pytest.fixture
def conflict(kernels: list[Kernel]):
    """The second of two kernels that saved different names, with its conflict."""
    one, other = kernels
    one.name("Theirs")
    one.save()
    other.name("Mine")
    with pytest.raises(StoreError, match="changed elsewhere"):
        other.save()
    assert other.saver.autosave.status == "conflict"
    return other


def label(graph: Graph) -> str:
    return graph.nodes[0].label


def test_conflict_keeps_the_server_s_version_and_offers_a_comparison(conflict: Kernel):
    assert label(conflict.stored(conflict.store.pipeline_id)) == "Theirs"
    open_conflict = conflict.saver.conflict
    assert [label(g) for g in (open_conflict.base, open_conflict.mine, open_conflict.theirs)] == [
        "Ann",
        "Mine",
        "Theirs",
    ]
    assert str(open_conflict.compare()) == (
        "From the server's version to yours:\n  node 'Mine' changed (data.label: 'Theirs' → 'Mine')"
    )


def test_keep_mine_saves_over_theirs(conflict: Kernel):
    conflict.saver.conflict.keep_mine()
    conflict.save()
    assert label(conflict.stored(conflict.store.pipeline_id)) == "Mine"
    assert (conflict.saver.conflict, conflict.store.is_dirty) == (None, False)


def test_keep_theirs_can_be_undone(conflict: Kernel):
    conflict.saver.conflict.keep_theirs()
    assert (label(conflict.store.graph), conflict.store.is_dirty) == ("Theirs", False)
    assert conflict.saver.autosave.status == "saved"
    conflict.store.undo()
    conflict.save()
    assert label(conflict.stored(conflict.store.pipeline_id)) == "Mine"


def test_keep_both_stores_a_copy_with_ids_of_its_own(conflict: Kernel):
    name = conflict.saver.conflict.keep_both()
    assert name == "P (my copy)"
    assert label(conflict.store.graph) == "Theirs"
    found = {one.name: one.id for one in conflict.api.pipelines.list().wait(WAIT)}
    copy = conflict.stored(found[name])
    assert (label(copy), copy.nodes[0].id == "a") == ("Mine", False)
    assert "'P (my copy)'" in conflict.saver.notice


def test_keep_mine_finds_a_new_conflict_when_they_saved_again(
    conflict: Kernel, kernels: list[Kernel]
):
    kernels[0].name("Theirs again")
    kernels[0].save()
    conflict.saver.conflict.keep_mine()
    with pytest.raises(StoreError, match="changed elsewhere"):
        conflict.save()
    assert label(conflict.saver.conflict.theirs) == "Theirs again"


def test_same_edit_on_both_sides_is_no_conflict(kernels: list[Kernel]):
    for kernel in kernels:
        kernel.name("Anna")
        kernel.save()
        assert kernel.saver.conflict is None


def test_draft_of_an_ended_kernel_is_offered_and_loaded_as_one_step(kernels: list[Kernel]):
    one, other = kernels
    one.name("Lost?")
    one.store.add_node(type="agent")
    one.die()
    other.open(other.store.pipeline_id)
    [draft] = other.saver.drafts
    assert (draft.edits, draft.has_moved, draft.pipeline_name) == (2, False, "P")
    assert label(other.store.graph) == "Ann"
    draft.load()
    assert (label(other.store.graph), other.saver.drafts) == ("Lost?", ())
    other.save()
    assert label(other.stored(other.store.pipeline_id)) == "Lost?"
    other.store.undo()
    assert label(other.store.graph) == "Ann"
    assert other.journal.drafts(other.store.pipeline_id) == []


def test_draft_older_than_the_server_s_version_becomes_a_conflict(
    kernels: list[Kernel],
):
    one, other = kernels
    one.name("Draft")
    one.die()
    other.name("Newer")
    other.save()
    other.open(other.store.pipeline_id)
    [draft] = other.saver.drafts
    assert draft.has_moved
    draft.load()
    with pytest.raises(StoreError, match="changed elsewhere"):
        other.save()
    assert label(other.stored(other.store.pipeline_id)) == "Newer"


def test_discarded_draft_is_not_offered_again(kernels: list[Kernel]):
    one, other = kernels
    one.name("Draft")
    one.die()
    other.open(other.store.pipeline_id)
    other.saver.drafts[0].discard()
    other.open(other.store.pipeline_id)
    assert other.saver.drafts == ()
    assert label(other.store.graph) == "Ann"


def test_draft_that_equals_the_server_s_version_is_not_offered(kernels: list[Kernel]):
    one, other = kernels
    one.name("Same")
    one.die()
    other.name("Same")
    other.save()
    other.open(other.store.pipeline_id)
    assert other.saver.drafts == ()


def test_saved_edits_leave_the_journal(kernels: list[Kernel]):
    one, other = kernels
    one.name("Anna")
    assert other.journal.unsaved_elsewhere() == ["P"]
    one.save()
    assert other.journal.unsaved_elsewhere() == []


def test_save_with_a_lost_response_is_no_conflict(kernels: list[Kernel], monkeypatch):
    one = kernels[0]
    endpoints = one.api.pipelines.endpoints
    save_graph = endpoints.save_graph

    async def lost(*arguments, **options):
        await save_graph(*arguments, **options)
        raise ConnectError("The response was lost.")

    monkeypatch.setattr(endpoints, "save_graph", lost)
    one.name("Stored")
    with pytest.raises(StoreError, match="lost"):
        one.save()
    monkeypatch.undo()
    one.name("Next")
    one.save()
    assert (label(one.stored(one.store.pipeline_id)), one.saver.conflict) == ("Next", None)
