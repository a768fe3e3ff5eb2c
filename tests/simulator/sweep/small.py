"""A small sweep whose runs are counted, and ways to stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.certificate import Certificate, Condition
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.handing_out import Standing

TRADERS = Axis("traders", (40,))
LOW = Axis("low_payoff", (0.5, 0.6, 0.7, 0.8))
HAIRCUTS = Axis("haircuts", ([0.01], [0.1, 0.3]))
ASKED = Asked([TRADERS, HAIRCUTS, LOW], seeds=(0, 1))
DRAWN = Axis("beliefs", ("beta(a=2, b=3)",))


class Counted(MarginHikeScenario):
    """Counts the economies that it makes, fails where it is told to, and is quick to certify."""

    def __init__(self) -> None:
        self.made = 0

    def closed_form(self, parameters: MarginHike, point: RestingPoint) -> None:
        return None

    def describe(
        self, parameters: MarginHike, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Read-outs of different names and types from run to run."""
        haircut, rate = parameters.haircuts[point.date - 1], point.quotes["repo_rate"]
        special = {"special": True} if rate < 0 else {"whole": 3 if haircut > 0.2 else 3.5}
        return {"haircut": haircut, "verdict": "special" if rate < 0 else "general", **special}

    def intervals(
        self, parameters: MarginHike, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        return {}

    def cases(self, parameters: MarginHike) -> list[Case]:
        cases = super().cases(parameters)
        made = cases[0].build

        def build(rng: np.random.Generator) -> Any:
            self.made += 1
            return made(rng)

        return [replace(cases[0], build=build)]

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        if parameters.step == 13.0:
            raise ValueError("a solver failed")
        return Certificate((Condition("price", 0.0, 1.0, "there is one"),))


@dataclass(frozen=True)
class Find:
    scenario: Counted

    def __call__(self) -> Counted:
        return self.scenario


def content(folder: Path, *tables: str) -> dict[str, bytes]:
    """Every file of some tables."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in tables or ("dates",)
        for path in sorted((folder / name).iterdir())
    }


class Stop(Exception):
    """What ends a command in the middle."""


def stop_after(runs: int) -> Callable[[Standing], None]:
    def progress(standing: Standing) -> None:
        if standing.done >= runs:
            raise Stop

    return progress
