"""Serving a scenario's page on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from markets.refused import Refused
from simulator.code_file import code_in

NEEDED = ("altair", "ipyvue", "ipyvuetify", "solara", "uvicorn")
"""What the page imports and only the extra ``browser`` installs."""

VARIABLE = "WALRAS_PAGE"
"""Environment variable that says what the page shows."""

READY_WITHIN = 60.0
"""Seconds that the server may take to answer."""

CLOSES_WITHIN = 2
"""Seconds that open pages are given when the server stops."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page shows: a scenario, parameters that differ from their defaults, a seed, a case.

    ``trusted`` are the files of code that may be executed: those that the command line named.
    ``lesson`` is the name of a lesson on the scenario, whose first market opens then; ``beside``
    are settings of a second market, see :class:`walras.side_by_side.SideBySide`.
    """

    scenario: str
    given: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    case: str = ""
    lesson: str = ""
    beside: str = ""
    trusted: tuple[Path, ...] = ()

    def to_environment(self) -> str:
        """As text for the environment of the page."""
        known = {"scenario": self.scenario, "given": dict(self.given), "seed": self.seed}
        return json.dumps({**known, "lesson": self.lesson})

    @classmethod
    def from_environment(cls, default: str) -> Asked:
        """What the environment asks for; a scenario by its defaults if it asks for nothing."""
        text = os.environ.get(VARIABLE)
        if text is None:
            return cls(default)
        known = json.loads(text)
        return cls(**known, trusted=tuple(code_in(known["given"])))

    @classmethod
    def taught(cls, lesson: str) -> Asked:
        """A lesson, in its first market.

        Raises
        ------
        Refused
            If there is no such lesson.
        """
        from walras.lessons import LESSONS, find_lesson

        market = find_lesson(lesson).market(0)
        return cls(LESSONS[lesson], market, lesson=lesson)

    def linked(self, query: str, name: str) -> Asked:
        """What a link asks for: a scenario or a lesson, a seed, a case and parameters.

        Parameters
        ----------
        query : str
            What follows the question mark of the address.
        name : str
            Name of the scenario that is served; of that one, what the link does not give stays.

        Raises
        ------
        Refused
            If the query can't be used: one sentence. The values of parameters are checked later,
            against their declaration, and no link can have code executed.
        """
        from walras.catalogue import TITLES, find
        from walras.takeaway import read

        pairs = parse_qsl(query, keep_blank_values=True)
        settings = dict(pairs)
        if len(settings) < len(pairs):
            names = [key for key, _ in pairs]
            twice = next(key for key in names if names.count(key) > 1)
            raise Refused(f"the link has {twice} twice; each setting may stand there once")
        if "lesson" in settings:
            return self.taught(settings["lesson"])
        taught = "" if "scenario" in settings else self.lesson
        asked = settings.pop("scenario", name)
        seed = settings.pop("seed", str(self.seed))
        if not seed.isdecimal():
            raise Refused(f'seed is "{seed}"; it must be a whole number of at least 0')
        case, beside = settings.pop("case", ""), settings.pop("beside", "")
        given = {key: read(key, value) for key, value in settings.items()}
        if asked == name:
            known = {**self.given, **given}
            return replace(
                self, given=known, seed=int(seed), case=case, lesson=taught, beside=beside
            )
        there = asked if asked in TITLES else find(asked).name
        return Asked(there, given, int(seed), case, beside=beside)


def check_servable(host: str, port: int) -> None:
    """Refuse to serve without the browser packages, or where nothing can listen.

    Raises
    ------
    Refused
        With one sentence that says what to do.
    """
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        raise Refused(
            'the page needs the extra "browser": pip install "walras[browser]", or make browser'
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"can't listen on {host}, port {port}: {reason}") from None


def serve(asked: Asked, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; tell ``ready`` the address as soon as the page answers."""
    os.environ |= {
        VARIABLE: asked.to_environment(),
        "MPLBACKEND": "Agg",
        "SOLARA_APP": str(Path(__file__).with_name("browser") / "page.py"),
        "SOLARA_CHECK_HOOKS": "off",  # solara objects to a component of Mesa 3.3
        "SOLARA_MODE": "production",
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
        "SOLARA_THEME_SHOW_BANNER": "False",
    }
    # a cookie of solara's that the page does not need
    warnings.filterwarnings("ignore", message="Cookies with samesite", category=UserWarning)
    import uvicorn

    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    threading.Thread(target=_tell, args=(address, ready), daemon=True).start()
    uvicorn.run(
        "solara.server.starlette:app",
        host=host,
        port=port,
        log_level="error",
        timeout_graceful_shutdown=CLOSES_WITHIN,
    )


def _tell(address: str, ready: Callable[[str], None]) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        try:
            # the address is that of our own server
            with urllib.request.urlopen(f"{address}/readyz", timeout=5.0):  # noqa: S310
                ready(address)
                return
        except OSError:
            time.sleep(0.1)
