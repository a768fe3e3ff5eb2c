"""The page's server: Solara's application behind the guard, under uvicorn."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Collection
from types import FrameType, SimpleNamespace, TracebackType

import reacton
import solara.server.app
import uvicorn
from solara.server import kernel_context, settings
from solara.server.starlette import StaticCdn, app
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator.outcome import Outcome
from walras.guard import Guard, Hosts
from walras.sessions import Sessions, Visitors

MESSAGE = 2**20
"""Bytes of the longest message that a browser may send."""

TIDIED_EVERY = 10
"""Seconds between two looks at idle sessions."""

CONNECTED = 60.0
"""Seconds after which a connection without an answer on its way is closed; a browser opens another.
Who opens many and says nothing can't use up the descriptors for longer."""

PER_SESSION, BESIDE = 10, 50
"""Connections per session, and beside those, that may be open at once."""

CLOSES_WITHIN = 1
"""Seconds that open pages are given when the server stops."""

STOPS_WITHIN = 3.0
"""Seconds after which the process ends even if a round is being computed."""


class Shipped(StaticCdn):
    """Solara's files for the browser as they were installed: none is fetched or removed."""

    lookup_path = StaticFiles.lookup_path


class Brief(H11Protocol):
    """A connection that is not kept for ever."""

    most: int

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Close it at once if there are too many, and after a time if it stays idle."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self.loop.call_later(CONNECTED, self._end)

    def _end(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # closed, or a web socket now
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.loop.call_later(CONNECTED, self._end)


class Server(uvicorn.Server):
    """A server that says when it answers, and stops in time, whatever is being computed."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; a round that goes on for long is not waited for."""
        watch = threading.Timer(STOPS_WITHIN, os._exit, [128 + sig])
        watch.daemon = True
        watch.start()
        super().handle_exit(sig, frame)


def run(host: str, port: int, visitors: Visitors, ready: Callable[[], None]) -> None:
    """Serve until a signal; ``ready`` is called when the page answers."""
    app.router.routes.insert(
        0, Mount("/_solara/cdn", app=Shipped(directory=settings.assets.proxy_cache_dir))
    )
    for name in ("Comm", "reacton", "solara"):  # the page says itself what went wrong
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for module in (reacton.core, solara.server.app):  # both would show a traceback in the browser
        module.traceback = SimpleNamespace(format_exception=_told, format_stack=list)
    sessions = Sessions(visitors.sessions, 60 * visitors.idle, _held, _end)
    guard = Guard(app, Hosts(host, port, visitors.names), sessions, _report)

    async def tidy() -> None:
        sessions.end_idle()

    Brief.most = PER_SESSION * visitors.sessions + BESIDE
    config = uvicorn.Config(
        guard,
        host=host,
        port=port,
        http=Brief,
        log_level="critical",
        server_header=False,
        ws_max_size=MESSAGE,
        callback_notify=tidy,
        timeout_notify=TIDIED_EVERY,
        timeout_graceful_shutdown=CLOSES_WITHIN,
    )
    Server(config, ready).run()


def _held() -> Collection[str]:
    """Sessions that hold memory."""
    return set(kernel_context.contexts)


def _end(session: str) -> None:
    """Close a session and free what it holds; a round that is being computed is waited for."""
    context = kernel_context.contexts.get(session)
    if context is not None:
        threading.Thread(target=context.close, args=["cull"], daemon=True).start()


def _told(kind: object, error: BaseException, trace: TracebackType | None) -> list[str]:
    """What the browser shows of a defect outside the page's components."""
    traceback.print_exception(error)
    return [f"{Outcome.DEFECT}: {type(error).__name__}"]


def _report(error: Exception) -> None:
    """Tell who serves the page of a request that ended with an error: mostly a malformed one."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    print(f"walras: a request failed: {type(error).__name__}: {error}"[:300], file=sys.stderr)
