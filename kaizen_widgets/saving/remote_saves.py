"""Follows what the user's other studios save of the open pipeline, so that nothing old is shown.

Told by a mark in the file they share (`SaveNotices`): who sees a new one asks the server, one question at a
time. What to do with the answer is for `PipelineSaver` to say.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kaizen_widgets.api.pipelines import Pipelines
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import ConnectError, KaizenError, TimedOutError
from kaizen_widgets.graph import Graph
from kaizen_widgets.saving.save_notices import SaveNotices
from kaizen_widgets.stores import CanvasStore

logger = logging.getLogger(__name__)


class Following:
    """What others save of the pipeline in one store.

    Args:
        store: The canvas's; its lock is this one's too.
        pipelines: The server's.
        marks: What the studios tell each other.
        loop: Where the server is asked.
        moment: Returns something that is another one after any save or opening of our own.
        adopt: Called with what the server has, holding the lock.
    """

    def __init__(
        self,
        store: CanvasStore,
        pipelines: Pipelines,
        marks: SaveNotices,
        *,
        loop: BackgroundLoop,
        moment: Callable[[], object],
        adopt: Callable[[Graph], object],
    ) -> None:
        self._store = store
        self._pipelines = pipelines
        self._marks = marks
        self._loop = loop
        self._moment = moment
        self._adopt = adopt
        self._lock = threading.Lock()
        self._seen: tuple[str, str] = ("", "")
        self._asking = False

    def look(self) -> None:
        """Somebody wrote to the file: ask the server if the open pipeline was saved."""
        with self._lock:
            if self._asking or self._unseen() is None:
                return
            self._asking = True
        self._loop.start(self._ask())

    def told(self, pipeline_id: str) -> None:
        """Tell the others of a save of our own; within the turn, so that the last mark is the last save's."""
        self._seen = (pipeline_id, self._marks.put(pipeline_id))

    def purge(self) -> None:
        """Leave no mark behind."""
        self._marks.purge()

    # -------------------------------------------------------------- within

    def _unseen(self) -> tuple[str, str] | None:
        pipeline_id = self._store.pipeline_id
        mark = self._marks.of(pipeline_id) if pipeline_id else ""
        now = (pipeline_id or "", mark)
        return now if mark and now != self._seen else None

    async def _ask(self) -> None:
        while True:
            with self._lock:
                now = self._unseen()
                if now is None:
                    self._asking = False
                    return
            try:
                await self._compare(now)
            except (ConnectError, TimedOutError) as error:
                # The mark stays unseen: it is asked again at the next look.
                logger.info("What another notebook saved could not be loaded yet: %s", error)
                self._asking = False
                return
            except KaizenError as error:
                # Archived, or not ours any more: asking again would be answered the same.
                logger.info("What another notebook saved cannot be loaded: %s", error)
                self._seen = now
            except BaseException:
                self._asking = False
                raise

    async def _compare(self, now: tuple[str, str]) -> None:
        moment = self._moment()
        self._pipelines.changed_elsewhere(now[0])
        theirs = await self._pipelines.endpoints.load_graph(now[0])
        with self._store.locked():
            if self._moment() is moment:
                self._seen = now
                self._adopt(theirs)
            # Else we saved, or opened another one, while this was on its way: asked anew.

    def __repr__(self) -> str:
        return f"Following({self._marks!r})"
