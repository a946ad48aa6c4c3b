"""One server and one browser for this folder; a fresh kernel for each test, in a page that looks fresh.

Package scope, not session: Playwright leaves an event loop running in this thread, and tests of
coroutines in other folders need their own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import chromium
import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.kept_page import KeptPage
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer

FAILED = pytest.StashKey[bool]()
"""Whether a test has failed; there is none before it has ended."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that opens a browser, so that no file can forget to, and have them run last.

    Playwright's loop runs in this thread until the folder's last test: coroutines before, not beside.
    """
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of a failure, and add what page and server said to its report."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    tab = getattr(item, "funcargs", {}).get("lab")
    if call.when == "call" and report.failed and isinstance(tab, Lab):
        report.sections.append(("the page's problems", "\n".join(tab.problems) or "none"))
        report.sections.append(("end of the server's log", tab.server_log()[-3000:]))
        try:
            report.sections.append(("picture", tab.screenshot(f"failed-{item.name}").name))
        except Error as error:  # the page itself may be what died
            report.sections.append(("picture", f"none: {error}"))
    return report


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    running = JupyterServer(tmp_path_factory.mktemp("jupyter"))
    yield running
    running.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    chromium.lend_node()
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that root and containers lack; it opens local pages only.
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="package")
def kept_page(server: JupyterServer, browser: Browser) -> Iterator[KeptPage]:
    with KeptPage(server, browser) as kept:
        yield kept


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, server: JupyterServer, kept_page: KeptPage
) -> Iterator[Lab]:
    """A tab without a notebook yet; `lab.open([...])` opens one."""
    is_own = request.node.get_closest_marker("own_page") is not None
    if is_own:
        kept_page.replace()
    tab = kept_page.take()
    yield tab
    if is_own or request.node.stash.get(FAILED, True):
        tab.close()
        kept_page.replace()
    else:
        kept_page.give_back(tab)
    server.end_sessions()
