"""Every scenario's page: it loads, plays to rest, goes back in time, announces, is taken away."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scenarios.exchange import exchange
from scenarios.repo import margin_hike
from tests.browser.driving import (
    CHROMIUM,
    PATIENCE,
    TRADERS,
    certificate,
    opened,
    press,
    served,
    status,
    sync_api,
)
from walras.catalogue import TITLES, find
from walras.watched import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]

WIDTHS = {"phone": (390, 844), "laptop": (1280, 800), "projector": (1920, 1080)}
FITS = """wide => [...document.querySelectorAll(
    'html, .walras-cockpit, .walras-card, .walras-top, .walras-tools, .walras-scroll'
)].every(e => e.scrollWidth <= e.clientWidth + 1 && e.getBoundingClientRect().right <= wide + 1)"""
"""Whether nothing is cut off, or needs horizontal scrolling."""

MOST_STOPS = 60
"""Times that the Tab key may be pressed on the way to something."""

FIRST_ANSWER = 5.0
"""Seconds within which a page shows its market."""


def said(page: Page) -> str:
    return str(page.locator(".walras-status").inner_text())


def play_to_rest(page: Page) -> None:
    press(page, "To rest")
    sync_api.expect(page.get_by_role("button", name="To rest", exact=True)).to_be_disabled(
        timeout=PATIENCE
    )


def downloaded(page: Page, button: str) -> bytes:
    with page.expect_download(timeout=PATIENCE) as download:
        press(page, button)
    return Path(download.value.path()).read_bytes()


def assert_it_fits(page: Page) -> None:
    """No width of a screen cuts anything off, or needs horizontal scrolling."""
    for wide, high in WIDTHS.values():
        page.set_viewport_size({"width": wide, "height": high})
        page.wait_for_function(FITS, arg=wide)  # the drawer takes a moment to leave


def assert_it_is_told(page: Page) -> None:
    """Pictures have a text, inputs and buttons a name, and all of them are drawn."""
    for image in page.locator(".walras-card img").all():
        text = image.get_attribute("alt") or ""
        assert len(text) > 20
        assert text.endswith(".")
        assert image.evaluate("image => image.complete && image.naturalWidth") > 300
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, a[href], [role=slider], input')]"
        ".filter(e => e.offsetParent && e.tabIndex >= 0 && !e.getAttribute('aria-label') &&"
        " !e.textContent.trim() && !(e.labels && e.labels.length))"
        ".map(e => e.outerHTML.slice(0, 200))"
    )
    assert nameless == []


def assert_every_condition_is_explained(page: Page, watched: Watched) -> None:
    assert watched.certificate is not None
    table = page.locator(".walras-certificate tr[data-condition]")
    for k, condition in enumerate(watched.certificate.conditions):  # drawn after the status
        sync_api.expect(table.nth(k)).to_contain_text(f"{condition.residual + 0.0:.1e}")
    rows = table.all_inner_texts()
    assert len(rows) == len(watched.certificate.conditions)
    for row, condition in zip(rows, watched.certificate.conditions, strict=True):
        assert condition.meaning.rstrip(".")[1:] in row
        assert f"{condition.residual + 0.0:.1e}" in row
        assert f"{condition.tolerance:.0e}" in row
    held = {
        each.name: "holds" if each.holds else "fails" for each in watched.certificate.conditions
    }
    assert certificate(page) == held


@pytest.mark.parametrize("name", TITLES)
def test_a_page_loads_plays_to_rest_announces_and_is_taken_away(
    name: str, chromium: Browser, address: str
) -> None:
    watched = Watched(find(name), given=(("traders", TRADERS),) if name == "margin-hike" else ())
    with opened(chromium, f"{address}/?scenario={name}") as page:
        status(page, "open")
        play_to_rest(page)
        while watched.running:
            watched.step()
        status(page, str(watched.outcome))
        at_rest = said(page)
        first = watched.curves[0]
        assert f"{first.scale * watched.now.quotes[first.quote] + 0.0:.7f}" in at_rest
        assert_every_condition_is_explained(page, watched)
        assert_it_is_told(page)
        assert page.get_by_role("region", name="Balance sheet").count() == bool(watched.lines)
        assert page.locator(".walras-pending").count() == 0
        assert_it_fits(page)

        if watched.announcing:
            page.locator(".walras-announce button").click()
            status(page, "date 2")
            play_to_rest(page)
            now = said(page)
            date = page.get_by_role("slider", name="date shown")
            date.focus()
            page.keyboard.press("ArrowLeft")
            status(page, "as it was left; the market is at date 2")
            back = re.sub(r" \(as it was left; the market is at date 2\)", "", said(page))
            assert back == at_rest
            assert_every_condition_is_explained(page, watched)
            press(page, "Now")
            sync_api.expect(page.locator(".walras-status")).to_have_text(
                now.replace("\n", ""), timeout=PATIENCE
            )
            watched.announce(watched.planned)

        toml = downloaded(page, "Parameters (TOML)").decode()
        assert f'scenario = "{name}"' in toml
        archive = zipfile.ZipFile(io.BytesIO(downloaded(page, "Tables (CSV)")))
        assert toml in [archive.read(member).decode() for member in archive.namelist()]
        dates = archive.read("dates.csv").decode().splitlines()
        assert len(dates) == 1 + watched.date


def test_an_own_scenario_has_a_page_like_any_other(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "my_market.py"
    subprocess.run(
        [sys.executable, "-m", "walras", "new", str(file)], check=True, capture_output=True
    )
    with served(str(file)) as address, opened(chromium, address) as page:
        play_to_rest(page)
        status(page, "cleared and certified")
        assert set(certificate(page).values()) == {"holds"}
        assert_it_is_told(page)
        assert_it_fits(page)
        assert "--scenario my_market.py" in downloaded(page, "Parameters (TOML)").decode()


def choose(page: Page, label: str, value: str) -> None:
    """Choose in a selector, and wait until the page has noticed."""
    field = page.locator(".walras-controls .v-select").filter(
        has=page.locator("label", has_text=re.compile(rf"^{label}"))
    )
    field.click()
    page.get_by_role("option", name=value, exact=True).click()


def test_the_textbook_rule_is_chosen_on_the_page_and_cycles(
    chromium: Browser, address: str
) -> None:
    """Scarf (1960): tatonnement never settles in his economy of three goods."""
    start = "[1.0, 1.5, 0.7]"
    query = f"?scenario=exchange&start={start}&max_rounds=400"
    with opened(chromium, f"{address}/{query}") as page:
        play_to_rest(page)
        status(page, "cleared and certified")

        choose(page, "rule", "plain")
        marked = page.get_by_text("applies after Reset")
        sync_api.expect(marked).to_have_count(1)
        choose(page, "rule", "newton")
        sync_api.expect(marked).to_have_count(0)
        choose(page, "rule", "plain")
        press(page, "Reset")
        status(page, "open")
        sync_api.expect(marked).to_have_count(0)
        play_to_rest(page)
        watched = Watched(exchange.SCENARIO, rule="plain", max_rounds="400", start=start)
        while watched.running:
            watched.step()
        assert watched.outcome is not None
        assert not watched.outcome.value.startswith("cleared")
        status(page, str(watched.outcome))


def test_a_link_opens_the_same_market_and_a_bad_one_says_why(
    chromium: Browser, address: str
) -> None:
    query = "?haircuts=[0.2]&beliefs=beta(2, 3)&seed=4"
    with opened(chromium, f"{address}/{query}") as page:
        play_to_rest(page)
        page.locator(".walras-announce").get_by_role("slider").focus()
        page.keyboard.press("ArrowRight")
        press(page, "Announce haircut 0.205")
        status(page, "date 2")
        there = page.get_by_role("link", name="Link to this market")
        sync_api.expect(there).to_have_attribute("href", re.compile("0.205"))  # after the status
        link = there.get_attribute("href")
    assert link is not None
    with opened(chromium, f"{address}/{link}") as page:
        status(page, "haircut 0.2")
        assert page.get_by_label(re.compile("beliefs")).input_value() == "beta(2, 3)"
        page.get_by_role("button", name="Announce haircut 0.205").wait_for()
        play_to_rest(page)
        expected = margin_hike.SCENARIO.run(
            haircuts=[0.2], beliefs="beta(2, 3)", traders=TRADERS, seed=4
        )
        assert f"{expected.equilibrium['security_price']:.7f}" in said(page)
    for query, sentence in {
        "haircuts=[1.5]": "haircuts[0] is 1.5",
        "scenario=nowhere": '"nowhere"',
        "traderz=3": 'did you mean "traders"?',
        "seed=x": "it must be a whole number",
    }.items():
        with opened(chromium, f"{address}/?{query}") as page:
            text = page.locator(".v-alert").inner_text()
            assert sentence in text
            assert "Traceback" not in text
            assert page.locator(".walras-card img").count() == 0


def test_two_tabs_are_two_markets(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as one, opened(chromium, address) as two:
        play_to_rest(one)
        status(one, "cleared and certified")
        assert "open" in said(two)
        press(two, "Step")
        status(two, "round 1")
        assert "cleared and certified" in said(one)


def tab_to(page: Page, name: str) -> Locator:
    """Press Tab until what has that name has the focus, and is seen to have it."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() == 0:
            continue
        label = focused.get_attribute("aria-label") or focused.inner_text()
        assert focused.evaluate(
            "e => parseFloat(getComputedStyle(e).outlineWidth) > 0 || "
            "!!e.closest('.v-input--is-focused')"
        ), label
        if label.strip().lower() == name.lower():
            return focused
    raise AssertionError(f"{name} is not reached by the keyboard")


