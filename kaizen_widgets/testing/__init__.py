"""Test helpers for widgets, stores and panels, without a kernel, a browser or a real clock."""

from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop
from kaizen_widgets.testing.fake_comm import (
    FakeComm,
    FakeComms,
    SentMessage,
    fake_comms,
)
from kaizen_widgets.testing.find import find, find_all, tree
from kaizen_widgets.testing.mock_server import Call, MockServer, Reply

__all__ = [
    "Call",
    "FakeClock",
    "FakeComm",
    "FakeComms",
    "MockServer",
    "Reply",
    "SentMessage",
    "VirtualLoop",
    "fake_comms",
    "find",
    "find_all",
    "tree",
]
