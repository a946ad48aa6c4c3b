"""The studio: canvas, auto-save, runs and the API, put together; the only place that knows them all.

    studio = Studio()                                # the embedded API, nothing to start
    studio = Studio("https://kaizen.example.com")    # or a Kaizen Studio server
    studio                                           # in a cell: canvas and run panel

Every part is an attribute and works without the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar, overload

import ipywidgets as ipw

from kaizen_widgets.api import Api, Resources, studio_defaults
from kaizen_widgets.core.background import BackgroundLoop, background
from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.engines import Run, follow, start
from kaizen_widgets.errors import KaizenError, NotFoundError, UnauthorizedError
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.query import Persister, QueryCacheEvent, QueryClient
from kaizen_widgets.saving import (
    Conflict,
    PersistedMutations,
    PipelineSaver,
    RecoveredDraft,
    persist_queries,
)
from kaizen_widgets.stores import CanvasStore, ExecutionStore, UIStore
from kaizen_widgets.studio.account import Account
from kaizen_widgets.studio.connection import connect
from kaizen_widgets.widgets import Canvas, NodeForm, Notifications, RunPanel, Theme, UnsavedPanel

F = TypeVar("F", bound=Callable[..., Any])

SAVE_TIMEOUT = 30.0


class Studio(Resources):
    """An agent studio in a notebook.

    Args:
        url: A Kaizen Studio server; without it the embedded API is used.
        data: The embedded API's file; ``":memory:"`` keeps nothing; your data folder by default.
        token: An access token for ``url``; or sign in with `login`. Kept in memory only.
        height: The canvas's, in pixels.
        loop: Where fetches, saves and runs go on.
        new_id: Gives ids.

    Raises:
        PersistError: The embedded API's file cannot be used.
        TransportError: The address is none.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        data: str | os.PathLike[str] | None = None,
        token: str = "",
        height: int = 460,
        loop: BackgroundLoop = background,
        new_id: NewId = random_id,
    ) -> None:
        if url is not None and data is not None:
            raise TypeError("Give either a server's url or the embedded API's data, not both.")
        self._loop = loop
        there = self._connection = connect(url, data=data, token=token, loop=loop, new_id=new_id)
        self.auth = there.auth
        self.query_client = QueryClient(loop=loop, clock=loop, default_options=studio_defaults())
        self.query_client.mount()
        self.api = Api(
            there.transport,
            self.query_client,
            workspace_id=there.workspace_id,
            session=self.auth,
        )
        self._kept: list[Persister | PersistedMutations] = []
        if url is not None and there.storage is not None:
            # The embedded API's own file is no slower than a copy of it.
            kept = persist_queries(
                self.query_client, there.storage, address=there.scope, session=self.auth
            )
            self._kept.append(kept)
        self.ui = UIStore(clock=loop, new_id=new_id)
        ui_kept = self.ui.keep(there.storage) if there.storage else None
        if there.storage is not None and there.leases is not None:
            changes = PersistedMutations(
                self.query_client,
                there.storage,
                there.leases,
                address=there.scope,
                session=self.auth,
                ask=self.api.auth.endpoints.me,
                on_found=self._found_changes,
            )
            self._kept.append(changes)
        self.kinds = default_registry()
        self.functions = Functions()
        self.store = CanvasStore(new_id=new_id, now=loop.now)
        self.execution = ExecutionStore(now=loop.now)
        self.saver = PipelineSaver(
            self.store,
            self.pipelines,
            loop=loop,
            journal=there.journal(),
            leases=there.leases,
            marks=there.save_notices(),
            scope=there.scope,
            new_id=new_id,
        )
        self.autosave = self.saver.autosave
        self.canvas = Canvas(self.store, height=height, registry=self.kinds, clock=loop)
        # Its place is kept free: a canvas that shrinks as a node is picked moves what the hand aims at.
        self.node_form = NodeForm(self.canvas)
        self.run_panel = RunPanel(self.execution, start=self.run, cancel=self.cancel)
        self.account = Account(
            self.api,
            self.saver,
            self.canvas,
            self.ui,
            connection=there,
            ui_kept=ui_kept,
            forget=self._forget_user,
            opened=self._open_newest if url is None else lambda: None,
        )
        self.unsaved_panel = UnsavedPanel(self.saver, now=loop.now)
        self.screen = (Theme(self.ui), Notifications(self.ui), self.account.tabs)
        desk = self.node_form.beside()
        self.panel = ipw.VBox(
            [*self.screen, self.account.panel, self.unsaved_panel, desk, self.run_panel]
        )
        self._run: Run | None = None
        self._connect_canvas()
        if url is None:
            self._open_newest()
        else:
            self._greet()

    # -------------------------------------------------------- the session

    def login(self, email: str = "", password: str = "") -> Studio:
        """Sign in, here and in your other notebooks at this server; the embedded API asks for nothing.

        Raises:
            UnauthorizedError: E-mail and password do not fit, or are missing.
        """
        self.account.login(email, password)
        return self

    def logout(self, *, discard: bool = False) -> Studio:
        """Sign out, here and in your other notebooks at this server; nothing of yours stays behind.

        Args:
            discard: Give up unsaved edits, here and in other notebooks, and drafts not yet recovered.

        Raises:
            StoreError: Something is unsaved, and nothing was done; or something could not be taken away.
        """
        self.account.logout(discard=discard)
        return self

    # ------------------------------------------------------ the pipeline

    @property
    def recovered(self) -> tuple[RecoveredDraft, ...]:
        """Unsaved edits that a kernel left behind when it ended: ``studio.recovered[0].load()``."""
        return self.saver.drafts

    @property
    def conflict(self) -> Conflict | None:
        """What somebody else stored meanwhile, until you decide: ``studio.conflict.keep_mine()``."""
        return self.saver.conflict

    @property
    def graph(self) -> Graph:
        """The pipeline on the canvas."""
        return self.store.graph

    def open(self, pipeline: str, *, discard: bool = False) -> Studio:
        """Open a pipeline by its name or id; what is unsaved is saved first.

        What a kernel left unsaved of it when it ended is then in `recovered`, and offered above the canvas.

        Args:
            pipeline: Its name, or its id.
            discard: Give up unsaved edits instead of saving them.

        Raises:
            UnauthorizedError: Nobody is signed in.
            NotFoundError: There is none; the message names those there are.
            StoreError: The open pipeline could not be saved.
        """
        self._check_signed_in()
        self._leave(discard)
        found = self.pipelines.list().wait(SAVE_TIMEOUT)
        match = next((one for one in found if one.id == pipeline), None) or next(
            (one for one in found if one.name == pipeline), None
        )
        if match is None:
            names = ", ".join(repr(one.name) for one in found[:8]) or "none yet"
            raise NotFoundError(
                f"There is no pipeline {pipeline!r}; there are: {names}.", status=404
            )
        self._show(match.id, match.name)
        return self

    def new(
        self, name: str, graph: Graph | Mapping[str, Any] | None = None, *, discard: bool = False
    ) -> Studio:
        """Begin a pipeline, and store it.

        Args:
            name: What to call it.
            graph: What it begins with; nothing by default.
            discard: Give up unsaved edits of the open pipeline instead of saving them.

        Raises:
            StoreError: The open pipeline, or the new one, could not be saved.
        """
        self._check_signed_in()
        self._leave(discard)
        made = Graph() if graph is None else graph
        made = made if isinstance(made, Graph) else Graph.from_json(made)
        created = self.pipelines.create(name=name).wait(SAVE_TIMEOUT)
        stored = made
        if made.node_count:
            stored = self.pipelines.save_graph(created.id, made).wait(SAVE_TIMEOUT).graph
        self.saver.open(made, id=created.id, name=created.name, server=stored)
        return self

    def save(self) -> Studio:
        """Save now and wait until it is done.

        Raises:
            StoreError: It could not be saved; it stays unsaved and is tried again by itself.
        """
        self.saver.save(SAVE_TIMEOUT)
        return self

    def undo(self) -> bool:
        """Take back the newest step; False when there is none."""
        return self.store.undo()

    def redo(self) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        return self.store.redo()

    # --------------------------------------------------------------- runs

    @overload
    def agent(self, name: F) -> F: ...
    @overload
    def agent(self, name: str) -> Callable[[F], F]: ...

    def agent(self, name: Any) -> Any:
        """Have nodes and agents of this name call a function.

        Use it as a decorator, ``@studio.agent("Billing")``, or bare, ``@studio.agent``, for a node called
        like the function.

        Raises:
            RunError: It is no function.
        """
        if callable(name):
            self.functions.register(getattr(name, "__name__", ""), name)
            return name

        def register(function: F) -> F:
            self.functions.register(name, function)
            return function

        return register

    def run(self, inputs: Mapping[str, Any] | None = None) -> Run:
        """Run the pipeline on the canvas; returns at once.

        Args:
            inputs: What it works on, by name.

        Returns:
            A handle: ``run.wait()``, ``await run``, ``run["Billing"].output``, ``run.cancel()``.

        Raises:
            NotRunnableError: It cannot run as it stands; the message names every reason.
        """
        run = start(
            self.store.graph,
            inputs,
            loop=self._loop,
            functions=self.functions,
            registry=self.kinds,
        )
        self._run = run
        follow(run, self.execution, self._loop)
        return run

    def cancel(self) -> None:
        """Cancel the newest run, if it still goes on."""
        if self._run is not None:
            self._run.cancel()

    # ------------------------------------------------------------- within

    def close(self) -> None:
        """Close the widgets and connections; what is unsaved is saved first, if that works."""
        self.cancel()
        with suppress(KaizenError):  # Said on the canvas; a server that is away must not keep us.
            self.save()
        self.account.close()
        self.saver.close()
        parts = (self.unsaved_panel, self.run_panel, self.node_form, self.canvas, *self.screen)
        for part in (*parts, self.panel):
            part.close()
        self.query_client.unmount()
        for kept in self._kept:
            kept.close()
        self._loop.wait(self.api.transport.aclose(), SAVE_TIMEOUT)
        self._connection.close()

    def _connect_canvas(self) -> None:
        # Whoever hears from the server again, a save that failed is tried at once.
        self.query_client.online.subscribe(lambda on: on and self.saver.reachable())
        self.query_client.query_cache.subscribe(self._heard_from_server)
        self.canvas.show_saving(self.autosave)
        self.canvas.show_run(self.execution)
        self.canvas.on_command("run", self._run_from_canvas)
        self.canvas.on_command("cancel", self.cancel)
        self.canvas.on_command("save", self.autosave.flush)

    def _heard_from_server(self, event: QueryCacheEvent) -> None:
        state = event.query.state
        if event.type == "updated" and state.status == "success" and state.fetch_status == "idle":
            self.saver.reachable()

    def _found_changes(self, count: int) -> None:
        many = "A change" if count == 1 else f"{count} changes"
        self.ui.add_notification(
            "Going on", f"{many} from before the kernel ended will be made now.", type="info"
        )

    def _run_from_canvas(self) -> None:
        self.run(self.run_panel.read_inputs())

    def _open_newest(self) -> None:
        found = self.pipelines.list(status="active").wait(SAVE_TIMEOUT)
        found = found or self.pipelines.list(status="draft").wait(SAVE_TIMEOUT)
        if found:
            newest = max(found, key=lambda one: str(one.updated_at))
            self._show(newest.id, newest.name)

    def _show(self, pipeline_id: str, name: str) -> None:
        # Who opens one wants it as it is, not as it was some minutes ago.
        self.pipelines.changed_elsewhere(pipeline_id)
        graph = self.pipelines.load_graph(pipeline_id).wait(SAVE_TIMEOUT)
        agents = self.agents.list().wait(SAVE_TIMEOUT)
        self.functions.names.update({agent.id: agent.name for agent in agents})
        self.saver.open(graph, id=pipeline_id, name=name)
        self.execution.reset()

    def _check_signed_in(self) -> None:
        if not self.auth.has_tokens:
            why = self.auth.message or f"Nobody is signed in at {self.api.transport.base_url}."
            raise UnauthorizedError(f"{why} Call studio.login(email, password).", status=401)

    def _greet(self) -> None:
        """Ask who is signed in, or say why somebody has to sign in again."""
        if self.auth.has_tokens:
            self.api.auth.resume()
        elif self.auth.message:
            self.ui.add_notification("Signed out", self.auth.message, type="warning", duration=0)

    def _leave(self, discard: bool) -> None:
        if not discard:
            self.save()

    def _forget_user(self) -> None:
        self.cancel()
        self._run = None
        self.functions.names.clear()
        self.execution.reset()
        self.ui.set({"notifications": ()})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle: Any = self.panel._repr_mimebundle_(include=include, exclude=exclude)
        return bundle | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        where = "embedded" if self._connection.database is not None else self.api.transport.base_url
        return f"Studio({where}, pipeline={self.store.pipeline_name!r})"
