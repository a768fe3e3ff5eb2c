"""What an equilibrium of composed economies with a repo market is."""

from __future__ import annotations

from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.traders import Traders
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from scenarios.repo.certificate import certify
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint


class ComposedRepo(Composed):
    """Repo margins: every trader's program, the markets, the house's accounts."""

    parts = (RepoClearingHouse, Traders)

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate at the haircut that was charged."""
        market, posted = self.market(RepoMarket), self.economy.posted
        assert isinstance(posted, RepoQuotes)
        return certify(
            low_payoff=market.security.low_payoff,
            high_payoff=market.security.high_payoff,
            haircut=posted.haircut,
            security_price=point.quotes["security_price"],
            repo_rate=point.quotes["repo_rate"],
            agents=point.agents,
            reuse=market.reuse,
            complete=point.complete,
        )


COMPOSED = ComposedRepo
