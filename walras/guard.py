"""What stands between the network and the page: only those whom the server expects come in.

A page in the browser can be reached by every other page in the same browser: by a name that an
attacker lets point at this machine (DNS rebinding), and by web sockets, which browsers let pages of
other origins open. So a request is answered only if it names a host that the server was started
for, and a web socket only if it comes from a page of this server. Sessions are counted, because
each holds a market, and messages are looked at before the page's framework reads them.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from walras.sessions import Sessions

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names of this machine for itself, as an address has them."""

ANYWHERE = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 - a name to warn of
"""What a server listens on that is reached by every address of its machine."""

NAMED = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
"""A host as the headers ``Host`` and ``Origin`` have it, with or without a port."""

PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
"""Port of an address that says none."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        # the page's framework compiles templates in the browser, and has scripts and styles inside
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load: nothing from elsewhere, and it may not stand in a frame."""

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""Headers of every answer."""

FORWARDED = frozenset(
    {b"forwarded", b"script-name", b"x-script-name", b"x-forwarded-host", b"x-forwarded-prefix"}
    | {b"x-forwarded-for", b"x-forwarded-port", b"x-forwarded-proto"}
)
"""Headers by which the page would be told where its own files are; the scheme has been read."""

READ = re.compile(
    r"/|/readyz|/jupyter/api/kernels/[0-9a-f-]{36}"
    r"|/(static|_solara/cdn|jupyter/nbextensions)/[^\x00-\x1f\x7f]+"
)
"""Paths that are read."""

CLOSED = re.compile(r"/_solara/api/close/([0-9a-f-]{36})")
"""Path by which a browser says that a page was closed."""

SOCKET = re.compile(r"/jupyter/api/kernels/([0-9a-f-]{36})/channels")
"""Path of a session's web socket."""

SPOKEN = frozenset(
    {"comm_close", "comm_info_request", "comm_msg", "comm_open", "kernel_info_request"}
)
"""Types of the messages that a browser sends."""

PAGE = re.compile(r"[0-9a-zA-Z-]{1,64}")
"""What a page of a session is called."""

POLICY_VIOLATED = 1008
"""Code with which a web socket is closed."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names by which the server may be addressed.

    Parameters
    ----------
    host : str
        What the server listens on.
    port : int
        The port that it listens on.
    more : collection of str
        Other names, each of any port unless it says one.
    """

    host: str
    port: int
    more: Collection[str] = ()

    def known(self, named: str, scheme: str = "http") -> bool:
        """Whether a host with its port, as headers have it, is one of these names."""
        name, port = split(named, scheme)
        if not name:
            return False
        if port == self.port and (name in LOOPBACK or name == _bracketed(self.host)):
            return True
        others = [NAMED.fullmatch(other) for other in self.more]
        return any(
            name == other[1].lower() and (other[2] is None or port == int(other[2]))
            for other in others
            if other is not None
        )

    def addressed(self, named: str, scheme: str = "http") -> bool:
        """Whether a request may be addressed to a host: to a known one, or an address.

        Where the server listens on every address of its machine, any address may be meant: no other
        page can have a browser send it, as it can with a name.
        """
        name, port = split(named, scheme)
        everywhere = _bracketed(self.host) in ANYWHERE and port == self.port
        return self.known(named, scheme) or (everywhere and _is_address(name))

    def from_here(self, origin: str, named: str, scheme: str = "http") -> bool:
        """Whether a page's origin is the host that it addresses, or another known one."""
        there = urlsplit(origin)
        if there.scheme not in PORTS:
            return False
        same = split(there.netloc, there.scheme) == split(named, scheme)
        return same or self.known(there.netloc, there.scheme)


