"""Serving a scenario's page on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl

from markets.refused import Refused
from simulator.names import repeated
from walras.bounds import Bounds
from walras.guard import NAMED
from walras.sessions import Visitors

NEEDED = ("altair", "ipyvue", "ipyvuetify", "solara", "uvicorn")
"""What the page imports and only the extra ``browser`` installs."""

VARIABLE = "WALRAS_PAGE"
"""Environment variable that says what the page shows."""

SEED_DIGITS = 40
"""Digits that the seed of a link may have: 128 bits."""

LEFT_FOR = "2m"
"""How long a market is kept whose browser has gone without a word, as when the network fails."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page shows: a scenario, parameters that differ from their defaults, a seed, a case.

    ``trusted`` are the files that may be named, those of code executed: those that the command line
    named. ``lesson`` is the name of a lesson on the scenario, whose first market opens then;
    ``beside`` are settings of a second market, see :class:`walras.side_by_side.SideBySide`.
    ``bounds`` are those of every market that the page opens.
    """

    scenario: str
    given: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    case: str = ""
    lesson: str = ""
    beside: str = ""
    trusted: tuple[Path, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)

    def to_environment(self) -> str:
        """As text for the environment of the page."""
        known = {"scenario": self.scenario, "given": dict(self.given), "seed": self.seed}
        known |= {"lesson": self.lesson, "trusted": [str(path) for path in self.trusted]}
        return json.dumps({**known, "bounds": asdict(self.bounds)})

    @classmethod
    def from_environment(cls, default: str) -> Asked:
        """What the environment asks for; a scenario by its defaults if it asks for nothing."""
        text = os.environ.get(VARIABLE)
        if text is None:
            return cls(default)
        known = json.loads(text)
        trusted, bounds = tuple(map(Path, known.pop("trusted"))), Bounds(**known.pop("bounds"))
        return cls(**known, trusted=trusted, bounds=bounds)

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
            twice = repeated(key for key, _ in pairs)
            raise Refused(f"the link has {twice} twice; each setting may stand there once")
        if "lesson" in settings:
            return replace(self.taught(settings["lesson"]), bounds=self.bounds)
        taught = "" if "scenario" in settings else self.lesson
        asked = settings.pop("scenario", name)
        seed = settings.pop("seed", str(self.seed))
        if not seed.isdecimal() or len(seed) > SEED_DIGITS:
            raise Refused(
                f'seed is "{seed[:100]}"; it must be a whole number of at least 0, of at most'
                f" {SEED_DIGITS} digits"
            )
        case, beside = settings.pop("case", ""), settings.pop("beside", "")
        given = {key: read(key, value) for key, value in settings.items()}
        if asked == name:
            known = {**self.given, **given}
            return replace(
                self, given=known, seed=int(seed), case=case, lesson=taught, beside=beside
            )
        there = asked if asked in TITLES else find(asked).name
        return Asked(there, given, int(seed), case, beside=beside, bounds=self.bounds)


def check_servable(host: str, port: int, names: Collection[str] = ()) -> None:
    """Refuse to serve without the browser packages, or where nothing can listen.

    Other names by which the page may be addressed have to be names.

    Raises
    ------
    Refused
        With one sentence that says what to do.
    """
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        raise Refused(
            'the page needs the extra "browser": pip install "walras[browser]", or make browser'
        )
    for name in names:
        if NAMED.fullmatch(name) is None:
            raise Refused(f'allow-host is "{name[:100]}"; it must be a name, or a name and a port')
    if not host:
        raise Refused("host is empty; 0.0.0.0 is every address of this machine")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise Refused(f"can't listen on {host}, port {port}: {reason}") from None


def serve(
    asked: Asked,
    host: str,
    port: int,
    ready: Callable[[str], None],
    visitors: Visitors | None = None,
) -> None:
    """Serve until interrupted; tell ``ready`` the address as soon as the page answers.

    Raises
    ------
    SystemExit
        With 128 and the number of the signal that stopped it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    os.environ |= {
        VARIABLE: asked.to_environment(),
        "MPLBACKEND": "Agg",
        "SOLARA_APP": str(Path(__file__).with_name("browser") / "page.py"),
        "SOLARA_CHECK_HOOKS": "off",  # solara objects to a component of Mesa 3.3
        "SOLARA_KERNEL_CULL_TIMEOUT": LEFT_FOR,
        "SOLARA_MODE": "production",
        "SOLARA_ROOT_PATH": "",  # solara would take it from the headers of the first request
        "SOLARA_SESSION_HTTP_ONLY": "True",
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
        "SOLARA_THEME_SHOW_BANNER": "False",
    }
    # a cookie of solara's that the page does not need
    warnings.filterwarnings("ignore", message="Cookies with samesite", category=UserWarning)
    from walras.browser.server import run

    shown = f"[{host}]" if ":" in host else host
    run(host, port, visitors or Visitors(), lambda: ready(f"http://{shown}:{port}"))


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
