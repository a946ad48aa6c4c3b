"""The studio connects canvas, auto-save, runs and the API; it is the only module that imports them all.

    studio = Studio()                                # the embedded API, nothing to start
    studio = Studio("https://kaizen.example.com")    # or a Kaizen Studio server
    studio                                           # in a cell: the whole app

Every part is an attribute and also works without the studio.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, overload

from kaizen_widgets.api import Api, Resources, studio_defaults
from kaizen_widgets.core.background import BackgroundLoop, background
from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.engines import Run
from kaizen_widgets.engines.run_comparison import RunComparison
from kaizen_widgets.errors import (
    KaizenError,
)
from kaizen_widgets.evaluation import Evaluation
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions, UsageLimits, default_registry
from kaizen_widgets.query import Persister, QueryCacheEvent, QueryClient
from kaizen_widgets.runs import RunPlan
from kaizen_widgets.runs.runner import LAST
from kaizen_widgets.saving import (
    Conflict,
    PersistedMutations,
    PipelineSaver,
    RecoveredDraft,
    VersionHistory,
    persist_queries,
)
from kaizen_widgets.stores import CanvasStore, ExecutionStore, UIStore
from kaizen_widgets.studio.account import Account
from kaizen_widgets.studio.connection import connect
from kaizen_widgets.studio.current_pipeline import CurrentPipeline
from kaizen_widgets.studio.evaluations import Evaluations
from kaizen_widgets.studio.node_buttons import connect_node_buttons
from kaizen_widgets.studio.notebook_functions import NotebookFunctions
from kaizen_widgets.studio.panels import PanelAttribute, StudioPanels
from kaizen_widgets.studio.python_cell import PythonCell
from kaizen_widgets.studio.studio_app import StudioApp
from kaizen_widgets.studio.studio_model import StudioModel
from kaizen_widgets.studio.studio_runs import StudioRuns, inputs_of
from kaizen_widgets.widgets import (
    AgentsPanel,
    Canvas,
    DeploymentsPanel,
    EvaluationPanel,
    GatewaysPanel,
    MetricsPanel,
    NodeCalls,
    NodeForm,
    Notifications,
    PipelinesPanel,
    PoliciesPanel,
    RunPanel,
    TeamPanel,
    Theme,
    UnsavedPanel,
    UserPanel,
    VersionsPanel,
)
from kaizen_widgets.widgets.dialog import DialogHost
from kaizen_widgets.widgets.node_drawer import NodeDrawer
from kaizen_widgets.widgets.pipeline_problems import PipelineProblems

F = TypeVar("F", bound=Callable[..., Any])

TIMEOUT = 30.0
"""Seconds to wait for the server."""


class Studio(Resources):
    """An agent studio in a notebook.

    On the embedded API it opens the pipeline that was worked on last.

    Args:
        url: Address of a Kaizen Studio server; by default the embedded API is used.
        data: SQLite file of the embedded API, by default in your data folder; ``":memory:"`` stores
            nothing on disk.
        token: Access token for ``url``, kept in memory only; or sign in with `login`.
        height: Height of the canvas in pixels.
        loop: Background loop on which fetches, saves and runs are executed.
        new_id: Generates ids.

    Raises:
        PersistError: The embedded API's file cannot be used.
        TransportError: ``url`` is not a valid address.
    """

    run_panel = PanelAttribute(RunPanel, "run")
    evaluation_panel = PanelAttribute(EvaluationPanel, "evaluation")
    agents_panel = PanelAttribute(AgentsPanel, "agents")
    pipelines_panel = PanelAttribute(PipelinesPanel, "pipelines")
    deployments_panel = PanelAttribute(DeploymentsPanel, "deployments")
    gateways_panel = PanelAttribute(GatewaysPanel, "gateways")
    metrics_panel = PanelAttribute(MetricsPanel, "metrics")
    team_panel = PanelAttribute(TeamPanel, "team")
    policies_panel = PanelAttribute(PoliciesPanel, "policies")
    user_panel = PanelAttribute(UserPanel, "user")
    versions_panel = PanelAttribute(VersionsPanel, "versions")

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
        self.functions = Functions()
        connection = self._connection = connect(
            url,
            data=data,
            token=token,
            loop=loop,
            new_id=new_id,
            model=StudioModel(self.functions.models),
        )
        self.auth = connection.auth
        self.query_client = QueryClient(loop=loop, clock=loop, default_options=studio_defaults())
        self.query_client.mount()
        self.api = Api(
            connection.transport,
            self.query_client,
            workspace_id=connection.workspace_id,
            session=self.auth,
        )
        self.share_resources(self.api)
        self._persisters: list[Persister | PersistedMutations] = []
        if url is not None and connection.storage is not None:
            # Not for the embedded API, whose own file is as fast as a persisted cache.
            queries = persist_queries(
                self.query_client,
                connection.storage,
                address=connection.scope,
                session=self.auth,
            )
            self._persisters.append(queries)
        self.ui = UIStore(clock=loop, new_id=new_id)
        ui_persistence = self.ui.persist(connection.storage) if connection.storage else None
        if connection.storage is not None and connection.leases is not None:
            mutations = PersistedMutations(
                self.query_client,
                connection.storage,
                connection.leases,
                address=connection.scope,
                session=self.auth,
                ping=self.api.auth.endpoints.me,
                on_found=self._mutations_restored,
            )
            self._persisters.append(mutations)
        self.kinds = default_registry()
        self.store = CanvasStore(new_id=new_id, now=loop.now)
        self.python_cell = PythonCell(self.store, self)
        self.evaluations = Evaluations(self.store, self.kinds, self.functions, self.agents, loop)
        self.execution = ExecutionStore(now=loop.now)
        self.saver = PipelineSaver(
            self.store,
            self.pipelines,
            loop=loop,
            journal=connection.journal(),
            leases=connection.leases,
            notices=connection.save_notices(),
            scope=connection.scope,
            new_id=new_id,
        )
        self.autosave = self.saver.autosave
        self.versions = VersionHistory(self.saver, self.pipeline_versions, loop)
        self.deployments.endpoints.before_deploy = self.versions.save_points.before_deploy
        self.executions.default_pipeline_id = lambda: self.store.pipeline_id
        self.canvas = Canvas(
            self.store, height=height, registry=self.kinds, clock=loop, toolbar=False
        )
        self.dialogs = DialogHost()
        self.node_calls = NodeCalls(
            self.store, self.kinds, self.functions, self.agents, show=self.canvas.set_node_facts
        )
        self.problems = PipelineProblems(
            self.store, self.kinds, self.functions, clock=loop, show=self.node_calls.set_problems
        )
        self.node_calls.subscribe(self.problems.check_soon)
        self._notebook = NotebookFunctions(self.functions, self.kinds, self.node_calls.refresh)
        self._current = CurrentPipeline(
            self.api,
            self.saver,
            self.node_calls,
            self.execution,
            last_opened=connection.last_opened(),
            check_signed_in=lambda: self.account.check_signed_in(),
        )
        self._runs = StudioRuns(
            self.store,
            self.canvas,
            self.execution,
            self.functions,
            self.kinds,
            self.agents,
            self.node_calls,
            loop=loop,
            new_id=new_id,
            storage=connection.storage,
            scope=connection.scope,
        )
        self.runner = self._runs.runner
        self.cache = self.runner.cache
        self.runs = self.runner.history
        self._node_form: NodeForm | None = None
        self.drawer = NodeDrawer(
            self.canvas,
            lambda: self.node_form,
            self.execution,
            run=lambda: self.last_run,
            canvas_name="studio.canvas",
            versions=self.versions,
            clock=loop,
        )
        self.account = Account(
            self.api,
            self.saver,
            self.canvas,
            self.ui,
            connection=connection,
            ui_persistence=ui_persistence,
            forget_user=self._forget_user,
            open_pipeline=self._current.begin_session,
        )
        self.unsaved_panel = UnsavedPanel(self.saver, now=loop.now)
        self.notifications = Notifications(self.ui)
        self.screen = (Theme(self.ui), self.account.tabs)
        self.panels = StudioPanels(self)
        self._connect_canvas()
        self.app = StudioApp(self, self.panels, has_users=connection.local is None)
        if url is None:
            self._current.open_last()
        else:
            self._check_session()

    # -------------------------------------------------------- the session

    def login(self, email: str = "", password: str = "") -> None:
        """Sign in, here and in your other notebooks that use this server.

        On the embedded API the local user needs neither e-mail nor password.

        Raises:
            UnauthorizedError: E-mail or password is wrong or missing.
        """
        self.account.login(email, password)

    def logout(self, *, discard: bool = False) -> None:
        """Sign out, here and in your other notebooks that use this server; your data is deleted here.

        Args:
            discard: Give up unsaved edits, here and in other notebooks, and drafts not yet recovered.

        Raises:
            StoreError: Something is unsaved, and nothing was done; or something could not be deleted.
        """
        self.account.logout(discard=discard)

    # ------------------------------------------------- parts built when needed

    @property
    def node_form(self) -> NodeForm:
        """The form of the selected node."""
        if self._node_form is None:
            self._node_form = NodeForm(self.canvas, calls=self.node_calls, dialogs=self.dialogs)
        return self._node_form

    # ------------------------------------------------------ the pipeline

    @property
    def recovered(self) -> tuple[RecoveredDraft, ...]:
        """Unsaved edits that can be recovered: ``studio.recovered[0].load()``."""
        return self.saver.drafts

    @property
    def conflict(self) -> Conflict | None:
        """The conflict with what someone else saved, if there is one: ``studio.conflict.keep_mine()``."""
        return self.saver.conflict

    @property
    def last_run(self) -> Run | None:
        """The run that was started last, or None."""
        return self._runs.last

    @property
    def graph(self) -> Graph:
        """The graph on the canvas."""
        return self.store.graph

    def open(self, pipeline: str, *, create: bool = False, discard: bool = False) -> None:
        """Open a pipeline; unsaved edits of the open one are saved first.

        Edits of it that an ended kernel left unsaved are offered above the canvas and in `recovered`.

        Args:
            pipeline: Name or id of the pipeline.
            create: Create a pipeline of this name if there is none.
            discard: Give up unsaved edits instead of saving them.

        Raises:
            UnauthorizedError: No user is signed in.
            NotFoundError: There is no such pipeline; the message lists those that exist.
            StoreError: The open pipeline could not be saved.
        """
        self._current.open(pipeline, create=create, discard=discard)

    def new(
        self, name: str, graph: Graph | Mapping[str, Any] | None = None, *, discard: bool = False
    ) -> None:
        """Create a pipeline, store it and open it; unsaved edits of the open one are saved first.

        Args:
            name: Name of the pipeline.
            graph: Its first graph, as a `Graph` or React Flow JSON; empty by default.
            discard: Give up unsaved edits of the open pipeline instead of saving them.

        Raises:
            StoreError: There is a pipeline of this name, or the open one could not be saved.
            GraphError: ``graph`` is not a valid graph.
        """
        self._current.new(name, graph, discard=discard)

    def rename(self, name: str) -> None:
        """Give the open pipeline another name, which is saved like an edit.

        Raises:
            UnauthorizedError: No user is signed in.
            StoreError: The name is empty, too long, or another pipeline's.
        """
        self._current.rename(name)

    def duplicate(self, name: str | None = None) -> None:
        """Create a copy of the open pipeline and open it.

        Args:
            name: Its name; by default the open one's with "copy".

        Raises:
            UnauthorizedError: No user is signed in.
            StoreError: The name is another pipeline's, or the open pipeline could not be saved.
        """
        self._current.duplicate(name)

    def archive(self) -> None:
        """Archive the open pipeline, which is then no longer listed, and open the one worked on last.

        Unsaved edits are saved first, so that it comes back as it was left.

        Raises:
            UnauthorizedError: No user is signed in.
            StoreError: It is not on the server, or could not be saved.
        """
        self._current.archive()

    def import_graph(self, name: str, graph: Graph | Mapping[str, Any]) -> None:
        """Create a pipeline from a graph and open it; a number is added to a name that is taken.

        Raises:
            UnauthorizedError: No user is signed in.
            GraphError: ``graph`` is not a valid graph.
        """
        self._current.import_graph(name, graph)

    def export_text(self) -> tuple[str, str]:
        """Return a file name and the open pipeline as React Flow JSON, without secrets."""
        return self._current.export_text()

    def checked_name(self, name: str) -> str:
        """Return a name that the open pipeline or a new one can have, without the spaces around it.

        Raises:
            UnauthorizedError: No user is signed in.
            StoreError: The name is empty, too long, or another pipeline's.
        """
        return self._current.checked_name(name)

    def save(self) -> None:
        """Save now and wait until it is done.

        Raises:
            StoreError: It could not be saved. The edits stay unsaved and are retried automatically.
        """
        self.saver.save(TIMEOUT)

    def add_node(self, node: Node | Mapping[str, Any] | None = None, **keys: Any) -> Node:
        """Add a node to the pipeline; see `CanvasStore.add_node`."""
        return self.store.add_node(node, **keys)

    def connect(self, source: str | Node, target: str | Node, **keys: Any) -> Edge | None:
        """Add an edge between two nodes of the pipeline; see `CanvasStore.connect`."""
        return self.store.connect(source, target, **keys)

    def set_graph(self, graph: Graph) -> None:
        """Make the pipeline equal to a graph, as one step; nodes that are there keep place and secrets."""
        self.python_cell.set_graph(graph)

    def insert_cell(self) -> None:
        """Put the pipeline as a cell of Python below the running cell; running it edits the canvas.

        Raises:
            RunError: No cell of a notebook is running.
        """
        self.python_cell.insert()

    def group(self, nodes: Iterable[str | Node], *, label: str = "Subflow") -> Node:
        """Put nodes into one node whose work is their pipeline; see `Canvas.group`."""
        return self.canvas.group(nodes, label=label)

    def ungroup(self, subflow: str | Node) -> tuple[Node, ...]:
        """Put the nodes of a subflow beside the others; see `Canvas.ungroup`."""
        return self.canvas.ungroup(subflow)

    def undo(self) -> bool:
        """Undo the last step; False when there is none."""
        return self.store.undo()

    def redo(self) -> bool:
        """Redo the step that was undone last; False when there is none."""
        return self.store.redo()

    # --------------------------------------------------------------- runs

    @overload
    def agent(self, name: F) -> F: ...
    @overload
    def agent(self, name: str) -> Callable[[F], F]: ...

    def agent(self, name: Any) -> Any:
        """Register the function that nodes and agents with a name call.

        Use it as a decorator, ``@studio.agent("Billing")``, or without a name, ``@studio.agent``, for
        nodes named like the function.

        Raises:
            RunError: The argument is neither a name nor a function.
        """
        return self._notebook.agent(name)

    def node(self, function: Callable[..., Any] | None = None, /, **look: Any) -> Any:
        """Register a node kind made of a typed function, and return the function.

        Use it as a decorator, ``@studio.node`` or ``@studio.node(title="Shorten", color="#3b82f6")``; see
        `kaizen_widgets.node` for what becomes of the parameters.

        Raises:
            RunError: The function cannot be a kind; the message says why.
        """
        return self._notebook.node(function, look)

    def tool(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str = "",
        requires_approval: bool = False,
    ) -> Any:
        """Register a function that the models of agents may call, under its name or another.

        Its annotations and docstring tell the model how. An agent may call it once the agent's tools, or
        the ``tools`` of its node, name it.

        Args:
            function: The function.
            name: Name of the tool; by default that of the function.
            requires_approval: Whether a person must approve each call: until then the node waits, and
                shows the tool's name and arguments. ``run["Support"].approve({"amount": 5})`` corrects them.

        Raises:
            RunError: It is no function.
        """
        return self._notebook.tool(function, name, requires_approval=requires_approval)

    def use_model(self, model: Any, *agents: str) -> None:
        """Let a model of pydantic-ai answer for agents, in place of their own; also on the embedded server.

        Args:
            model: Such as pydantic-ai's ``TestModel()`` or ``FunctionModel(...)``; None for the agents' own.
            agents: Names or ids of the agents; none for all others.
        """
        self.functions.models.use(model, *agents)
        self.node_calls.refresh()

    def offline(self, is_offline: bool = True) -> None:
        """Allow no request to a provider of models; models set with `use_model` still answer."""
        self.functions.models.is_offline = is_offline
        self.node_calls.refresh()

    @property
    def budget(self) -> UsageLimits:
        """Limits of what the models of one run may use together: ``UsageLimits(cost_limit=0.05)``."""
        return self.functions.models.budget

    @budget.setter
    def budget(self, budget: UsageLimits | None) -> None:
        self.functions.models.budget = budget or UsageLimits()

    def run(
        self,
        inputs: Mapping[str, Any] | str | None = None,
        *,
        from_: str | Iterable[str] | None = None,
        to: str | Iterable[str] | None = None,
        only: str | Iterable[str] | None = None,
        time_limit: float | None = None,
        repeat: bool = False,
        **named: Any,
    ) -> Run:
        """Run the pipeline on the canvas, or a part of it, without waiting for its end.

        Args:
            inputs: Inputs by name, or one text, which becomes the input ``text``. By default those of the
                last run, where its results are kept.
            from_: Ids or labels of nodes that run with all that comes after them; the others keep what they
                gave in the last run, unless they changed.
            to: Ids or labels of nodes up to which it runs.
            only: Ids or labels of nodes that run alone, on what reached them in the last run.
            time_limit: Seconds after which the run is stopped and fails; None for no limit.
            repeat: Let nodes that reached outside in the last run do it again without asking.
            named: More inputs by name: ``studio.run(text="my invoice")``.

        Returns:
            A handle: ``run.wait()``, ``await run``, ``run["Billing"].output``, ``run.cancel()``.

        Raises:
            NotRunnableError: The pipeline cannot be run; the message lists every reason.
            UnknownNodeError: There is no node of a name given.
            RunError: ``inputs`` is neither a mapping nor a text.
            TransportError: An agent that has to ask its model could not be read from the server.
        """
        return self.runner.run(
            inputs_of(inputs, named),
            from_=from_,
            to=to,
            only=only,
            time_limit=time_limit,
            repeat=repeat,
        )

    def plan(
        self,
        inputs: Mapping[str, Any] | str | None = None,
        *,
        from_: str | Iterable[str] | None = None,
        to: str | Iterable[str] | None = None,
        only: str | Iterable[str] | None = None,
        **named: Any,
    ) -> RunPlan:
        """Return what `run` would do with the same arguments, without running anything.

        Raises:
            NotRunnableError: The pipeline cannot be run; the message lists every reason.
            UnknownNodeError: There is no node of a name given.
        """
        return self.runner.plan(inputs_of(inputs, named), from_=from_, to=to, only=only)

    def pin(self, node: str, value: Any = LAST) -> None:
        """Let a node give a value without running: its output in the last run, or another one.

        Pins last until `unpin` or the end of the kernel.

        Args:
            node: Id or label of the node.
            value: The value; by default its output in the last run.

        Raises:
            UnknownNodeError: There is no such node.
            RunError: It has given nothing yet, or asks a person.
        """
        self.runner.pin(node, value)

    def unpin(self, node: str) -> None:
        """Let a pinned node run again.

        Raises:
            UnknownNodeError: There is no such node.
        """
        self.runner.unpin(node)

    def accept(self, node: str) -> None:
        """Count a stale node as up to date: re-runs use what it gave, until it is changed again.

        Raises:
            UnknownNodeError: There is no such node.
            RunError: It gave nothing in the last run.
        """
        self.runner.accept(node)

    def show_comparison(self, comparison: RunComparison) -> None:
        """Mark on the canvas what a comparison found, ``studio.show_comparison(run.compare(other))``.

        The nodes that both runs have and whose state or output differs are marked as changed until the next
        run, or `hide_comparison`.

        Raises:
            RunError: It is no comparison, or one of runs of another pipeline than the open one.
        """
        self._runs.marks.show_comparison(comparison)

    def hide_comparison(self) -> None:
        """Take the marks of `show_comparison` from the canvas."""
        self._runs.marks.hide_comparison()

    def evaluate(
        self,
        table: Any,
        evaluators: Any = (),
        *,
        graph: Graph | None = None,
        name: str = "",
        expected: str | None = None,
        inputs: Sequence[str] | None = None,
        file: str | os.PathLike[str] | None = None,
        max_concurrency: int = 4,
        time_limit: float | None = None,
        cost_limit: float | None = None,
    ) -> Evaluation:
        """Run the pipeline on each row of a table and judge the outputs, without waiting for the end.

        Args:
            table: A data frame of pandas or polars, or a list of dicts.
            evaluators: Evaluators of pydantic-evals, such as ``EqualsExpected()``, and functions whose
                parameters are named ``output``, ``expected_output``, ``inputs`` or ``duration``, such as
                ``lambda output: len(output) < 200``.
            graph: Another variant of the pipeline; by default the one on the canvas.
            name: Name of the evaluation, such as what is different.
            expected: Column of the expected output; by default ``expected``, if there is one.
            inputs: Columns that are inputs of the run; by default all others.
            file: File to which finished rows are written. Those in it are not run again, unless the row,
                the pipeline, a function or an evaluator has changed.
            max_concurrency: How many rows are run at the same time.
            time_limit: Seconds after which the run of a row is stopped and fails; None for no limit.
            cost_limit: US dollars after which no more rows are started; None for no limit.

        Returns:
            A handle: ``evaluation.wait()``, ``.to_frame()``, ``.failures``, ``.compare(other)``.

        Raises:
            NotRunnableError: The pipeline cannot be run; the message lists every reason.
            RunError: The table, an evaluator or the file cannot be used, or pydantic-evals is not installed.
        """
        return self.evaluations.start(
            table,
            evaluators,
            graph=graph,
            name=name,
            expected=expected,
            inputs=inputs,
            file=file,
            max_concurrency=max_concurrency,
            time_limit=time_limit,
            cost_limit=cost_limit,
        )

    def cancel(self) -> None:
        """Cancel the last run if it is still running."""
        self._runs.cancel()

    def close(self) -> None:
        """Save, then close the widgets and connections."""
        self.cancel()
        self.evaluations.forget()
        # The canvas shows a failed save; an unreachable server must not prevent closing.
        with suppress(KaizenError):
            self.save()
        self.account.close()
        self.problems.close()
        self._runs.close()
        self.node_calls.close()
        self.saver.close()
        self.app.close()
        self.panels.close()
        self.drawer.close()
        if self._node_form is not None:
            self._node_form.close()
        for part in (self.unsaved_panel, self.canvas, *self.screen, self.notifications):
            part.close()
        self.dialogs.close()
        self.query_client.unmount()
        for persister in self._persisters:
            persister.close()
        self._loop.wait(self.api.transport.aclose(), TIMEOUT)
        self._connection.close()

    # ------------------------------------------------------------ private

    def _connect_canvas(self) -> None:
        # As soon as the server answers any request, a save that failed is retried.
        self.query_client.online.subscribe(lambda online: online and self.saver.server_reachable())
        self.query_client.query_cache.subscribe(self._on_query_event)
        self.canvas.show_saving(self.autosave)
        self.canvas.show_run(self.execution)
        self.canvas.on_command("run", self._run_from_canvas)
        self.canvas.on_command("cancel", self.cancel)
        self.canvas.on_command("save", self.autosave.flush)
        connect_node_buttons(self)

    def _on_query_event(self, event: QueryCacheEvent) -> None:
        state = event.query.state
        if event.type == "updated" and state.status == "success" and state.fetch_status == "idle":
            self.saver.server_reachable()

    def _mutations_restored(self, count: int) -> None:
        changes = "A change" if count == 1 else f"{count} changes"
        self.ui.add_notification(
            "Resuming", f"{changes} from before the kernel ended will be made now.", type="info"
        )

    def _run_from_canvas(self) -> None:
        self.run()

    def _check_session(self) -> None:
        """Ask the server who is signed in, or notify why the user has to sign in again."""
        if self.auth.has_tokens:
            self.api.auth.resume()
            self.node_calls.follow_agents()
        elif self.auth.message:
            notice = self.ui.add_notification(
                "Signed out", self.auth.message, type="warning", duration=0
            )
            self.auth.subscribe(
                lambda _state, _before: self.auth.has_tokens and self.ui.remove_notification(notice)
            )

    def _forget_user(self) -> None:
        self._runs.forget()
        self.evaluations.forget()
        self.node_calls.forget_agents()
        self.execution.reset()
        self.ui.set({"notifications": ()})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle: Any = self.app._repr_mimebundle_(include=include, exclude=exclude)
        return bundle | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        where = "embedded" if self._connection.database is not None else self.api.transport.base_url
        return f"Studio({where}, pipeline={self.store.pipeline_name!r})"
