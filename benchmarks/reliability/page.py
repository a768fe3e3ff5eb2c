"""The page, attacked over the network by whoever reaches its port."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from benchmarks.reliability.trial import Line, Trial
from walras.serving import NEEDED

LOADS, SESSIONS, REQUESTS, MESSAGES, LINKS, STOPS = 1_000, 100, 400, 200, 60, 4
"""How often each attack is tried for the report."""

PATIENCE = 60.0
"""Seconds that a busy machine may need for an answer."""

STOPS_WITHIN = 5.0
"""Seconds that the server may take to stop; 3 by its own clock, the rest for a busy machine."""

WARM = 10
"""Sessions after which the server has everything in memory that it loads once."""

GROWTH, DESCRIPTORS = 40, 8
"""MiB and descriptors by which memory and files in use may differ after all loads and sessions:
what the allocator and the threads of the server keep, whatever their number."""

TRACEBACK = "Traceback (most recent"
FOREIGN = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.9.8.7",
    "",
    "a b",
)
CLIMBING = ("../" * 8, "%2e%2e/" * 8, "..%2f" * 8, "%00", "%ff", "//", "a" * 3_000, "%0d%0aA:%20b")
PLACES = ("/", "/static/", "/static/public/", "/_solara/cdn/", "/jupyter/nbextensions/", "/x/")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "X" * 50)
VALUES = (
    *("1e12", "-1", "NaN", "1e308", "1e-320", "9" * 5_000, "[" * 3_000, "{a=" * 2_000, "\\ud800"),
    *("/etc/passwd", '"/dev/zero"', "empirical(file=/etc/passwd, column=a)", "<script>", ""),
)
NAMES = (
    *("traders", "max_rounds", "dates", "haircuts", "cash", "members", "beliefs", "start"),
    *("seed", "case", "beside", "scenario", "lesson", "step", "margin"),
)


class Served:
    """A page of its own, in a process of its own."""

    def __init__(self, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        command = [sys.executable, "-m", "walras", "serve", "margin-hike", *words]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    @property
    def here(self) -> str:
        """Host and port, as headers have them."""
        return f"127.0.0.1:{self.port}"

    def stop(self, number: int) -> tuple[int | None, str]:
        """Exit code after a signal, and what was said on stderr; no code if it went on."""
        self.process.send_signal(number)
        try:
            said = self.process.communicate(timeout=STOPS_WITHIN)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None, self.process.communicate()[1]
        return self.process.returncode, said

    def raw(self, data: bytes, wait: float = 10.0) -> bytes:
        """What is answered to some bytes."""
        answer = b""
        with (
            socket.create_connection(("127.0.0.1", self.port), wait) as connection,
            contextlib.suppress(OSError),
        ):
            connection.sendall(data)
            while more := connection.recv(65_536):
                answer += more
        return answer

    def ask(self, method: str, path: str, host: str = "", headers: str = "") -> tuple[int, str]:
        """Status and body of an answer; 0 if there is none."""
        request = f"{method} {path} HTTP/1.1\r\nHost: {host or self.here}\r\n{headers}"
        answer = self.raw(f"{request}Connection: close\r\n\r\n".encode("latin-1", "replace"))
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(maxsplit=2)
        return int(words[1]) if len(words) > 1 else 0, body.decode("utf-8", "replace")

    def alive(self) -> bool:
        """Whether the server still answers."""
        return self.ask("GET", "/readyz")[0] == 200

    def in_use(self) -> tuple[float, int]:
        """MiB of memory, and descriptors, that the server has in use."""
        place = Path(f"/proc/{self.process.pid}")
        pages = int((place / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(list((place / "fd").iterdir()))


class Visitor:
    """A browser's web socket, as far as the server can tell."""

    def __init__(self, page: Served, host: str | None = None, origin: str | None = "") -> None:
        from websockets.sync.client import connect
        from websockets.typing import Origin

        self.page, self.name, self.own = page, str(uuid.uuid4()), str(uuid.uuid4())
        told = f"http://{page.here}" if origin == "" else origin
        self.socket = connect(
            f"ws://{page.here if host is None else host}/jupyter/api/kernels/{self.name}/channels"
            f"?session_id={self.own}",
            sock=socket.create_connection(("127.0.0.1", page.port), PATIENCE),
            origin=None if told is None else Origin(told),
            max_size=None,
        )

    def say(self, kind: str, content: object) -> None:
        """Send a message."""
        header = {"msg_id": str(uuid.uuid4()), "msg_type": kind, "session": self.own}
        header |= {"username": "", "version": "5.2", "date": "2026-01-01T00:00:00Z"}
        message = {"header": header, "content": content, "parent_header": {}, "metadata": {}}
        self.socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))

    def hear(self, until: str, within: float = PATIENCE) -> str:
        """All messages up to the first that has these words."""
        ends, heard = time.monotonic() + within, ""
        while until not in heard[-200_000:]:
            message = self.socket.recv(timeout=max(0.01, ends - time.monotonic()))
            heard += message if isinstance(message, str) else message.decode("latin-1")
        return heard

    def open(self, query: str = "") -> str:
        """Open the page; all that was said."""
        self.say("comm_open", {"comm_id": "c", "target_name": "solara.control", "data": {}})
        asked = {"path": f"/{query}", "themes": {}, "dark": False}
        self.say("comm_msg", {"comm_id": "c", "data": {"method": "run", "args": asked}})
        return self.hear('"method": "finished"')

    def press(self, label: str, opened: str) -> None:
        """Press a button of the opened page."""
        before = opened[: opened.index(f'["{label}"]')]
        model = before.rpartition('"comm_id": "')[2].partition('"')[0]
        click = {"method": "custom", "content": {"event": "click", "data": {}}}
        self.say("comm_msg", {"comm_id": model, "data": click})

    def leave(self) -> None:
        """Close the page, as a browser does."""
        self.socket.close()
        origin = f"Origin: http://{self.page.here}\r\nContent-Length: 0\r\n"
        where = f"/_solara/api/close/{self.name}?session_id={self.own}"
        self.page.ask("POST", where, headers=origin)


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """All attacks on one server, at last a signal; then signals for others."""
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        return

    def times(full: int) -> range:
        return range(max(1, round(full * share)))

    page = Served("--set", "traders=200", "--max-sessions", "200")
    try:
        for _ in times(REQUESTS):
            yield _tried("request to a foreign host", page, rng, _foreign_host)
            yield _tried("web socket of a foreign origin", page, rng, _foreign_origin)
            yield _tried("malformed request", page, rng, _request)
        for _ in times(MESSAGES):
            yield _tried("malformed message", page, rng, _message)
        for _ in times(LINKS):
            yield _tried("hostile link", page, rng, _link)
        yield from _flat("sessions", page, SESSIONS, share, _session)
        yield from _flat("loads", page, LOADS, share, _load)
        yield _stopped(page, rng)
        for _ in range(round(STOPS * share)):
            page = Served("--set", "traders=20000")
            yield _stopped(page, rng)
    finally:
        page.process.kill()
        page.process.communicate()


