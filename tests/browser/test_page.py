"""The page in a real browser: what a reader clicks, sees and reads.

Needs the extra ``browser-test`` and Debian's Chromium.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from scenarios.funding import margin_spiral
from scenarios.promises import collateral_equilibrium
from scenarios.repo import margin_hike
from scenarios.repo.economy import MarginHike
from simulator import palette
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # milliseconds that a slow machine may need for anything
TRADERS = 1_000
PANELS = 4  # the same for every scenario; its own pictures stand before them
SCREEN = {"width": 1280, "height": 800}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]


@contextlib.contextmanager
def served(scenario: str, *assigned: str) -> Iterator[str]:
    """A page that `walras serve` serves; on Ctrl-C the command has to end well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "walras.command", "serve", scenario, "--port", str(port)]
    command += [word for assignment in assigned for word in ("--set", assignment)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == ("", "")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served("margin-hike", f"traders={TRADERS}") as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(chromium: Browser, address: str) -> Iterator[Page]:
    """The page, loaded; at the end nothing may have gone wrong behind the scenes."""
    context = chromium.new_context(viewport=SCREEN)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []

    def looked_at(url: str) -> None:
        if not re.match(r"(https?|wss?)://127\.0\.0\.1:|data:|blob:", url):
            wrong.append(f"request to {url}")

    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: looked_at(request.url))
    page.on("websocket", lambda socket: looked_at(socket.url))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    page.on(
        "response",
        lambda answer: (
            wrong.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    page.goto(address)
    page.get_by_role("button", name="Reset").wait_for()
    page.locator(".walras-card img").nth(PANELS - 1).wait_for()
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    with opened(chromium, address) as page:
        yield page


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()


def status(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the status line says so."""
    sync_api.expect(page.locator(".walras-status")).to_contain_text(text, timeout=PATIENCE)


def settled_status(page: Page) -> str:
    """The status line once it has not changed for two seconds: a round that began may end."""
    before, now = "", str(page.locator(".walras-status").inner_text())
    while now != before:
        page.wait_for_timeout(2_000)
        before, now = now, str(page.locator(".walras-status").inner_text())
    return now


def quoted(page: Page, name: str) -> float:
    found = re.search(rf"{name} (-?[\d.]+)", page.locator(".walras-status").inner_text())
    assert found is not None
    return float(found.group(1))


def slide(page: Page, slider: Locator, key: str, presses: int = 1) -> None:
    slider.focus()
    for _ in range(presses):
        page.keyboard.press(key)


def certificate(page: Page) -> dict[str, str]:
    """Name and class of each line of the certificate."""
    rows = page.locator(".walras-certificate tr[title]")
    return {
        row.locator("td").nth(1).inner_text(): row.get_attribute("class") or ""
        for row in rows.all()
    }


def pixels(image: Locator) -> np.ndarray:
    png = image.screenshot()
    return np.asarray(matplotlib.image.imread(io.BytesIO(png), format="png"))[:, :, :3]


def share_of(picture: np.ndarray, colour: str) -> float:
    """Share of a picture's pixels that have a colour."""
    return float(np.mean(np.all(np.abs(picture - to_rgb(colour)) < 0.02, axis=2)))


def assert_drawn(page: Page) -> None:
    """Every panel is there, has ink on it, and shows what it is about."""
    images = page.locator(".walras-card img")
    assert images.count() >= PANELS
    drawn = [pixels(image) for image in images.all()[-PANELS:]]
    for picture in drawn:
        assert 0.01 < np.mean(picture.mean(axis=2) < 0.6) < 0.6
    quotes, positions, excess, house = drawn
    assert share_of(quotes, palette.CLOSED_FORM) > 1e-3
    assert share_of(positions, palette.tint(palette.LONG, 0.35)) > 0.02
    assert share_of(positions, palette.tint(palette.SHORT, 0.35)) > 0.02
    assert share_of(excess, palette.EXCESS[0]) > 1e-3
    assert share_of(house, palette.HOUSE) > 1e-3


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

    press(page, "▶")
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
    assert set(certificate(page).values()) == {"unknown"}

    press(page, "▶")
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
    assigned = [f"{name}={json.dumps(value)}" for name, value in given.items()]
    quote = next(iter(expected.equilibrium))
    with (
        served(expected.scenario.name, *assigned) as address,
        opened(chromium, address) as page,
    ):
        buttons = (f"Announce {term} {planned:g}", "")
        for price, button in zip(expected.dates[quote], buttons, strict=True):
            press(page, "▶")
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
    press(page, "▶")
    status(page, re.compile(r"round [1-9]"))
    press(page, "❚❚")
    page.get_by_role("button", name="▶").wait_for()
    paused = settled_status(page)
    assert "trading" in paused  # left to itself it would have cleared

    (paused_round,) = re.findall(r"round \d+", paused)
    press(page, "▶")
    sync_api.expect(page.locator(".walras-status")).not_to_contain_text(
        paused_round, timeout=PATIENCE
    )
    press(page, "Announce haircut 0.03")
    status(page, "date 2")
    with contextlib.suppress(sync_api.TimeoutError):  # play goes on unless it had just cleared
        page.get_by_role("button", name="▶").click(timeout=5_000)
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

    slide(page, page.get_by_role("slider", name=re.compile("low payoff")), "Home")
    page.get_by_label(re.compile("beliefs")).fill("normal")
    page.get_by_label(re.compile("beliefs")).press("Enter")
    press(page, "Reset")
    with pytest.raises(ValueError, match="normal") as refused:
        parse(MarginHike, {"beliefs": "normal"})
    page.get_by_text(str(refused.value)).wait_for()

    page.get_by_label(re.compile("beliefs")).fill("beta(2, 2)")
    page.get_by_label(re.compile("beliefs")).press("Enter")
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
    assert len(boxes) == page.locator(".walras-card img").count() + 3
    for number, box in enumerate(boxes):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= SCREEN["width"]
        assert box["y"] >= 0
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
