"""Versions that are stored by themselves, before something that a user may want to take back.

One is stored before the first edits of a session are saved, and again each hour in which there are edits;
one before a version is restored, and one before a pipeline is deployed; unless the newest version is the same
already. Servers without versions, as the public one, get none; nothing waits for a version that cannot be
stored.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kaizen_widgets.api.pipeline_versions import PipelineVersionCreate, PipelineVersions
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import KaizenError, StatusError
from kaizen_widgets.graph import Graph, same_content

if TYPE_CHECKING:
    from kaizen_widgets.saving.pipeline_saver import PipelineSaver

logger = logging.getLogger(__name__)
EVERY = 3600.0
"""Seconds between two versions of one document that is being edited."""
UNKNOWN_ROUTE = (404, 405, 501)
"""Statuses of servers that have no versions."""


class SavePoints:
    """The automatic versions of the open pipeline.

    Args:
        saver: Saver of the open pipeline.
        versions: Versions of the server's pipelines.
        loop: Its clock names the versions.
    """

    def __init__(
        self, saver: PipelineSaver, versions: PipelineVersions, loop: BackgroundLoop
    ) -> None:
        self._saver = saver
        self._versions = versions
        self._loop = loop
        self._has_versions = True
        self._epoch = ""
        self._stored_at = 0.0

    async def before_edits(self, pipeline_id: str, stored: Graph) -> None:
        """Store what the server has, at most once an hour for a document; called before each save."""
        epoch, now = self._saver.canvas.epoch, self._loop.now().timestamp()
        if epoch == self._epoch and now < self._stored_at + EVERY:
            return
        if await self.store(pipeline_id, stored, f"Before the edits of {self._now()}"):
            self._epoch, self._stored_at = epoch, now

    async def before_deploy(self, pipeline_id: str, stored: Graph, environment: str) -> None:
        """Store the pipeline that is about to be deployed, so that what runs there can be found again."""
        name = f"Before the deploy to {environment[:60]}, {self._now()}"
        await self.store(pipeline_id, stored, name)

    async def store(self, pipeline_id: str, stored: Graph, name: str) -> bool:
        """Store the pipeline as the server has it, unless the newest version is the same.

        Args:
            pipeline_id: Id of the pipeline.
            stored: Its graph on the server; an empty one is not worth a version.
            name: Name of the version.

        Returns:
            Whether there is nothing left to do; False if the server could not be asked.
        """
        if not self._has_versions or not stored.nodes:
            return True
        endpoints = self._versions.endpoints
        try:
            found = await endpoints.list(pipeline_id)
            if found:
                newest = await endpoints.get(pipeline_id, found[0].id)
                if same_content(newest.graph, stored):
                    return True
            await endpoints.create(pipeline_id, PipelineVersionCreate(name=name, is_automatic=True))
        except KaizenError as error:
            # A save point is a convenience: the save continues without it.
            logger.info("No automatic version was stored: %s", error)
            status = error.status if isinstance(error, StatusError) else None
            self._has_versions = status not in UNKNOWN_ROUTE
            return status is not None
        self._versions.made_elsewhere(pipeline_id)
        return True

    def _now(self) -> str:
        here = self._loop.now().astimezone()
        return f"{here.day} {here:%b %Y, %H:%M}"

    def __repr__(self) -> str:
        return f"SavePoints({self._saver.canvas.pipeline_name!r})"