def _tried(
    what: str,
    page: Served,
    rng: np.random.Generator,
    attack: Callable[[Served, np.random.Generator], tuple[str, str]],
) -> Trial:
    """An attack, after which the server has to answer."""
    start = time.perf_counter()
    given, failure = attack(page, rng)
    if not failure and not page.alive():
        failure = "the server does not answer any more"
    return Trial(what, given, failure, time.perf_counter() - start)


def _foreign_host(page: Served, rng: np.random.Generator) -> tuple[str, str]:
    host = f"{rng.choice(FOREIGN)}{rng.choice(['', f':{page.port}', ':80', ':x'])}" or " "
    status, body = page.ask("GET", "/", host)
    if status not in (400, 403):
        return host, f"it is answered with {status}"
    return host, "" if len(body) <= 300 else f"the refusal has {len(body)} characters"


def _foreign_origin(page: Served, rng: np.random.Generator) -> tuple[str, str]:
    names = [f"http://{each}{rng.choice(['', f':{page.port}'])}" for each in FOREIGN[:4]]
    names += ["null", "http://127.0.0.1:1", f"http://{page.here}@evil.example", "file://"]
    origin = str(rng.choice(names))
    host = str(rng.choice(["evil.example", page.here]))
    return f"{host} {origin}", _refused(page, host, origin)


def _refused(page: Served, host: str, origin: str) -> str:
    """How a web socket that should be refused is not."""
    from websockets.exceptions import InvalidHandshake

    try:
        visitor = Visitor(page, host, origin)
    except (InvalidHandshake, OSError):
        return ""
    visitor.socket.close()
    return "the web socket is opened"


def _request(page: Served, rng: np.random.Generator) -> tuple[str, str]:
    if rng.random() < 0.2:
        data = rng.bytes(int(rng.integers(1, 4_000)))
        return repr(data), _told(page.raw(data, 2.0).decode("latin-1"))
    method, place = str(rng.choice(METHODS)), str(rng.choice(PLACES))
    path = f"{place}{rng.choice(CLIMBING)}{rng.choice(['', 'etc/passwd', 'a.js', '?v=%ff'])}"
    status, body = page.ask(method, path)
    if status >= 500 or "root:" in body:
        return f"{method} {path}", f"it is answered with {status}: {body[:100]}"
    return f"{method} {path}", _told(body)


def _told(body: str) -> str:
    return "a traceback is shown" if TRACEBACK in body else ""


