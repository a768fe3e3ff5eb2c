"""How the tests drive the page in a real browser.

Needs the extra ``browser-test`` and Debian's Chromium.
"""

from __future__ import annotations

import contextlib
import io
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb

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
SCREEN = {"width": 1280, "height": 800}


sync_api.expect.set_options(timeout=PATIENCE)


@contextlib.contextmanager
def served(*words: str, stop: signal.Signals = signal.SIGINT) -> Iterator[str]:
    """A page that `walras serve` serves; on Ctrl-C, or another signal, it has to end well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "walras", "serve", *words, "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert f"http://127.0.0.1:{port}" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(stop)
            said = process.communicate(timeout=30)
    assert process.returncode == 128 + stop
    assert said == ("", "")


@contextlib.contextmanager
def opened(
    chromium: Browser, address: str, *, wide: int = SCREEN["width"], high: int = SCREEN["height"]
) -> Iterator[Page]:
    """The page, loaded; at the end nothing may have gone wrong behind the scenes."""
    context = chromium.new_context(viewport={"width": wide, "height": high})
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
    page.locator(".walras-card img, .v-alert").first.wait_for()
    yield page
    context.close()
    assert wrong == []


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


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
    page.wait_for_timeout(500)  # the browser shows a value before the server has heard of it


def certificate(page: Page) -> dict[str, str]:
    """Name and class of each line of the certificate."""
    rows = page.locator(".walras-certificate tr[data-condition]")
    found: dict[str, str] = rows.evaluate_all(
        "rows => Object.fromEntries(rows.map(r => [r.dataset.condition, r.className]))"
    )
    return found


def pixels(image: Locator) -> np.ndarray:
    png = image.screenshot()
    return np.asarray(matplotlib.image.imread(io.BytesIO(png), format="png"))[:, :, :3]


def share_of(picture: np.ndarray, colour: str) -> float:
    """Share of a picture's pixels that have a colour."""
    return float(np.mean(np.all(np.abs(picture - to_rgb(colour)) < 0.02, axis=2)))