def split(named: str, scheme: str) -> tuple[str, int]:
    """Name and port of a host as headers have it; no name if it is none."""
    found = NAMED.fullmatch(named)
    if found is None:
        return "", 0
    return found[1].lower().rstrip("."), int(found[2] or PORTS.get(scheme, 80))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class Guard:
    """An ASGI application in front of the page's.

    Parameters
    ----------
    app : callable
        The page.
    hosts : Hosts
        The names by which it may be addressed.
    sessions : Sessions
        Its sessions.
    report : callable
        Told of what went wrong inside the page; the client is not.
    """

    def __init__(
        self,
        app: Application,
        hosts: Hosts,
        sessions: Sessions,
        report: Callable[[Exception], None],
    ) -> None:
        self.app, self.hosts, self.sessions, self.report = app, hosts, sessions, report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it in a sentence."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        known = [(name, value) for name, value in scope["headers"] if name not in FORWARDED]
        scope = {**scope, "headers": known}
        refused = self._refused(scope)
        if scope["type"] == "websocket":
            await self._converse(scope, receive, send, refused)
        else:
            await self._answer(scope, receive, send, refused)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence with which a request is refused, if it is."""
        named = _headers(scope, b"host")
        if len(named) != 1 or not self.hosts.addressed(named[0], scope["scheme"]):
            shown = ", ".join(named)[:100]
            return 403, (
                f"this page is not served as {shown!r}; if it should be:"
                f" walras serve --allow-host {shown}"
            )
        method, path = scope.get("method", "GET"), scope["path"]
        socket = scope["type"] == "websocket"
        origins = _headers(scope, b"origin")
        changes = socket or method not in ("GET", "HEAD")
        if (changes or origins) and not (
            len(origins) == 1 and self.hosts.from_here(origins[0], named[0], scope["scheme"])
        ):
            return 403, "this page takes no requests from pages of other origins"
        if socket:
            return (
                None if SOCKET.fullmatch(path) and _page(scope) else (404, "there is no such page")
            )
        if method == "POST":
            return (
                None if CLOSED.fullmatch(path) and _page(scope) else (404, "there is no such page")
            )
        if method not in ("GET", "HEAD"):
            return 405, "this page is read with GET"
        if not READ.fullmatch(path):
            return 404, "there is no such page"
        if path == "/" and not self.sessions.room():
            return 503, (
                "there are as many visitors as this page takes at once (walras serve"
                " --max-sessions); try again in a while"
            )
        return None

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, refused: tuple[int, str] | None
    ) -> None:
        """Answer a request, with headers that keep the page to itself."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in HEADERS}
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in own]
                message = {**message, "headers": [*kept, *HEADERS]}
            await send(message)

        if refused is not None:
            status, sentence = refused
            body = f"{sentence}\n".encode()
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
            ]
            await guarded({"type": "http.response.start", "status": status, "headers": headers})
            await guarded({"type": "http.response.body", "body": body})
            return
        try:
            await self.app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - the client is told of it by its status only
            self.report(error)

    async def _converse(
        self, scope: Scope, receive: Receive, send: Send, refused: tuple[int, str] | None
    ) -> None:
        """Let a web socket in, if its session may have another."""
        found = SOCKET.fullmatch(scope["path"])
        if refused is not None or found is None or not self.sessions.enter(found[1]):
            await send({"type": "websocket.close", "code": POLICY_VIOLATED})
            return
        name = found[1]

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                self.sessions.hear(name)
                if not understood(message.get("text")):
                    await send({"type": "websocket.close", "code": POLICY_VIOLATED})
                    return {"type": "websocket.disconnect", "code": POLICY_VIOLATED}
            return message

        async def said(message: Message) -> None:
            self.sessions.hear(name)
            await send(message)

        try:
            await self.app(scope, heard, said)
        except Exception as error:  # noqa: BLE001 - the client is not told
            self.report(error)
        finally:
            self.sessions.leave(name)


def understood(text: str | None) -> bool:
    """Whether a message is of the kind that the page's browser sends."""
    try:
        message = json.loads(text or "")
        header, content = message["header"], message["content"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return (
        isinstance(header, dict)
        and isinstance(content, dict)
        and str(header.get("msg_type")) in SPOKEN
        and message.get("channel") == "shell"
    )


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _page(scope: Scope) -> bool:
    """Whether a request names one page of its session."""
    try:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=8)
    except ValueError:
        return False
    named = query.get("session_id", [])
    return len(named) == 1 and PAGE.fullmatch(named[0]) is not None