def test_everything_is_reached_by_the_keyboard_alone(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        order = ["Reset", "Play", "Step"]
        for name in order:
            tab_to(page, name)
        page.keyboard.press("Enter")
        status(page, "round 1")
        tab_to(page, "haircut to announce")
        page.keyboard.press("ArrowRight")
        page.get_by_role("button", name="Announce haircut 0.035").wait_for()
        tab_to(page, "Announce haircut 0.035")
        tab_to(page, "To rest")
        page.keyboard.press("Enter")
        status(page, "cleared and certified")
        tab_to(page, "Tables (CSV)")
        with page.expect_download(timeout=PATIENCE) as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "margin-hike-date-1.zip"
        for name in ("Link to this market", "Balance sheet", "Certificate"):
            tab_to(page, name)
        before = page.locator(":focus").evaluate("e => e.scrollTop")
        page.keyboard.press("End")
        page.wait_for_function(f"document.activeElement.scrollTop > {before}")


def test_the_first_answer_comes_as_soon_as_promised(chromium: Browser, address: str) -> None:
    """The best of several; only a machine that does nothing else can keep the promise."""
    if os.getloadavg()[0] > 1.5:
        pytest.skip("other programs are at work on this machine")
    first = []
    for _ in range(3):
        with opened(chromium, f"{address}/?traders=10000") as page:
            first.append(page.evaluate("performance.now()") / 1e3)  # since it was asked for
    assert min(first) < FIRST_ANSWER
