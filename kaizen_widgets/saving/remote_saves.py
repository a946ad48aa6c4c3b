"""Watches for saves of the open pipeline by the user's other studios, so that no old version is shown.

The studios announce saves in the file they share (`SaveNotices`). For a notice it has not seen,
`RemoteSaves` loads the pipeline from the server, one request at a time; `PipelineSaver` decides what
to do with the result.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kaizen_widgets.api.pipelines import Pipelines
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import ConnectError, KaizenError, TimedOutError
from kaizen_widgets.saving.conflicts import ServerVersion
from kaizen_widgets.saving.locking import run_locked
from kaizen_widgets.saving.save_notices import SaveNotices
from kaizen_widgets.stores import CanvasStore

logger = logging.getLogger(__name__)


class RemoteSaves:
    """Loads what other studios saved of the pipeline in a canvas store.

    Args:
        store: Canvas store with the open pipeline; its lock is held for ``adopt``.
        pipelines: Pipelines of the server.
        notices: Notices of the user's studios.
        loop: Background loop on which requests are sent.
        version: Returns an object that is replaced by another one after every save or opening here.
        adopt: Called with the loaded version while the store's lock is held.
    """

    def __init__(
        self,
        store: CanvasStore,
        pipelines: Pipelines,
        notices: SaveNotices,
        *,
        loop: BackgroundLoop,
        version: Callable[[], object],
        adopt: Callable[[ServerVersion], object],
    ) -> None:
        self._store = store
        self._pipelines = pipelines
        self._notices = notices
        self._loop = loop
        self._version = version
        self._adopt = adopt
        self._lock = threading.Lock()
        self._seen: tuple[str, str] = ("", "")
        self._loading = False

    def check(self) -> None:
        """Load the open pipeline if there is a notice that was not seen yet."""
        with self._lock:
            if self._loading or self._unseen() is None:
                return
            self._loading = True
        self._loop.start(self._load())

    def publish(self, pipeline_id: str) -> None:
        """Publish a save made here; called under the save lock, so that notices keep the order of saves."""
        self._seen = (pipeline_id, self._notices.publish(pipeline_id))

    def purge(self) -> None:
        """Delete all notices."""
        self._notices.purge()

    # -------------------------------------------------------------- private

    def _unseen(self) -> tuple[str, str] | None:
        """Return the open pipeline's id and notice if that notice was not seen yet."""
        pipeline_id = self._store.pipeline_id
        notice = self._notices.get(pipeline_id) if pipeline_id else ""
        found = (pipeline_id or "", notice)
        return found if notice and found != self._seen else None

    async def _load(self) -> None:
        while True:
            with self._lock:
                unseen = self._unseen()
                if unseen is None:
                    self._loading = False
                    return
            try:
                await self._load_version(unseen)
            except (ConnectError, TimedOutError) as error:
                # The notice stays unseen, so the next check tries again.
                logger.info("What another notebook saved could not be loaded yet: %s", error)
                self._loading = False
                return
            except KaizenError as error:
                # Archived, or no longer accessible: another request would have the same result.
                logger.info("What another notebook saved cannot be loaded: %s", error)
                self._seen = unseen
            except BaseException:
                self._loading = False
                raise

    async def _load_version(self, unseen: tuple[str, str]) -> None:
        version, pipeline_id = self._version(), unseen[0]
        self._pipelines.changed_elsewhere(pipeline_id)
        detail = await self._pipelines.endpoints.get(pipeline_id)

        def adopt() -> None:
            if self._version() is version:
                self._seen = unseen
                self._adopt(ServerVersion(detail.graph, detail.etag))
            # Otherwise this studio saved or opened something in the meantime; the loop loads again.

        await run_locked(self._store, adopt)

    def __repr__(self) -> str:
        return f"RemoteSaves({self._notices!r})"
