"""Helpers for testing widgets, stores and panels without a kernel, a browser or a real clock."""

from kaizen_widgets.testing.clock import FakeClock, VirtualLoop
from kaizen_widgets.testing.comm import FakeComm, FakeComms, SentMessage, fake_comms
from kaizen_widgets.testing.find import find, find_all, tree

__all__ = [
    "FakeClock",
    "FakeComm",
    "FakeComms",
    "SentMessage",
    "VirtualLoop",
    "fake_comms",
    "find",
    "find_all",
    "tree",
]
