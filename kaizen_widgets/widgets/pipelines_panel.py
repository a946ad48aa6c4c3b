"""PipelinesPanel: the pipelines of the organization, to open, create, rename, duplicate, deploy and archive.

PipelinesPanel(studio)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import ipywidgets as ipw
from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.displays.grid_column import Tone
from kaizen_widgets.errors import InvalidInputError, KaizenError
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.graph.with_new_ids import renamed
from kaizen_widgets.runs import RunHistory
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.last_runs import activity_of
from kaizen_widgets.widgets.resource_panel import ResourcePanel
from kaizen_widgets.widgets.throttle import Throttle

STATUSES: Final = {
    "In use": None,
    "Active": "active",
    "Drafts": "draft",
    "Archived": "archived",
}
"""What the Show menu offers, and the status that the server filters by."""
TONES: Final[Mapping[str, Tone]] = {"active": "good", "draft": "muted", "archived": "muted"}
RUN_TONES: Final[Mapping[str, Tone]] = {
    "completed": "good",
    "failed": "bad",
    "stopped": "muted",
    "cancelled": "muted",
    "running": "accent",
}
RUN_COLUMNS: Final = ("last_run", "last_run_at", "took", "runs")
"""Columns of a pipeline's runs, which are shown where there are any."""
PipelineName = Annotated[str, Field(min_length=1, max_length=200)]


class PipelineInput(BaseModel):
    """A pipeline as it is filled in by a user."""

    model_config = ConfigDict(title="Pipeline")

    name: PipelineName
    pattern: Annotated[str, Field(min_length=1)] = "sequential"
    description: Annotated[
        str, Field(max_length=2000), Hint(widget="long_text", more={"rows": 2})
    ] = ""


class DeployPipelineInput(BaseModel):
    """The environment a pipeline goes to, as it is chosen by a user."""

    model_config = ConfigDict(title="Deploy")

    environment: Annotated[
        str,
        Field(
            min_length=1, description="Each of its agents goes to the gateway of this environment."
        ),
        Hint(messages={"missing": "Choose an environment"}),
    ]


