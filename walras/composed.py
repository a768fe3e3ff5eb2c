"""Economies composed by hand from shipped markets, houses and cohorts: run like a scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from markets.refused import Refused
from simulator import economy
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint, ScenarioEconomy
from simulator.run import Run

Certifier = Callable[[ScenarioEconomy, RestingPoint], Certificate]
"""The certificate of a resting point of a live economy."""


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
        certify: Certifier | None = None,
        max_rounds: int = economy.MAX_ROUNDS,
    ) -> Run[Composition]:
        """Take the economy through its dates; it is used up by that.

        Parameters
        ----------
        dates : sequence of mappings
            What the clearing house announces at each date, as keyword arguments of
            :meth:`announce`; at the first usually nothing.
        certify : callable, optional
            The certificate of a resting point. Not needed where market, clearing house and cohorts
            are those of walras: its clearing, budgets, best responses and accounts are those of
            their definition of equilibrium, whatever cohorts trade.
        max_rounds : int
            Rounds at one date before the run gives up.

        Returns
        -------
        Run
            With tables, figures, export and certificate, like that of a scenario.

        Raises
        ------
        Refused
            If it has traded before, or nothing says what an equilibrium of its parts is.
        """
        if certify is None:
            return _definition(type(self.market))(self, dates).through_dates(max_rounds)
        return _Own(self, dates, certify).through_dates(max_rounds)


class _Own(Composed):
    """Certified as the author of the composition says."""

    parts = (object,)

    def __init__(
        self,
        economy: ScenarioEconomy,
        dates: Sequence[Mapping[str, object]],
        certifier: Certifier,
    ) -> None:
        super().__init__(economy, dates)
        self.certifier = certifier

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of a resting point on the terms of its date."""
        return self.certifier(self.economy, point)


def _definition(market: type) -> type[Composed]:
    """What an equilibrium with a market is.

    An economy has one name on every floor: that of ``markets.repo`` is ``scenarios.repo.composed``.
    """
    for kind in market.__mro__:
        floor, *names = kind.__module__.split(".")
        if floor == "markets" and len(names) > 1:
            found: type[Composed] = import_module(f"scenarios.{names[0]}.composed").COMPOSED
            return found
    raise Refused(
        f"nothing says what an equilibrium of a {market.__name__} is; give certify, a"
        " function of the economy and the resting point"
    )
