"""A real Chromium, headless, for the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LAPTOP: Any = {"width": 1366, "height": 768}


def chromium() -> str:
    """The browser that is there; a test that needs it fails without."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else map(shutil.which, ("chromium", "chromium-browser"))
    for path in found:
        if path:
            return path
    pytest.fail("There is no Chromium: `make browser` installs it, CHROMIUM names another.")


@contextmanager
def browsing() -> Iterator[Browser]:
    """The browser, for as long as the block lasts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and what it should not do: ask the network, fail, or show a dialog."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.problems: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text))

    def open(self, path: Path) -> Page:
        """Open a file, and wait until a record is shown."""
        self.page.goto(path.as_uri())
        self.page.locator(".field").first.wait_for()
        return self.page


def field(page: Page, column: str) -> Locator:
    """The row of a column."""
    return page.locator(f'.field[data-column="{column}"]')


def shown(page: Page) -> str:
    """Which candidate is shown."""
    told: str = page.locator("#candidate").inner_text()
    return told.removeprefix("Candidate ")


def focused(page: Page) -> str:
    """The column whose row, or what is in it, has the focus; else the element's id."""
    told: Any = page.evaluate(
        "() => document.activeElement.closest('.field')?.dataset.column"
        " ?? document.activeElement.id"
    )
    return str(told)


CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const low = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.disabled || !element.checkVisibility()) continue;
    const pair = [getComputedStyle(element).color, behind(element)].map(luminance);
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) low.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
"""What of a page has less contrast than 4.5 to 1.

Source: W3C, Web Content Accessibility Guidelines 2.2, success criterion 1.4.3.
"""