class PipelinesPanel(ResourcePanel):
    """The pipelines of the organization.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes; only a studio
            can open a pipeline, and has runs of its own, which count as those on the server do.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table; its ``selected``, ``search`` and ``sort`` are traits.
        show: The menu that chooses which pipelines are listed.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    # None until there are runs to follow: ipywidgets also closes a panel whose `__init__` raised.
    _unsubscribe_runs: Callable[[], None] | None = None
    _run_drawing: Throttle | None = None

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.pipelines: Any = getattr(resources, "pipelines", None)
        runs = getattr(resources, "runs", None)
        self._runs = runs if isinstance(runs, RunHistory) else None
        self.show = ipw.Dropdown(
            options=list(STATUSES), description="Show", layout=ipw.Layout(width="180px"),
            style={"description_width": "auto"},
        )  # fmt: skip
        archived = "It is archived: bring it back first."
        can_open = callable(getattr(resources, "open", None))
        opening = (
            [RowAction("open", "Open", "open", **self.gate("agents:read", _is_used, archived))]
            if can_open
            else []
        )
        super().__init__(
            resources,
            self.pipelines,
            columns=[
                Column("name", "Name", "title", second="description"),
                Column("pattern", "Pattern", "text"),
                Column("status", "State", "status", tones=TONES),
                Column("nodes", "Nodes", "number", value=lambda each: each.activity.node_count),
                Column(
                    "last_run",
                    "Last run",
                    "status",
                    value=lambda each: self._activity(each).last_status or None,
                    tones=RUN_TONES,
                ),
                Column(
                    "last_run_at",
                    "When",
                    "date",
                    value=lambda each: self._activity(each).last_executed_at,
                ),
                Column(
                    "took",
                    "Took",
                    "seconds",
                    value=lambda each: _seconds(self._activity(each).last_duration_ms),
                ),
                Column(
                    "runs",
                    "Runs",
                    "number",
                    value=lambda each: self._activity(each).execution_count,
                ),
                Column("updated_at", "Changed", "date"),
                Column("created_at", "Created", "date", is_hidden=True),
                Column("id", "Id", "id"),
            ],
            noun="pipelines",
            permission="agents:read",
            title="Pipelines",
            empty="No pipelines yet. A pipeline connects agents and functions; create one first.",
            # Pipelines have the permissions of agents.
            actions=[
                *opening,
                RowAction(
                    "edit", "Rename", "edit", **self.gate("agents:update", _is_used, archived)
                ),
                RowAction("duplicate", "Duplicate", "copy", **self.gate("agents:create")),
                RowAction(
                    "deploy",
                    "Deploy…",
                    "deploy",
                    **self.gate("deployments:create", _is_used, archived),
                ),
                RowAction(
                    "archive",
                    "Archive",
                    is_danger=True,
                    **self.gate("agents:delete", _is_used, "It is archived already."),
                ),
                RowAction(
                    "restore",
                    "Bring back",
                    **self.gate(
                        "agents:update", lambda each: not _is_used(each), "It is not archived."
                    ),
                ),
            ],
            toolbar=lambda: [RowAction("new", "New pipeline", "add", **self.gate("agents:create"))],
            handlers={
                "new": lambda _record: self.new_pipeline(),
                "open": self.open_pipeline,
                "edit": self.rename,
                "duplicate": self.duplicate,
                "deploy": self.deploy,
                "archive": self.archive,
                "restore": self.restore,
            },
            filters={"include": "activity"},
            select=self._chosen,
            optional_columns={
                "nodes": lambda each: each.activity is not None,
                **dict.fromkeys(RUN_COLUMNS, self._has_activity),
            },
            footer=[self.show],
            dialogs=dialogs,
        )
        if self._runs is not None:
            clock = self._client.environment.clock
            drawing = self._run_drawing = Throttle(
                lambda: self._drawing.post(self._show_runs), clock
            )
            self._unsubscribe_runs = self._runs.subscribe(drawing.changed)
        self.show.observe(lambda _change: self._filter(), names="value")
        self.grid.on_open(self.open_pipeline if can_open else self.rename)

    def close(self) -> None:
        """Close the panel, and stop observing the list and the runs."""
        unsubscribe, self._unsubscribe_runs = self._unsubscribe_runs, None
        if unsubscribe is not None:
            unsubscribe()
        if self._run_drawing is not None:
            self._run_drawing.close()
        super().close()

    # ------------------------------------------------------------- actions

    def open_pipeline(self, pipeline: Any) -> None:
        """Open a pipeline in the studio; unsaved edits of the open one are saved first."""
        name = _short(pipeline.name)
        self.say(f"Opening {name}…")

        def run() -> None:
            try:
                self.resources.open(pipeline.id)
            except (KaizenError, TimeoutError) as error:
                self.say(f"{name} could not be opened: {error}", problem=True)
            else:
                self.say(f"{name} is open.")

        # It waits for the server, which must not stop the kernel's other messages.
        self._client.loop.start(asyncio.to_thread(run))

    def new_pipeline(self) -> Dialog:
        """Show the form of a new pipeline in a dialog; return the dialog."""

        async def create(value: PipelineInput) -> Any:
            await self._check_name(value.name)
            return await self.pipelines.create(**value.model_dump())

        return self.show_form(
            "New pipeline",
            lambda: self.pipelines.patterns(),
            lambda patterns: self._form(
                PipelineInput, create, "is created", patterns=sorted(patterns)
            ),
            "Create pipeline",
        )

    def rename(self, pipeline: Any) -> Dialog | None:
        """Show the form of a pipeline in a dialog; return the dialog, or None if that is not allowed."""
        refused = self.access.reason("agents:update")
        if refused:
            self.say(refused, problem=True)
            return None
        values = {
            "name": pipeline.name,
            "description": pipeline.description,
            "pattern": pipeline.pattern,
        }

        async def update(value: PipelineInput) -> Any:
            if value.name != pipeline.name:
                await self._check_name(value.name)
            return await self.pipelines.update(pipeline.id, **value.model_dump())

        form = self._form(PipelineInput, update, "is saved", values=values)
        return self.dialogs.show(
            form_dialog(f"Rename {_short(pipeline.name)}", form, answer="Save pipeline")
        )

    def duplicate(self, pipeline: Any) -> Dialog:
        """Ask for a name, and create a pipeline with the same nodes; return the dialog."""
        values = {
            "name": f"{pipeline.name[:190]} copy",
            "description": pipeline.description,
            "pattern": pipeline.pattern,
        }

        async def copy(value: PipelineInput) -> Any:
            await self._check_name(value.name)
            graph = await self.pipelines.load_graph(pipeline.id).refetch()
            made = await self.pipelines.create(**value.model_dump())
            try:
                await self.pipelines.save_graph(made.id, renamed(graph, random_id))
            except KaizenError:
                # Half a copy would look like a pipeline without nodes.
                await self.pipelines.delete(made.id)
                raise
            return made

        form = self._form(PipelineInput, copy, "is created", values=values)
        return self.dialogs.show(
            form_dialog(f"Duplicate {_short(pipeline.name)}", form, answer="Create pipeline")
        )

    def deploy(self, pipeline: Any) -> Dialog:
        """Show a dialog that deploys a pipeline's agents to an environment; return the dialog."""

        async def run(value: DeployPipelineInput) -> Any:
            return await self.resources.deployments.deploy(pipeline.id, value.environment)

        def make(gateways: list[Any]) -> FormPanel:
            places = sorted(
                {gateway.environment for gateway in gateways if gateway.status == "active"}
            )
            form = FormPanel(
                DeployPipelineInput,
                run,
                title="",
                default_values={"environment": places[0]} if len(places) == 1 else None,
                options={"environment": lambda _values: places},
                on_success=lambda made: self.say(_deployed(_short(pipeline.name), made)),
            )
            if not places:
                form.status.value = (
                    "There is no active gateway: create one under Deployments first."
                )
            return form

        return self.show_form(
            f"Deploy {_short(pipeline.name)}",
            lambda: self.resources.gateways.list(),
            make,
            "Deploy",
        )

    def archive(self, pipeline: Any) -> Dialog:
        """Ask, and archive a pipeline; return the dialog."""
        name = _short(pipeline.name)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: self.pipelines.delete(pipeline.id),
            f"{name} is archived. To bring it back, choose Show: Archived.",
        )
        dialog = self.dialogs.confirm(
            f"Archive {name}?",
            "It is no longer listed. It can be brought back from the archive.",
            "Archive",
            answer,
        )
        return dialog

    def restore(self, pipeline: Any) -> None:
        """Bring an archived pipeline back, as a draft."""
        name = _short(pipeline.name)
        self.perform(
            f"Bring back {name}",
            lambda: self.pipelines.update(pipeline.id, status="draft"),
            f"{name} is back, as a draft.",
        )

    # ------------------------------------------------------------ internal

    def _activity(self, pipeline: Any) -> Any:
        return activity_of(pipeline, self._runs)

    def _has_activity(self, pipeline: Any) -> bool:
        return self._activity(pipeline) is not None

    def _show_runs(self) -> None:
        if self._is_open and self._rows:
            self.show_rows()

    def _form(
        self,
        model: type[BaseModel],
        save: Any,
        done: str,
        *,
        values: dict[str, Any] | None = None,
        patterns: Sequence[str] = (),
    ) -> FormPanel:
        return FormPanel(
            model,
            save,
            title="",
            default_values=values,
            options={"pattern": lambda _values: patterns} if patterns else {},
            on_success=lambda made: self.say(f"{_short(made.name)} {done}."),
        )

    async def _check_name(self, name: str) -> None:
        """Refuse the name of another pipeline, because pipelines are opened by name.

        Raises:
            InvalidInputError: The name is taken.
        """
        for other in await self.pipelines.list(search=name[:200]).refetch():
            if other.name == name and other.status != "archived":
                taken = (
                    f"There is already a pipeline {_short(name)!r}: open that one, or choose "
                    "another name."
                )
                raise InvalidInputError(taken, status=409, details={"name": [taken]})

    def _filter(self) -> None:
        self.set_filters(status=STATUSES[str(self.show.value)], include="activity")

    def _chosen(self, rows: list[Any]) -> list[Any]:
        """Return those with the chosen status, as servers may ignore the filter; else those in use."""
        status = self.filters.get("status")
        return [row for row in rows if (_is_used(row) if status is None else row.status == status)]


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _is_used(pipeline: Any) -> bool:
    return pipeline.status != "archived"


def _deployed(name: str, made: list[Any]) -> str:
    failed = [each for each in made if each.status == "failed"]
    agents = "1 agent" if len(made) == 1 else f"{len(made)} agents"
    if failed:
        return (
            f"{len(failed)} of {agents} of {name} could not be deployed: {failed[0].error_message}"
        )
    return f"{agents} of {name} deployed."


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
