"""Two markets beside each other in a real browser: one set of controls, one announcement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from scenarios.repo import margin_hike
from tests.browser.driving import CHROMIUM, TRADERS, opened, press, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]


def both(page: Page, text: str) -> None:
    """Wait until both lines of status say so."""
    for line in page.locator(".walras-status").all():
        sync_api.expect(line).to_contain_text(text)


def test_a_short_and_a_long_market_under_the_same_announcement(
    chromium: Browser, address: str
) -> None:
    with opened(chromium, f"{address}/?beside=market=long") as page:
        sync_api.expect(page.locator(".walras-status")).to_have_count(2)
        for date in (1, 2):
            both(page, f"date {date}")
            press(page, "To rest")
            both(page, "cleared and certified")
            if date == 1:
                press(page, "Announce haircut 0.03")
        shown = page.locator(".walras-status").all_inner_texts()
        for text, market in zip(shown, ("short", "long"), strict=True):
            run = margin_hike.SCENARIO.run(market=market, traders=TRADERS, haircuts=[0.01, 0.03])
            assert f"market {market}" in text
            assert f"{run.equilibrium['security_price']:.7f}" in text
        for wide in (390, 1280, 1920):
            page.set_viewport_size({"width": wide, "height": 900})
            page.wait_for_function(
                "wide => [...document.querySelectorAll('html, .walras-beside, .walras-card')]"
                ".every(e => e.scrollWidth <= e.clientWidth + 1 &&"
                " e.getBoundingClientRect().right <= wide + 1)",
                arg=wide,
            )
        link = page.get_by_role("link", name="Link to this market").get_attribute("href")
        assert link is not None
        assert "beside=market%3Dlong" in link
        page.get_by_label(re.compile("a second market beside it")).fill("")
        page.get_by_label(re.compile("a second market beside it")).press("Enter")
        sync_api.expect(page.get_by_text("applies after Reset")).to_have_count(1)
        press(page, "Reset")
        sync_api.expect(page.locator(".walras-status")).to_have_count(1)
