"""The page as it is served: what the guard lets in, what a visitor may ask for, how it stops."""

from __future__ import annotations

import http.client
import signal
from typing import TYPE_CHECKING

import pytest

from tests.browser.driving import CHROMIUM, opened, served, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]

SOCKET = "/jupyter/api/kernels/01234567-89ab-cdef-0123-456789abcdef/channels?session_id=a"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def status(address: str, path: str, **headers: str) -> int:
    """Status with which a request is answered."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("GET", path, headers=headers)
    answered = connection.getresponse().status
    connection.close()
    return answered


def test_another_page_steers_no_market(address: str) -> None:
    here = address.removeprefix("http://")
    assert status(address, "/") == 200
    assert status(address, "/", Host="evil.example") == 403
    assert status(address, SOCKET, **UPGRADE, Origin=address) == 101
    assert status(address, SOCKET, **UPGRADE, Origin="http://evil.example") == 403
    assert status(address, SOCKET, **UPGRADE) == 403
    foreign = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert status(address, SOCKET, **UPGRADE, **foreign) == 403
    assert status(address, f"http://{here}/resourcez") == 404


def test_files_of_the_front_end_are_read_only(address: str) -> None:
    package = "/_solara/cdn/requirejs@2.3.6"
    assert status(address, package) == 404  # a folder, which solara would remove
    assert status(address, "/_solara/cdn/unknown@1.0.0/index.js") == 404  # and this one fetch
    assert status(address, f"{package}/require.js") == 200


def test_a_link_to_a_market_too_large_is_answered_in_a_sentence(
    chromium: Browser, address: str
) -> None:
    with opened(chromium, f"{address}/?traders=1000000") as page:
        sync_api.expect(page.locator(".v-alert").first).to_contain_text(
            "traders is 1,000,000; this page takes at most 100,000 (walras serve --max-members)"
        )


def test_a_link_to_a_file_of_the_server_is_refused(chromium: Browser, address: str) -> None:
    with opened(chromium, f"{address}/?members=/etc/passwd&cash=[[[[") as other:
        sync_api.expect(other.locator(".v-alert").first).to_be_visible()
        assert "Traceback" not in other.locator("body").inner_text()


def test_it_stops_on_both_signals_with_a_page_open(chromium: Browser) -> None:
    with served("margin-hike", "--set", "traders=50", stop=signal.SIGTERM) as address:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(address)
        page.locator(".walras-card img").first.wait_for(timeout=60_000)
    context.close()
