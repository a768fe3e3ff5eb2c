"""Only those whom the server expects reach the page: hosts, origins, paths, messages, headers."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from walras.guard import HEADERS, Guard, Hosts, Message, Receive, Scope, Send, understood
from walras.sessions import PER_SECOND, SOCKETS, Sessions

PORT = 8765
HERE = f"127.0.0.1:{PORT}"
NAME = "0123456789abcdef-0123-4567-89ab-cdef"  # of a session: 36 of these characters
SOCKET = f"/jupyter/api/kernels/{NAME}/channels"
CLOSE = f"/_solara/api/close/{NAME}"
SAID = {"header": {"msg_type": "comm_msg"}, "content": {}, "channel": "shell"}


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Behind:
    """What stands behind the guard: remembers who came in, and what was said."""

    def __init__(self, fails: bool = False) -> None:
        self.scopes: list[Scope] = []
        self.heard: list[Message] = []
        self.fails = fails

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            while not self.heard or self.heard[-1]["type"] != "websocket.disconnect":
                self.heard.append(await receive())
        if self.fails:
            raise RuntimeError("secret")
        if scope["type"] == "http":
            own = [(b"x-frame-options", b"ALLOWALL"), (b"etag", b"1")]
            await send({"type": "http.response.start", "status": 200, "headers": own})
            await send({"type": "http.response.body", "body": b"page"})


def sessions(most: int = 2, held: set[str] | None = None, clock: Clock | None = None) -> Sessions:
    there: set[str] = set() if held is None else held
    return Sessions(most, 60.0, lambda: there, there.discard, clock or Clock())


def asked(
    guard: Guard,
    path: str = "/",
    kind: str = "http",
    method: str = "GET",
    query: str = "",
    said: str = "",
    **headers: str,
) -> list[Message]:
    """What the guard sends to a request, with the host of this server unless another is given."""
    told = {"host": HERE, **headers}
    scope: Scope = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in told.items() if v],
    }
    if kind == "http":
        scope["method"] = method
    sent: list[Message] = []
    coming = iter([{"type": "websocket.receive", "text": text} for text in said.splitlines()])

    async def receive() -> Message:
        return next(coming, {"type": "websocket.disconnect", "code": 1000})

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


def guarded(behind: Behind, hosts: Hosts | None = None, kept: Sessions | None = None) -> Guard:
    return Guard(behind, hosts or Hosts("127.0.0.1", PORT), kept or sessions(), print)


def opens(behind: Behind, guard: Guard, **headers: str) -> bool:
    """Whether a web socket with these headers is let in."""
    before = len(behind.scopes)
    sent = asked(guard, SOCKET, "websocket", query="session_id=p", **headers)
    assert (sent[0]["type"] == "websocket.accept") == (len(behind.scopes) > before)
    return len(behind.scopes) > before


@pytest.mark.parametrize("host", [HERE, f"localhost:{PORT}", f"LOCALHOST:{PORT}", f"[::1]:{PORT}"])
def test_the_page_is_read_by_the_names_of_this_machine(host: str) -> None:
    start, body = asked(guarded(Behind()), host=host)
    assert (start["status"], body["body"]) == (200, b"page")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        f"evil.example:{PORT}",
        f"localhost.evil.example:{PORT}",
        f"127.0.0.1.evil.example:{PORT}",
        f"evil.example@127.0.0.1:{PORT}",
        "localhost",
        "localhost:80",
        "10.0.0.1:8765",
        f"{HERE}/",
        f"{HERE} ",
        f"127.0.0.1:{PORT}\x00",
        "[::1",
    ],
)
def test_a_foreign_host_is_refused_in_a_sentence(host: str) -> None:
    behind = Behind()
    start, body = asked(guarded(behind), host=host)
    assert start["status"] == 403
    assert body["body"].startswith(b"this page is not served as ")
    assert len(body["body"]) <= 300
    assert not opens(behind, guarded(behind), host=host, origin=f"http://{HERE}")
    assert behind.scopes == []


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        f"http://evil.example:{PORT}",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        f"http://{HERE}@evil.example",
        f"http://{HERE}.evil.example",
        f"file://{HERE}",
        HERE,
    ],
)
def test_a_page_of_another_origin_opens_no_web_socket_and_closes_no_session(origin: str) -> None:
    behind = Behind()
    assert not opens(behind, guarded(behind), origin=origin)
    start, _ = asked(guarded(behind), CLOSE, method="POST", query="session_id=p", origin=origin)
    assert start["status"] == 403
    assert behind.scopes == []


def test_the_page_itself_opens_a_web_socket_and_closes_its_session() -> None:
    behind = Behind()
    assert opens(behind, guarded(behind), origin=f"http://{HERE}")
    there = f"localhost:{PORT}"
    assert opens(behind, guarded(behind), host=there, origin=f"http://{there}")
    assert opens(behind, guarded(behind), host=there, origin=f"http://{HERE}")
    start, _ = asked(
        guarded(behind), CLOSE, method="POST", query="session_id=p", origin=f"http://{HERE}"
    )
    assert start["status"] == 200


def test_another_name_is_let_in_if_the_server_was_started_for_it() -> None:
    behind = Behind()
    guard = guarded(behind, Hosts("127.0.0.1", PORT, ("walras.example", "desk:9000")))
    assert opens(behind, guard, host="walras.example", origin="https://walras.example")
    assert opens(behind, guard, host=HERE, origin="https://walras.example")  # behind a proxy
    assert opens(behind, guard, host="desk:9000", origin="http://desk:9000")
    assert not opens(behind, guard, host="desk:9001", origin="http://desk:9001")
    assert not opens(behind, guard, host="walras.example", origin="https://evil.example")


def test_every_address_of_the_machine_may_be_meant_where_it_listens_on_all() -> None:
    behind = Behind()
    guard = guarded(behind, Hosts("0.0.0.0", PORT), sessions(9))
    there = f"192.0.2.7:{PORT}"
    assert opens(behind, guard, host=there, origin=f"http://{there}")
    assert not opens(behind, guard, host=there, origin=f"http://192.0.2.8:{PORT}")
    assert not opens(behind, guard, host="192.0.2.7:80", origin="http://192.0.2.7")
    assert not opens(behind, guard, host=f"desk:{PORT}", origin=f"http://desk:{PORT}")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/static/main.js", "GET", 200),
        ("/readyz", "HEAD", 200),
        ("/_solara/cdn/requirejs@2.3.6/require.js", "GET", 200),
        ("/resourcez", "GET", 404),
        (f"/jupyter/api/kernels/{NAME}", "GET", 200),
        ("/jupyter/api/kernels/a", "GET", 404),
        ("/static/a\x00b", "GET", 404),
        ("/static/", "GET", 404),
        ("/other", "GET", 404),
        (f"/_solara/api/evict/{NAME}", "POST", 404),
        (CLOSE, "GET", 404),
        ("/", "DELETE", 405),
        ("/", "POST", 404),
    ],
)
def test_only_what_the_page_needs_is_answered(path: str, method: str, status: int) -> None:
    origin = {} if method in ("GET", "HEAD") else {"origin": f"http://{HERE}"}
    start, _ = asked(guarded(Behind()), path, method=method, query="session_id=p", **origin)
    assert start["status"] == status


@pytest.mark.parametrize("query", ["", "session_id=", "session_id=a&session_id=b", "a=1&" * 99])
def test_a_web_socket_names_its_page(query: str) -> None:
    behind = Behind()
    asked(guarded(behind), SOCKET, "websocket", query=query, origin=f"http://{HERE}")
    assert behind.scopes == []


def test_answers_keep_the_page_to_itself_and_headers_can_not_move_its_files() -> None:
    behind = Behind()
    start, _ = asked(
        guarded(behind), x_script_name="//evil.example", x_forwarded_host="evil.example"
    )
    assert set(HEADERS) <= set(start["headers"])
    assert (b"etag", b"1") in start["headers"]
    assert (b"x-frame-options", b"ALLOWALL") not in start["headers"]
    assert b"frame-ancestors 'none'" in dict(HEADERS)[b"content-security-policy"]
    assert [name for name, _ in behind.scopes[0]["headers"]] == [b"host"]
    refused, _ = asked(guarded(behind), host="evil.example")
    assert set(HEADERS) <= set(refused["headers"])


def test_a_defect_behind_it_is_reported_and_not_told() -> None:
    reported: list[Exception] = []
    guard = Guard(Behind(fails=True), Hosts("127.0.0.1", PORT), sessions(), reported.append)
    assert asked(guard) == []
    asked(guard, SOCKET, "websocket", query="session_id=p", origin=f"http://{HERE}")
    assert [str(error) for error in reported] == ["secret", "secret"]


@pytest.mark.parametrize(
    "changed",
    [
        {"header": {"msg_type": "execute_request"}},
        {"header": {"msg_type": "shutdown_request"}},
        {"header": {"msg_type": []}},
        {"header": None},
        {"content": "x"},
        {"channel": "control"},
    ],
)
def test_a_message_that_no_browser_sends_is_not_understood(changed: Mapping[str, Any]) -> None:
    assert understood(json.dumps(SAID))
    assert not understood(json.dumps({**SAID, **changed}))


@pytest.mark.parametrize(
    "text", [None, "", "x", "[]", "1", '"a"', "null", "[" * 100_000, '{"header":' + "1" * 9_999]
)
def test_no_message_at_all_is_not_understood(text: str | None) -> None:
    assert not understood(text)


def test_a_web_socket_with_such_a_message_is_closed() -> None:
    behind = Behind()
    sent = asked(
        guarded(behind),
        SOCKET,
        "websocket",
        query="session_id=p",
        said=f"{json.dumps(SAID)}\nx\n{json.dumps(SAID)}",
        origin=f"http://{HERE}",
    )
    assert sent[-1] == {"type": "websocket.close", "code": 1008}
    assert [message["type"] for message in behind.heard] == [
        "websocket.receive",
        "websocket.disconnect",
    ]


def test_a_visitor_too_many_is_told_so() -> None:
    held = {"a", "b"}
    start, body = asked(guarded(Behind(), kept=sessions(2, held)))
    assert start["status"] == 503
    assert b"as many visitors as this page takes" in body["body"]


def test_sessions_are_counted_and_make_room_when_their_browser_has_gone() -> None:
    held: set[str] = set()
    kept = sessions(2, held)
    for name in ("a", "b"):
        assert kept.enter(name)
        held.add(name)
    assert not kept.enter("c")
    kept.leave("a")
    kept._allowed = 1.0  # a second later
    assert kept.enter("c")
    assert held == {"b"}
    assert not kept.enter("a")  # a browser that was left open does not begin anew


def test_a_session_that_holds_nothing_is_forgotten() -> None:
    held: set[str] = set()
    kept = sessions(1, held)
    assert kept.enter("a")
    held.add("a")
    kept.leave("a")
    held.clear()
    kept._allowed = 1.0
    assert kept.enter("b")


def test_a_session_has_few_web_sockets() -> None:
    kept = sessions(9)
    assert [kept.enter("a") for _ in range(SOCKETS + 1)] == [True] * SOCKETS + [False]


def test_new_sessions_come_at_a_rate() -> None:
    clock, numbers = Clock(), itertools.count()
    kept = sessions(3, clock=clock)

    def entered() -> int:
        names = [str(next(numbers)) for _ in range(5)]
        before = [name for name in names if kept.enter(name)]
        for name in before:
            kept.leave(name)
        return len(before)

    assert entered() == 3
    assert entered() == 0
    clock.now = 1.0
    assert entered() == PER_SECOND


def test_a_quiet_session_ends() -> None:
    held, clock = set[str](), Clock()
    kept = sessions(2, held, clock)
    assert kept.enter("a")
    assert kept.enter("b")
    held |= {"a", "b"}
    clock.now = 50.0
    kept.hear("b")
    clock.now = 61.0
    kept.end_idle()
    assert held == {"b"}
    assert not kept.enter("a")
