"""Saving, conflicts and recovered drafts, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kaizen_widgets.api import query_keys
from kaizen_widgets.core.background import background
from kaizen_widgets.errors import ConflictError, ConnectError, StoreError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import Journal, PipelineSaver
from kaizen_widgets.saving.conflicts import ServerVersion
from kaizen_widgets.stores import CanvasStore, Leases, SqliteStorage
from tests.faults.actors import open_api

WAIT = 120


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
        assert pipeline_id is not None
        detail = background.wait(self.api.pipelines.endpoints.get(pipeline_id), WAIT)
        version = ServerVersion(detail.graph, detail.etag)
        self.saver.open(detail.graph, id=pipeline_id, name="P", server=version)

    @property
    def pipeline_id(self) -> str:
        assert self.store.pipeline_id is not None
        return self.store.pipeline_id

    def stored(self, pipeline_id: str | None) -> Graph:
        assert pipeline_id is not None
        return background.wait(self.api.pipelines.endpoints.load_graph(pipeline_id), WAIT)

    def name(self, label: str) -> None:
        self.store.update_node_data("a", {"label": label})

    def save(self) -> None:
        self.saver.save(WAIT)

    def leave_journal(self) -> None:
        """Save without a journal from now on, as a studio in memory does."""
        self.saver.close()
        self.saver = PipelineSaver(self.store, self.api.pipelines, loop=background)

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


# ------------------------------------------------------------------ requests of a save


class Requests:
    """Counts the requests of a save, and can take the server's ETags away."""

    def __init__(self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch, *, etags: bool = True):
        self.made: list[str] = []
        endpoints = kernel.api.pipelines.endpoints
        get, save_graph = endpoints.get, endpoints.save_graph

        async def counted_get(pipeline_id: str):
            self.made.append("read")
            detail = await get(pipeline_id)
            return detail if etags else detail.model_copy(update={"etag": ""})

        async def counted_save(pipeline_id: str, graph: Graph, *, etag: str = ""):
            self.made.append("save if unchanged" if etag else "save")
            detail = await save_graph(pipeline_id, graph, etag=etag)
            return detail if etags else detail.model_copy(update={"etag": ""})

        monkeypatch.setattr(endpoints, "get", counted_get)
        monkeypatch.setattr(endpoints, "save_graph", counted_save)


def test_save_on_a_server_with_etags_reads_nothing(kernels: list[Kernel], monkeypatch):
    one = kernels[0]
    requests = Requests(one, monkeypatch)
    for name in ("First", "Second"):
        one.name(name)
        one.save()
    assert requests.made == ["save if unchanged", "save if unchanged"]
    assert label(one.stored(one.store.pipeline_id)) == "Second"


def test_save_on_a_server_without_etags_reads_the_pipeline_first(
    kernels: list[Kernel], monkeypatch
):
    one = kernels[0]
    requests = Requests(one, monkeypatch, etags=False)
    one.open(one.store.pipeline_id)
    requests.made.clear()
    for name in ("First", "Second"):
        one.name(name)
        one.save()
    assert requests.made == ["read", "save", "read", "save"]


def test_save_reads_after_a_412_and_saves_when_only_the_name_was_changed(
    kernels: list[Kernel], monkeypatch
):
    one, other = kernels
    requests = Requests(one, monkeypatch)
    pipeline_id = one.pipeline_id
    other.api.pipelines.update(pipeline_id, description="Changed elsewhere").wait(WAIT)
    one.name("Mine")
    one.save()
    assert requests.made == ["save if unchanged", "read", "save if unchanged"]
    assert (label(one.stored(pipeline_id)), one.saver.conflict) == ("Mine", None)


def test_save_is_no_mutation_and_updates_the_cache(kernels: list[Kernel]):
    one = kernels[0]
    pipeline_id = one.pipeline_id
    before = one.api.query_client.mutation_cache.get_all()
    one.name("Saved")
    one.save()
    assert one.api.query_client.mutation_cache.get_all() == before
    cached = one.api.query_client.get_query_data(query_keys.pipelines.graph(pipeline_id))
    assert label(cached) == "Saved"


