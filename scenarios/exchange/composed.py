"""What an equilibrium of composed economies of pure exchange is."""

import numpy as np

from agents.exchange.consumers import Consumers, ExchangeHouse, Primitives
from markets.exchange.market import ExchangeMarket
from scenarios.exchange.certificate import certify
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint


class ComposedExchange(Composed):
    """Pure exchange: every consumer's dual program, budgets and markets."""

    parts = (ExchangeHouse, Consumers)

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of all cohorts together."""
        owners = [cohort.primitives for cohort in self.cohorts(Consumers)]
        goods = self.market(ExchangeMarket).goods
        held = point.agents[[f"holding[{good}]" for good in goods]].to_numpy(float)
        together = Primitives(*map(np.concatenate, zip(*owners, strict=True)))
        return certify(together, np.array(list(point.quotes.values())), held)


COMPOSED = ComposedExchange
