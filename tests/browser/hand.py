"""The gestures of a user on a canvas, with a real mouse and real keys."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.lab import Lab


class Hand:
    """Uses one canvas of a page.

    Args:
        lab: The tab.
        index: Which of the page's canvases.
    """

    def __init__(self, lab: Lab, index: int = 0) -> None:
        self.lab = lab
        self.page = lab.page
        self.canvas: Locator = lab.page.locator(".kaizen-canvas").nth(index)
        self.canvas.locator(".react-flow__pane").wait_for()
        # A studio's header has the buttons and the saved state of its canvas.
        apps = lab.page.locator(".kaizen-studio, .kaizen-canvas:not(.kaizen-studio *)")
        self.app: Locator = apps.nth(index)

    # --------------------------------------------------------------- reading

    def node(self, node_id: str) -> Locator:
        """Return a node by its id."""
        return self.canvas.locator(f'.react-flow__node[data-id="{node_id}"]')

    def edge(self, edge_id: str) -> Locator:
        """Return an edge by its id; Playwright never considers it visible."""
        return self.canvas.locator(f'.react-flow__edge[data-id="{edge_id}"]')

    def handle(self, node_id: str, handle_id: str) -> Locator:
        """Return one of a node's handles."""
        return self.node(node_id).locator(f'.react-flow__handle[data-handleid="{handle_id}"]')

    def button(self, name: str) -> Locator:
        """Return a button by its name."""
        return self.app.get_by_role("button", name=name, exact=True)

    def position(self, node_id: str) -> tuple[int, int]:
        """Return the center of a node on the page, in pixels."""
        self.node(node_id).scroll_into_view_if_needed()
        box = self.node(node_id).bounding_box()
        assert box is not None
        return round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)

    def wait_until_still(self, node_id: str) -> None:
        """Wait until a node is where it was a moment ago: a board that was moved has arrived."""
        seen: list[tuple[int, int]] = []

        def is_still() -> bool:
            seen.append(self.position(node_id))
            return len(seen) > 3 and len(set(seen[-4:])) == 1

        self.lab.wait_until(is_still, f"{node_id} at rest")

    # -------------------------------------------------------------- gestures

    def select(self, node_id: str) -> None:
        """Select a node with a click."""
        self.page.mouse.click(*self.position(node_id))
        self.canvas.locator(f'.react-flow__node[data-id="{node_id}"].selected').wait_for()

    def close_drawer(self) -> None:
        """Close the studio's drawer, if it is open: it covers the nodes at the right."""
        drawer = self.app.locator(".kaizen-drawer")
        if drawer.is_visible():
            drawer.locator(".kaizen-drawer-head button").click()
            drawer.wait_for(state="hidden")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, node_id: str, dx: int, dy: int, *, drop: bool = True) -> None:
        """Drag a node by a number of pixels."""
        x, y = self.position(node_id)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y + dy / 2, steps=6)
        self.page.mouse.move(x + dx, y + dy, steps=6)
        if drop:
            self.page.mouse.up()

    def connect(self, source: Locator, target: Locator) -> None:
        """Draw an edge from one handle to another."""
        target.scroll_into_view_if_needed()
        start, end = source.bounding_box(), target.bounding_box()
        assert start is not None
        assert end is not None
        self.page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(end["x"] + 40, end["y"] + 30, steps=8)
        self.page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
        self.page.mouse.up()

    def rename(self, node_id: str, name: str) -> None:
        """Rename a node with F2."""
        self.select(node_id)
        self.press("F2")
        field = self.node(node_id).get_by_label("Name")
        field.fill(name)
        field.press("Enter")

    def click_pane(self) -> None:
        """Click the background, near its upper left corner."""
        box = self.canvas.locator(".react-flow__pane").bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + 12, box["y"] + 12)
