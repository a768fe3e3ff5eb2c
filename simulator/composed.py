"""Economies composed by hand from shipped parts, run like a scenario.

A scenario is built, and certified, from parameters. A composed economy has none: what its
certificate must know is asked of its parts, the market, the clearing house and the cohorts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

import numpy as np
import pandas as pd
from pydantic import Field

from markets.adjustment.rules import RuleName
from markets.refused import Refused
from simulator.certificate import Condition
from simulator.economy import MAX_ROUNDS
from simulator.parameters import Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.run import Run
from simulator.scenario import Scenario
from simulator.title import COMPOSED

Part = TypeVar("Part")

NEAR = 1e-3
"""Share of the largest quote by which a refined quote may differ from where the rounds rest;
trembles leave up to 4e-5."""


class Composition(Parameters):
    """What an economy was composed of, for the manifest; it can't be built from this."""

    rule: RuleName = Field("safeguarded", exclude=True)
    step: float = Field(1.0, exclude=True)
    start: str | list[float] | dict[str, float] = Field("primitives", exclude=True)
    market: str = about("kind of market", default="")
    house: str = about("kind of clearing house", default="")
    cohorts: dict[str, str] = about("kind and number of members of each cohort", default={})
    announced: list[list[str]] = about("names of the terms announced at each date", default=[])
    digest: str = about(
        "SHA-256 of the rounds, which tells compositions of the same kinds apart", default=""
    )


class Composed(Scenario[Composition]):
    """Base of what an equilibrium of composed economies with one kind of market is.

    Parameters
    ----------
    economy : Economy
        The live economy; a run uses it up.
    dates : sequence of mappings
        What is announced at each date.

    Attributes
    ----------
    parts : tuple of type
        Kinds of clearing house and cohorts that the certificate knows.

    Raises
    ------
    Refused
        If the economy has traded before, or has a part of another kind.
    """

    title = COMPOSED
    parameters = Composition
    parts: ClassVar[tuple[type, ...]]

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        if economy.record is not None:
            raise Refused("this economy has traded before; compose it anew for a run")
        for part in (economy.house, *economy.cohorts):
            if not isinstance(part, self.parts):
                raise Refused(
                    f"nothing says what an equilibrium with {type(part).__name__} is; give"
                    " certify, a function of the economy and the resting point"
                )
        self.economy, self.dates = economy, list(dates) or [{}]

    def through_dates(self, max_rounds: int = MAX_ROUNDS) -> Run[Composition]:
        """Run it through its dates; see :meth:`simulator.scenario.Scenario.run`."""
        economy = self.economy
        entropy = economy.rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
        run = self.run(
            seed=entropy if isinstance(entropy, int) else 0,
            max_rounds=max_rounds,
            market=type(economy.market).__name__,
            house=type(economy.house).__name__,
            cohorts={c.name: f"{type(c).__name__}, {c.members}" for c in economy.cohorts},
            announced=[list(terms) for terms in self.dates],
        )
        rows = pd.util.hash_pandas_object(run.rounds, index=False).to_numpy()
        digest = hashlib.sha256(rows.tobytes()).hexdigest()
        return replace(run, parameters=run.parameters.model_copy(update={"digest": digest}))

    def cases(self, parameters: Composition) -> list[Case]:
        """The economy, with what is announced."""

        def build(rng: np.random.Generator) -> ScenarioEconomy:
            if self.dates[0]:
                self.economy.announce(**self.dates[0])
            return self.economy

        return [Case(COMPOSED.name, build, self.dates)]

    # ------------------------------------------------------------------ for certificates
    def market(self, kind: type[Part]) -> Part:
        """The market, of a kind."""
        assert isinstance(self.economy.market, kind)
        return self.economy.market

    def house(self, kind: type[Part]) -> Part:
        """The clearing house, of a kind."""
        assert isinstance(self.economy.house, kind)
        return self.economy.house

    def cohorts(self, kind: type[Part]) -> list[Part]:
        """The cohorts of a kind, by name: in the order of the table of traders."""
        return [cohort for cohort in self.economy.cohorts if isinstance(cohort, kind)]

    def approached(self, point: RestingPoint) -> Condition:
        """Whether the rounds led to a refined point: it must not make up for wrong orders."""
        quotes = self.economy.quotes
        moved = max(abs(point.quotes[name] - quote) for name, quote in quotes.items())
        return Condition(
            "rounds",
            moved / max(map(abs, quotes.values())),
            NEAR,
            "quotes of the equilibrium less those at which the rounds rest, over the largest quote",
        )