def test_save_gives_up_when_the_server_keeps_changing(kernels: list[Kernel], monkeypatch):
    one = kernels[0]
    endpoints = one.api.pipelines.endpoints

    async def refuse(*arguments, **options):
        raise ConflictError("Changed meanwhile.", status=412)

    monkeypatch.setattr(endpoints, "save_graph", refuse)
    one.name("Mine")
    with pytest.raises(StoreError, match="keeps changing"):
        one.save()
    assert one.store.is_dirty


# ------------------------------------------- documents that were not opened by the saver


def test_loaded_document_without_a_pipeline_counts_as_unsaved_and_is_stored(kernels: list[Kernel]):
    one = kernels[0]
    one.store.load_pipeline(Graph([Node("n", (0, 0))]), name="Sketch")
    assert (one.store.is_dirty, one.saver.autosave.status) == (True, "dirty")
    one.save()
    assert one.store.pipeline_id is not None
    assert [node.id for node in one.stored(one.store.pipeline_id).nodes] == ["n"]


def test_loaded_document_without_a_pipeline_survives_the_kernel(kernels: list[Kernel]):
    one, other = kernels
    one.store.load_pipeline(Graph([Node("n", (0, 0))]), name="Sketch")
    one.die()
    other.open(other.store.pipeline_id)
    [draft] = other.saver.drafts
    assert draft.pipeline_name == "Sketch"
    draft.load()
    other.save()
    assert [node.id for node in other.stored(other.store.pipeline_id).nodes] == ["n"]


def test_empty_document_without_a_pipeline_is_not_stored(kernels: list[Kernel]):
    one = kernels[0]
    one.store.load_pipeline(Graph())
    assert not one.store.is_dirty
    one.save()
    assert one.store.pipeline_id is None


def test_loaded_document_of_a_pipeline_never_overwrites_the_server_s_version(
    kernels: list[Kernel],
):
    one = kernels[0]
    pipeline_id = one.pipeline_id
    one.store.load_pipeline(Graph([Node("old", (0, 0))]), id=pipeline_id, name="P")
    assert one.store.is_dirty
    with pytest.raises(StoreError, match="changed elsewhere"):
        one.save()
    assert label(one.stored(pipeline_id)) == "Ann"


def test_loaded_document_that_the_server_has_is_saved_without_a_request_to_save(
    kernels: list[Kernel], monkeypatch
):
    one = kernels[0]
    pipeline_id = one.pipeline_id
    requests = Requests(one, monkeypatch)
    one.store.load_pipeline(one.stored(pipeline_id), id=pipeline_id, name="P")
    requests.made.clear()
    one.save()
    assert (requests.made, one.store.is_dirty) == (["read"], False)


@pytest.mark.parametrize("has_journal", [True, False])
def test_unsaved_edits_of_a_replaced_document_can_be_recovered(
    kernels: list[Kernel], has_journal: bool
):
    one = kernels[0]
    if not has_journal:
        one.leave_journal()
        one.open(kernels[1].store.pipeline_id)
    pipeline_id = one.pipeline_id
    one.name("Lost?")
    one.store.clear_canvas()
    assert (one.store.pipeline_id, one.store.is_dirty) == (None, False)
    [draft] = one.saver.drafts
    assert (draft.pipeline_name, draft.edits, draft.has_moved) == ("P", 1, False)
    draft.load()
    assert (one.store.pipeline_id, label(one.store.graph)) == (pipeline_id, "Lost?")
    assert one.saver.drafts == ()
    one.save()
    assert label(one.stored(pipeline_id)) == "Lost?"
    one.store.undo()
    assert label(one.store.graph) == "Ann"


def test_discarded_edits_of_a_replaced_document_are_gone(kernels: list[Kernel]):
    one = kernels[0]
    one.name("Discarded")
    one.store.load_pipeline(Graph())
    one.saver.drafts[0].discard()
    assert one.saver.drafts == ()
    assert one.journal.unsaved_elsewhere() == []


def test_draft_is_not_loaded_over_unsaved_edits_of_another_pipeline(kernels: list[Kernel]):
    one = kernels[0]
    one.name("Draft")
    one.store.load_pipeline(Graph())
    one.saver.autosave.close()
    one.store.add_node(id="n", position=(0, 0))
    with pytest.raises(StoreError, match="unsaved edits: save them first"):
        one.saver.drafts[0].load()
    assert [draft.graph.nodes[0].label for draft in one.saver.drafts] == ["Draft"]
    one.store.mark_clean()


