from __future__ import annotations

from collections.abc import Iterator

import pytest

from kaizen_widgets.testing import FakeClock, VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()
