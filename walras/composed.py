"""Economies composed by hand from shipped markets, houses and cohorts: run like a scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from markets.bankruptcy.market import BondMarket
from markets.refused import Refused
from markets.repo.market import RepoMarket
from simulator import economy
from simulator.certificate import Certificate
from simulator.parameters import Parameters
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.run import Run, simulate
from simulator.scenario import Scenario
from simulator.title import Title

NAME = "composed"


class Economy(economy.Economy[economy.Terms, economy.Quotes, economy.Book]):
    """An economy composed by hand; :class:`simulator.economy.Economy` has its parameters.

    Examples
    --------
    >>> from walras import Economy, FlatMargin, RepoClearingHouse, RepoMarket, Security, Traders
    >>> economy = Economy(RepoMarket(Security(0.70, 1.15)))
    >>> house = RepoClearingHouse(economy, FlatMargin(0.01))
    >>> funds = Traders(economy, "funds", beliefs="uniform", members=500, income_down=1000)
    >>> run = economy.run(dates=[{}, {"margin": FlatMargin(0.03)}])
    >>> run.certificate.holds, bool(run.dates["security_price"].is_monotonic_increasing)
    (True, True)
    """

    def run(
        self,
        dates: Sequence[Mapping[str, object]] = ({},),
        *,
        certify: Callable[[ScenarioEconomy, RestingPoint], Certificate] | None = None,
        max_rounds: int = economy.MAX_ROUNDS,
    ) -> Run[Parameters]:
        """Take the economy through its dates; it is used up by that.

        Parameters
        ----------
        dates : sequence of mappings
            What the clearing house announces at each date, as keyword arguments of
            :meth:`announce`; at the first usually nothing.
        certify : callable, optional
            The certificate of a resting point. Not needed for a market that walras knows: its
            clearing, budgets, best responses and accounts are those of its definition of
            equilibrium, whatever cohorts trade in it.
        max_rounds : int
            Rounds at one date before the run gives up.

        Returns
        -------
        Run
            With tables, figures, export and certificate, like that of a scenario.

        Raises
        ------
        Refused
            If it has traded before, or nothing says what an equilibrium of its market is.
        """
        if self.record is not None:
            raise Refused("this economy has traded before; compose it anew for a run")
        certifier = certify or _certifier(self.market)
        parameters = Parameters(max_rounds=max_rounds)
        return simulate(_Composed(self, list(dates), certifier), parameters)


class _Composed(Scenario[Parameters]):
    """A scenario around one live economy."""

    title = Title(NAME, "an economy composed by hand", "its author")
    parameters = Parameters

    def __init__(
        self,
        composed: ScenarioEconomy,
        dates: list[Mapping[str, object]],
        certifier: Callable[[ScenarioEconomy, RestingPoint], Certificate],
    ) -> None:
        self.composed, self.dates, self.certifier = composed, dates, certifier

    def cases(self, parameters: Parameters) -> list[Case]:
        """The economy, with what is announced."""

        def build(rng: np.random.Generator) -> ScenarioEconomy:
            first = self.dates[0] if self.dates else {}
            if first:
                self.composed.announce(**first)
            return self.composed

        return [Case(NAME, build, self.dates or [{}])]

    def certify(self, parameters: Parameters, point: RestingPoint) -> Certificate:
        """The certificate of a resting point on the terms of its date."""
        return self.certifier(self.composed, point)


def _certifier(market: object) -> Callable[[ScenarioEconomy, RestingPoint], Certificate]:
    """How to certify an economy with a market."""
    if isinstance(market, RepoMarket):
        return partial(_certify_repo, market)
    if isinstance(market, BondMarket):
        return partial(_certify_bankruptcy, market)
    raise Refused(
        f"nothing says what an equilibrium of a {type(market).__name__} is; give certify, a"
        " function of the economy and the resting point"
    )


def _certify_repo(market: RepoMarket, made: ScenarioEconomy, point: RestingPoint) -> Certificate:
    """Of repo margins: every trader's program, the markets, the house's accounts."""
    from scenarios.repo.certificate import certify
    from scenarios.repo.holdings import charged

    return certify(
        low_payoff=market.security.low_payoff,
        high_payoff=market.security.high_payoff,
        haircut=charged(point.agents),
        security_price=point.quotes["security_price"],
        repo_rate=point.quotes["repo_rate"],
        agents=point.agents,
        reuse=market.reuse,
        complete=point.complete,
    )


def _certify_bankruptcy(
    market: BondMarket, made: ScenarioEconomy, point: RestingPoint
) -> Certificate:
    """Of bankruptcy: every member's program, clearing, repayment rates, no arbitrage."""
    from scenarios.bankruptcy.certificate import certify
    from scenarios.bankruptcy.state import read

    house = made.house
    assert isinstance(house, BankruptcyClearingHouse)
    return certify(read(market.instruments, house.short_limit, point), complete=point.complete)
