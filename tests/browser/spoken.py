"""What a page tells a screen reader: names, roles, states and errors as Chromium hands them to one.

No screen reader runs here. What is recorded is all it has to speak from; how it sounds is for docs/walk.md and a person.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

#: The record of a purchase, a line for each stop of the focus.
SPOKEN = Path(__file__).with_name("spoken_purchase.txt")
#: States worth a word, in the order they are said; a value that means "no" is not said.
_STATES = ("checked", "expanded", "required", "invalid", "disabled")
_NO = ("false", False, "")


class Listener:
    """Follows the focus of one window and keeps what is said at each stop."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Accessibility.enable")
        self.heard: list[str] = []

    def hear(self) -> str:
        """What is said of the element that has the focus: role, name, states, and the description behind it."""
        focused = self._session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
        tree = self._session.send("Accessibility.getPartialAXTree", {"objectId": focused, "fetchRelatives": False})
        said = _said(tree["nodes"][0])
        self.heard.append(said)
        return said


def _said(node: dict[str, Any]) -> str:
    states = {each["name"]: each["value"]["value"] for each in node.get("properties", []) if "value" in each["value"]}
    # Chromium's own word for a summary changes from version to version.
    role = "disclosure" if _value(node, "role").startswith("DisclosureTriangle") else _value(node, "role")
    words = [role, _value(node, "name")]
    words += [state for state in _STATES if states.get(state, False) not in _NO]
    description = _value(node, "description")
    return " ".join(words) + (f" – {description}" if description else "")


def _value(node: dict[str, Any], what: str) -> str:
    return " ".join(str(node.get(what, {}).get("value", "")).split())
