"""What an equilibrium of composed economies of customers and experts is."""

from __future__ import annotations

import numpy as np

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.market import FundedMarket
from markets.funding.terms import MarginTerms
from scenarios.funding.certificate import certify
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint


class ComposedFunding(Composed):
    """Customers and experts: every trader's program, the markets, margins and funding."""

    parts = (MarginClearingHouse, Customers, Experts)

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate at the margins that the house's rules ask for at the resting prices."""
        terms = self.economy.terms
        assert isinstance(terms, MarginTerms)
        prices = np.array([point.quotes[name] for name in self.market(FundedMarket).names])
        asked = [
            (rule.long.margin(price), rule.short.margin(price))
            for rule, price in zip(terms.rules, prices.tolist(), strict=True)
        ]
        return certify(
            agents=point.agents,
            prices=prices,
            premium=point.quotes["funding_premium"],
            rule=np.array(asked).T,
        )


COMPOSED = ComposedFunding
