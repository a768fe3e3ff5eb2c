"""A lesson in a real browser: its questions are answered by the market that runs beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.driving import (
    CHROMIUM,
    opened,
    press,
    quoted,
    served,
    settled_status,
    status,
    sync_api,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]

REST = "cleared and certified"


def told(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the market has said that to the answer."""
    sync_api.expect(page.locator(".walras-told")).to_contain_text(text)


def raise_the_haircut(page: Page) -> tuple[float, float]:
    """Prices before and after the announcement that the lesson proposes."""
    press(page, "To rest")
    status(page, REST)
    before = quoted(page, "security price")
    press(page, "Announce haircut 0.03")
    status(page, "date 2")
    press(page, "To rest")
    status(page, REST)
    settled_status(page)
    return before, quoted(page, "security price")


def choose(page: Page, answer: str) -> None:
    page.locator(".walras-answer .v-select").click()
    page.get_by_role("option", name=answer, exact=True).click()
    press(page, "Check")


def test_a_class_goes_through_the_lesson_on_margins(chromium: Browser) -> None:
    with served("--lesson", "margins") as address, opened(chromium, address) as page:
        page.get_by_label("answer").fill("0.75")
        press(page, "Check")
        told(page, "The market can't say yet.")
        before, after = raise_the_haircut(page)
        page.get_by_label("answer").fill(f"{before:.3f}")
        press(page, "Check")
        told(page, "Right.")
        press(page, "Next")
        page.get_by_text("Step 2 of 5, 1 answered").wait_for()
        page.get_by_label("answer").fill("1")
        press(page, "Check")
        told(page, "Not what the market says.")
        page.get_by_label("answer").fill("100")
        press(page, "Check")
        told(page, "Right.")
        press(page, "Next")
        choose(page, "it rises" if after > before else "it falls")
        told(page, "Right.")
        press(page, "Next")
        page.get_by_text("Step 4 of 5").wait_for()
        press(page, "Next")
        status(page, "open")  # another market
        before, after = raise_the_haircut(page)
        choose(page, "it falls" if after > before else "it rises")
        told(page, "Not what the market says.")
        choose(page, "it rises" if after > before else "it falls")
        told(page, "Right.")
        for wide in (390, 1280, 1920):
            page.set_viewport_size({"width": wide, "height": 900})
            page.wait_for_function(
                "wide => [...document.querySelectorAll('html, .walras-lesson, .walras-answer')]"
                ".every(e => e.scrollWidth <= e.clientWidth + 1 &&"
                " e.getBoundingClientRect().right <= wide + 1)",
                arg=wide,
            )
        page.get_by_text("What the parameters mean").wait_for()
        page.get_by_text("Lessons", exact=True).click()
        assert page.locator('a[href="?lesson=spirals"]').count() == 1
