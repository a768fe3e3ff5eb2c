"""What an equilibrium of composed economies of pure exchange is."""

from collections.abc import Mapping, Sequence

import numpy as np

from agents.exchange.consumers import Consumers, ExchangeHouse, Primitives
from markets.exchange.market import ExchangeMarket
from markets.refused import Refused
from scenarios.exchange.certificate import certify
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint, ScenarioEconomy


class ComposedExchange(Composed):
    """Pure exchange: every consumer's dual program, budgets and markets.

    Raises
    ------
    Refused
        If a cohort knows other goods than the market, or in another order.
    """

    parts = (ExchangeHouse, Consumers)

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        super().__init__(economy, dates)
        goods = self.market(ExchangeMarket).goods
        for cohort in self.cohorts(Consumers):
            if tuple(cohort.goods) != goods:
                raise Refused(
                    f"goods of {cohort.name} are {', '.join(cohort.goods)}; the market has"
                    f" {', '.join(goods)}"
                )

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of all cohorts together."""
        owners = [cohort.primitives for cohort in self.cohorts(Consumers)]
        goods = self.market(ExchangeMarket).goods
        held = point.agents[[f"holding[{good}]" for good in goods]].to_numpy(float)
        together = Primitives(*map(np.concatenate, zip(*owners, strict=True)))
        return certify(together, np.array(list(point.quotes.values())), held)


COMPOSED = ComposedExchange