def test_edits_saved_after_their_document_was_replaced_are_not_offered(
    kernels: list[Kernel], monkeypatch
):
    one = kernels[0]
    endpoints = one.api.pipelines.endpoints
    save_graph = endpoints.save_graph
    pipeline_id = one.pipeline_id

    async def replace_first(*arguments, **options):
        one.store.load_pipeline(Graph())
        assert len(one.saver.drafts) == 1
        return await save_graph(*arguments, **options)

    monkeypatch.setattr(endpoints, "save_graph", replace_first)
    one.name("Saved late")
    ended = threading.Event()
    one.saver.subscribe(
        lambda state, before: before["drafts"] and not state["drafts"] and ended.set()
    )
    one.saver.autosave.flush()
    assert ended.wait(WAIT)
    assert label(one.stored(pipeline_id)) == "Saved late"
    assert one.journal.unsaved_elsewhere() == []


def test_edit_of_one_pipeline_is_journaled_under_its_own_name(kernels: list[Kernel]):
    one, other = kernels
    with one.store.locked():
        one.name("Draft")
        one.store.load_pipeline(Graph(), id="q", name="Q")
    assert [draft.pipeline_name for draft in one.saver.drafts] == ["P"]
    assert other.journal.unsaved_elsewhere() == ["P"]
    one.saver.drafts[0].discard()


@pytest.mark.parametrize("held", ["canvas", "autosave", "saver"])
def test_locks_held_by_user_code_never_block_the_background_loop(kernels: list[Kernel], held: str):
    one = kernels[0]
    store = {"canvas": one.store, "autosave": one.saver.autosave, "saver": one.saver}[held]
    pipeline_id = one.pipeline_id
    one.name("Saved")
    with store.locked():
        one.saver.autosave.flush()
        # The save and this request run on the loop, for which the lock's holder waits.
        for _ in range(3):
            background.wait(one.api.pipelines.endpoints.get(pipeline_id), WAIT)
    one.save()
    assert label(one.stored(pipeline_id)) == "Saved"
    assert one.saver.autosave.status == "saved"


def stored_name(kernel: Kernel) -> str:
    return background.wait(kernel.api.pipelines.endpoints.get(kernel.pipeline_id), WAIT).name


def test_renamed_pipeline_is_unsaved_until_the_server_has_the_name(kernels: list[Kernel]):
    kernel, _ = kernels
    kernel.store.pipeline_name = "Renamed"
    assert (kernel.store.is_dirty, kernel.saver.autosave.status) == (True, "dirty")
    kernel.save()
    assert (stored_name(kernel), kernel.store.is_dirty) == ("Renamed", False)


def test_rename_and_edit_are_saved_together(kernels: list[Kernel]):
    kernel, _ = kernels
    kernel.name("Bea")
    kernel.store.pipeline_name = "Renamed"
    kernel.save()
    assert (stored_name(kernel), label(kernel.stored(kernel.pipeline_id))) == ("Renamed", "Bea")
    kernel.name("Cleo")
    kernel.save()
    assert kernel.saver.conflict is None


def test_rename_during_a_save_is_saved_afterwards(
    kernels: list[Kernel], monkeypatch: pytest.MonkeyPatch
):
    kernel, _ = kernels
    endpoints, sent = kernel.api.pipelines.endpoints, kernel.api.pipelines.endpoints.save_graph

    async def rename_meanwhile(*arguments: object, **keys: object) -> object:
        kernel.store.pipeline_name = "Renamed"
        return await sent(*arguments, **keys)  # type: ignore[arg-type]

    monkeypatch.setattr(endpoints, "save_graph", rename_meanwhile)
    kernel.name("Bea")
    kernel.save()
    monkeypatch.undo()
    kernel.save()
    assert (stored_name(kernel), kernel.store.is_dirty) == ("Renamed", False)


def test_name_the_server_refuses_stays_unsaved(kernels: list[Kernel]):
    kernel, _ = kernels
    kernel.store.pipeline_name = ""
    with pytest.raises(StoreError, match="name: String should have at least 1 character"):
        kernel.save()
    assert (stored_name(kernel), kernel.store.is_dirty) == ("P", True)


def test_opening_a_pipeline_sends_no_name(kernels: list[Kernel]):
    kernel, _ = kernels
    kernel.open(kernel.pipeline_id)
    assert not kernel.store.is_dirty