def _message(page: Served, rng: np.random.Generator) -> tuple[str, str]:
    from websockets.exceptions import ConnectionClosed

    visitor = Visitor(page)
    data = _garbage(rng)
    heard = ""
    try:
        visitor.socket.send(data)
        for _ in range(4):
            heard += str(visitor.socket.recv(timeout=0.5))
    except (ConnectionClosed, TimeoutError):
        pass
    visitor.leave()
    return repr(data[:2_000]), _told(heard)


def _garbage(rng: np.random.Generator) -> str | bytes:
    """A message that no browser sends."""
    size = int(10 ** rng.uniform(0, 6.3))
    parts: dict[str, Any] = {
        "header": {"msg_type": "comm_msg", "msg_id": "1", "session": "s"},
        "content": {"comm_id": "c", "data": {"method": "run", "args": {"path": "/"}}},
        "channel": "shell",
    }
    kinds = ["comm_open", "comm_msg", "comm_close", "comm_info_request", "execute_request", 7, None]
    wrong: list[Any] = [None, 1, "x", [], {}, {"comm_id": []}, {"comm_id": "c", "data": 5}]
    parts["header"]["msg_type"] = kinds[int(rng.integers(len(kinds)))]
    parts[str(rng.choice(["header", "content", "channel"]))] = wrong[int(rng.integers(len(wrong)))]
    made: list[str | bytes] = [rng.bytes(size), "[" * size, "x" * size, json.dumps(parts)]
    return made[int(rng.choice(4, p=[0.1, 0.1, 0.1, 0.7]))]


def _link(page: Served, rng: np.random.Generator) -> tuple[str, str]:
    names = rng.choice(NAMES, size=int(rng.integers(1, 4)))
    query = "?" + "&".join(f"{name}={quote(str(rng.choice(VALUES)))}" for name in names)
    visitor = Visitor(page)
    try:
        opened = visitor.open(query)
    except TimeoutError:
        return query, f"nothing is shown within {PATIENCE:g} s"
    finally:
        visitor.leave()
    if "internal error" in opened:
        place = opened.index("internal error")
        return query, f"a defect is shown: {opened[place : place + 200]}"
    return query, _told(opened)


def _session(page: Served) -> None:
    """Open the page, play a round, and close it."""
    visitor = Visitor(page)
    heard = visitor.open()
    for _ in range(3):  # a button may be made anew just as it is pressed
        visitor.press("Step", heard)
        try:
            visitor.hear("round <b>1", PATIENCE / 3)
            break
        except TimeoutError:
            continue
    else:
        raise TimeoutError("no round is shown")
    visitor.leave()


def _load(page: Served) -> None:
    if page.ask("GET", "/")[0] != 200:
        raise ValueError("the page is not read")


def _flat(
    what: str, page: Served, full: int, share: float, visit: Callable[[Served], None]
) -> Iterator[Trial]:
    """Visits, after which memory and descriptors in use are what they were after the first few."""
    for _ in range(round(WARM * min(1.0, 10 * share))):
        visit(page)
    time.sleep(3.0)  # closed sessions are freed a second later
    memory, files = page.in_use()
    count = max(1, round(full * share))
    for number in range(count):
        start, failure, figure = time.perf_counter(), "", ""
        try:
            visit(page)
        except (OSError, ValueError) as error:  # a time-out is an OSError
            failure = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        if number == count - 1:
            time.sleep(3.0)
            now, open_now = page.in_use()
            figure = f"{now - memory:+.0f} MiB, {open_now - files:+d} descriptors"
            if now - memory > GROWTH or open_now - files > DESCRIPTORS:
                failure = f"after {count} {what}: {figure}"
        yield Trial(what, f"{what} {number}", failure, seconds, figure)


def _stopped(page: Served, rng: np.random.Generator) -> Trial:
    """A signal while a page is open, or plays."""
    number = signal.Signals(int(rng.choice([signal.SIGINT, signal.SIGTERM])))
    label = str(rng.choice(["Step", "To rest"]))
    visitor = Visitor(page)
    visitor.press(label, visitor.open())
    time.sleep(float(rng.uniform(0.0, 1.0)))
    start = time.perf_counter()
    code, said = page.stop(number)
    seconds = time.perf_counter() - start
    visitor.socket.close()
    failure = "" if code == 128 + number else f"exit code {code}"
    failure += f"; on stderr: {said[-300:]}" if TRACEBACK in said else ""
    return Trial("stop", f"{number.name} after {label}", failure, seconds)


LINE = Line(
    "page",
    "nobody comes in whom the server does not expect, and no visitor takes it down",
    trials,
    (
        "a visitor who reaches the port and is let in can still use up the sessions of others: the"
        " page has no passwords, and a server for strangers belongs behind a proxy that has",
        "without the extra browser nothing is tried",
    ),
)
