"""The page in a real browser: what a reader clicks, sees and reads.

Needs the extra ``browser-test`` and Debian's Chromium.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scenarios.funding import margin_spiral
from scenarios.promises import collateral_equilibrium
from scenarios.repo import margin_hike
from scenarios.repo.economy import MarginHike
from simulator import palette
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run
from tests.browser.driving import (
    CHROMIUM,
    PATIENCE,
    SCREEN,
    TRADERS,
    certificate,
    opened,
    pixels,
    press,
    quoted,
    served,
    settled_status,
    share_of,
    slide,
    status,
    sync_api,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = len(margin_hike.SCENARIO.page.pictures)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]


def assert_drawn(page: Page) -> None:
    """Every panel is there, has ink on it, and shows what it is about."""
    images = page.locator(".walras-card img")
    assert images.count() == PICTURES + 3
    drawn = [pixels(image) for image in images.all()]
    for picture in drawn:
        assert 0.01 < np.mean(picture.mean(axis=2) < 0.6) < 0.6
    quotes, positions, excess = drawn[PICTURES:]
    assert share_of(quotes, palette.CLOSED_FORM) > 1e-3
    assert share_of(positions, palette.tint(palette.LONG, 0.35)) > 0.02
    assert share_of(positions, palette.tint(palette.SHORT, 0.35)) > 0.02
    assert share_of(excess, palette.EXCESS[0]) > 1e-3


def test_a_market_clears_and_finds_its_new_price_after_an_announcement(
    page: Page,
) -> None:
    expected = margin_hike.SCENARIO.run(haircuts=[0.02, 0.05], traders=TRADERS)
    assert expected.outcome is Outcome.CLEARED
    first, second = expected.dates["security_price"]

    haircut = page.get_by_role("slider", name=re.compile("haircut at the first date"))
    slide(page, haircut, "ArrowRight", 2)
    sync_api.expect(haircut).to_have_attribute("aria-valuenow", "0.02")
    status(page, "haircut 0.01")  # applies after Reset
    press(page, "Reset")
    status(page, "haircut 0.02")

    press(page, "Step")
    status(page, "round 1")
    status(page, "trading")
    lines = certificate(page)
    assert lines["security market"] == "fails"
    assert lines["budget"] == "holds"

    press(page, "Play")
    status(page, "cleared and certified")
    assert quoted(page, "security price") == pytest.approx(first, abs=5e-7)
    assert set(certificate(page).values()) == {"holds"}
    assert set(certificate(page)) == {each.name for each in expected.certificate.conditions}
    assert_drawn(page)
    sync_api.expect(page.get_by_role("button", name="Step")).to_be_disabled()

    announced = page.locator(".walras-announce").get_by_role("slider")
    slide(page, announced, "ArrowRight", 4)
    press(page, "Announce haircut 0.05")
    status(page, "date 2")
    status(page, "haircut 0.05")
    page.locator(".walras-certificate tr.unknown").first.wait_for()
    assert set(certificate(page).values()) == {"unknown"}

    press(page, "Play")
    status(page, "cleared and certified")
    assert second > first + 1e-3
    assert quoted(page, "security price") == pytest.approx(second, abs=5e-7)
    assert set(certificate(page).values()) == {"holds"}
    assert_drawn(page)


@pytest.mark.parametrize(
    ("run", "given", "term", "planned"),
    [
        (margin_spiral.SCENARIO.run, {"experts_wealth": [-4.4, -4.6]}, "experts' wealth", -4.6),
        (
            collateral_equilibrium.SCENARIO.run,
            {"assets": "borrowing", "low_payoff": [0.2, 0.1]},
            "low payoff",
            0.1,
        ),
    ],
    ids=["margin-spiral", "collateral-equilibrium"],
)
def test_other_markets_clear_and_follow_what_is_announced(
    chromium: Browser,
    run: Callable[..., Run[Any]],
    given: dict[str, Any],
    term: str,
    planned: float,
) -> None:
    expected = run(**given)
    assigned = [
        word for name, value in given.items() for word in ("--set", f"{name}={json.dumps(value)}")
    ]
    quote = next(iter(expected.equilibrium))
    with (
        served(expected.scenario.name, *assigned) as address,
        opened(chromium, address) as page,
    ):
        buttons = (f"Announce {term} {planned:g}", "")
        for price, button in zip(expected.dates[quote], buttons, strict=True):
            press(page, "Play")
            status(page, "cleared and certified")
            assert quoted(page, quote.replace("_", " ")) == pytest.approx(price, abs=5e-7)
            assert set(certificate(page).values()) == {"holds"}
            for picture in [pixels(image) for image in page.locator(".walras-card img").all()]:
                assert 0.01 < np.mean(picture.mean(axis=2) < 0.6) < 0.6
            assert_nothing_overlaps(page)
            if button:
                press(page, button)
                status(page, "date 2")


def test_a_playing_market_can_be_paused_and_told_something_new(page: Page) -> None:
    press(page, "Play")
    status(page, re.compile(r"round [1-9]"))
    press(page, "Pause")
    page.get_by_role("button", name="Play").wait_for()
    paused = settled_status(page)
    assert "trading" in paused  # left to itself it would have cleared

    (paused_round,) = re.findall(r"round \d+", paused)
    press(page, "Play")
    sync_api.expect(page.locator(".walras-status")).not_to_contain_text(
        paused_round, timeout=PATIENCE
    )
    press(page, "Announce haircut 0.03")
    status(page, "date 2")
    with contextlib.suppress(sync_api.TimeoutError):  # play goes on unless it had just cleared
        page.get_by_role("button", name="Play").click(timeout=5_000)
    status(page, "cleared and certified")
    expected = margin_hike.SCENARIO.run(haircuts=[0.03], traders=TRADERS)
    price = expected.equilibrium["security_price"]
    assert quoted(page, "security price") == pytest.approx(price, abs=5e-7)


def test_what_a_run_would_refuse_is_said_in_a_sentence(page: Page) -> None:
    with pytest.raises(ValueError, match="low_payoff") as refused:
        parse(MarginHike, {"low_payoff": 1.5})
    slide(page, page.get_by_role("slider", name=re.compile("low payoff")), "End")
    press(page, "Reset")
    page.get_by_text(str(refused.value)).wait_for()
    assert page.locator(".walras-card").count() == 0

    marked = page.get_by_text("applies after Reset")
    slide(page, page.get_by_role("slider", name=re.compile("low payoff")), "Home")
    sync_api.expect(marked).to_have_count(1)
    page.get_by_label(re.compile("beliefs")).fill("normal")
    page.get_by_label(re.compile("beliefs")).press("Enter")
    sync_api.expect(marked).to_have_count(2)
    press(page, "Reset")
    with pytest.raises(ValueError, match="normal") as refused:
        parse(MarginHike, {"beliefs": "normal"})
    page.get_by_text(str(refused.value)).wait_for()

    page.get_by_label(re.compile("beliefs")).fill("beta(2, 2)")
    page.get_by_label(re.compile("beliefs")).press("Enter")
    sync_api.expect(marked).to_have_count(1)
    press(page, "Reset")
    status(page, "open")
    press(page, "Step")
    status(page, "round 1")
    assert "Traceback" not in page.locator("body").inner_text()


def test_nothing_overlaps_or_is_cut_off(page: Page) -> None:
    press(page, "Step")
    status(page, "round 1")
    assert_nothing_overlaps(page)


def assert_nothing_overlaps(page: Page) -> None:
    """All panels fit beside and below each other, no wider than the screen."""
    boxes = [card.bounding_box() for card in page.locator(".walras-card, .walras-top > *").all()]
    assert len(boxes) == page.locator(".walras-card img").count() + 4
    for number, box in enumerate(boxes):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= SCREEN["width"]
        for other in boxes[:number]:
            assert other is not None
            assert (
                box["x"] >= other["x"] + other["width"]
                or other["x"] >= box["x"] + box["width"]
                or box["y"] >= other["y"] + other["height"]
                or other["y"] >= box["y"] + box["height"]
            )
    assert page.evaluate(
        "[...document.querySelectorAll('.walras-card, .walras-card td')]"
        ".every(e => e.scrollWidth <= e.clientWidth + 1)"
    )
