"""A model of a view that follows the protocol: the logic of js/src/canvas/replica.ts, for the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.core.clock import Timer
from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Batch, Graph, apply, digest
from kaizen_widgets.sync.canvas.messages import (
    Applied,
    DocumentVersion,
    Expected,
    Handled,
    Heartbeat,
    Hello,
    KernelMessage,
    Push,
    Redo,
    Refused,
    Snapshot,
    StateChanged,
    Undo,
)
from kaizen_widgets.testing.fake_clock import FakeClock

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 4.0


@dataclass(frozen=True)
class PendingRequest:
    """A request that the kernel has not answered yet."""

    n: int
    kind: str
    batch: Batch = ()


class ModelView:
    """A view: the confirmed document, unanswered requests and the document it shows."""

    def __init__(self, client: str, send: Callable[[Any], None], clock: FakeClock) -> None:
        self.client = client
        self._send = send
        self._clock = clock
        self.epoch = ""
        self.rev = -1
        self.seq = -1
        self.digest = 0
        self._differs = False
        self.confirmed = Graph()
        self.pending: list[PendingRequest] = []
        self.shown = Graph()
        self.n = 0
        self.acknowledged: set[int] = set()
        self.refused: set[int] = set()
        self._hello_timer: Timer | None = None
        self._resend_timer: Timer | None = None
        self._hello_pause = FIRST_PAUSE
        self._resend_pause = FIRST_PAUSE
        self._resent = False
        self.ask()

    # ------------------------------------------------------------ the user

    def edit(self, batch: Batch) -> None:
        """Make an edit: it is shown and sent immediately."""
        apply(self.shown, batch)  # Users can edit only what they see.
        self._request("push", batch)

    def undo(self) -> None:
        """Press undo."""
        self._request("undo")

    def redo(self) -> None:
        """Press redo."""
        self._request("redo")

    def close(self) -> None:
        """End every timer, as when the page is closed."""
        for timer in (self._hello_timer, self._resend_timer):
            if timer is not None:
                timer.cancel()

    def reconnect(self) -> None:
        """The connection is back: ask for the document and send unanswered requests again (S5)."""
        self.ask()
        for pending in self.pending:
            self._transmit(pending)

    # ------------------------------------------------------ the connection

    def receive(self, message: KernelMessage) -> None:
        """Handle one message of the kernel."""
        if getattr(message, "to", None) not in (None, self.client):
            return
        match message:
            case Snapshot():
                self._take_snapshot(message)
            case Applied():
                self._take_batch(message)
            case Handled() if message.epoch == self.epoch:
                self._acknowledge(lambda pending: pending.n <= message.n)
                self._show()
                if message.rev > self.rev:
                    self.ask()
            case Refused() if message.epoch == self.epoch:
                self._refuse(message.n)
                self._show()
            case Expected() if message.epoch == self.epoch:
                for pending in self.pending:
                    if pending.n >= message.n:
                        self._transmit(pending)
            case Heartbeat():
                here = (message.epoch, message.rev) == (self.epoch, self.rev)
                if here and message.digest != self.digest:
                    self._differs = True
                newer = message.rev > self.rev or message.seq > self.seq
                if self._differs or message.epoch != self.epoch or newer:
                    self.ask()
            case StateChanged():
                self.seq = max(self.seq, message.seq)
            case _:
                pass

    def ask(self) -> None:
        """Ask for a snapshot, repeatedly until one arrives."""
        if self._hello_timer is not None:
            return
        self._send_hello()

    def _send_hello(self) -> None:
        version = None
        if self.epoch and not self._differs:
            version = DocumentVersion(epoch=self.epoch, rev=self.rev, digest=self.digest)
        self._send(Hello(client=self.client, version=version))
        self._hello_timer = self._clock.call_later(self._hello_pause, self._send_hello)
        self._hello_pause = min(self._hello_pause * 2, LONGEST_PAUSE)

    def _take_snapshot(self, message: Snapshot) -> None:
        if message.epoch == self.epoch and message.rev < self.rev:
            return
        if message.nodes is None and (message.epoch, message.rev) != (self.epoch, self.rev):
            return  # It answers an older question.
        if message.to == self.client and self._hello_timer is not None:
            self._hello_timer.cancel()
            self._hello_timer, self._hello_pause = None, FIRST_PAUSE
        if message.epoch != self.epoch:
            self.pending, self.n = [], 0
        self.epoch, self.rev, self.digest = message.epoch, message.rev, message.digest
        self.seq = max(self.seq, message.seq)
        if message.nodes is not None and message.edges is not None:
            self.confirmed = Graph(message.nodes, message.edges)
            self._differs = False
        for refusal in message.refusals:
            self._refuse(refusal.n)
        self._acknowledge(lambda pending: pending.n <= message.handled)
        self._show()

    def _take_batch(self, message: Applied) -> None:
        if message.epoch != self.epoch or message.rev > self.rev + 1:
            self.ask()
            return
        if message.rev == self.rev + 1:
            try:
                self.confirmed, _ = apply(self.confirmed, message.batch)
            except GraphError:
                self._differs = True
                self.ask()
                return
            self.rev = message.rev
            self.digest = digest(self.digest, message.batch, self.confirmed)
        if message.client == self.client:
            self._acknowledge(lambda pending: pending.n == message.n)
        self._show()

    def _acknowledge(self, which: Callable[[PendingRequest], bool]) -> None:
        self.acknowledged |= {pending.n for pending in self.pending if which(pending)}
        self._drop(which)

    def _refuse(self, n: int) -> None:
        self.refused |= {pending.n for pending in self.pending if pending.n == n}
        self._drop(lambda pending: pending.n == n)

    def _drop(self, which: Callable[[PendingRequest], bool]) -> None:
        kept = [pending for pending in self.pending if not which(pending)]
        if len(kept) < len(self.pending):
            self.pending = kept
            self._resend_pause = FIRST_PAUSE
            if self._resent:
                # One had to be sent again, so the others may be lost too.
                self._resent = False
                for pending in kept:
                    self._transmit(pending)
            self._wait()

    def _show(self) -> None:
        shown = self.confirmed
        for pending in self.pending:
            try:
                shown, _ = apply(shown, pending.batch)
            except GraphError:
                continue  # It no longer applies, so it is not shown; the kernel will refuse it.
        self.shown = shown

    def _request(self, kind: str, batch: Batch = ()) -> None:
        self.n += 1
        pending = PendingRequest(self.n, kind, batch)
        self.pending.append(pending)
        self._show()
        self._transmit(pending)
        if self._resend_timer is None:
            self._wait()

    def _transmit(self, pending: PendingRequest) -> None:
        facts = {"client": self.client, "epoch": self.epoch, "n": pending.n}
        match pending.kind:
            case "push":
                self._send(Push(**facts, base_rev=max(self.rev, 0), batch=pending.batch))
            case "undo":
                self._send(Undo(**facts))
            case _:
                self._send(Redo(**facts))

    def _wait(self) -> None:
        if self._resend_timer is not None:
            self._resend_timer.cancel()
            self._resend_timer = None
        if self.pending:
            self._resend_timer = self._clock.call_later(self._resend_pause, self._resend)

    def _resend(self) -> None:
        self._resend_timer = None
        if self.pending:
            self._resend_pause = min(self._resend_pause * 2, LONGEST_PAUSE)
            self._transmit(self.pending[0])
            self._resent = True
            self._wait()
