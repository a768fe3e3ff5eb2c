"""My market: investors trade one security and must put down margin for their positions.

    walras show my_market.py                         parameters: default, unit, allowed range
    walras run my_market.py --set margins=[2,4]      run it, at one margin after the other
    walras rehearse my_market.py                     does it keep the rules of the simulator?
    walras serve my_market.py                        watch and steer it in the browser

Investor i expects the security to pay m_i, with variance v, and has risk aversion g. It holds

    x_i = (m_i - p) / (g v),   but no more than  |x_i| <= w_i / margin,

since its wealth w_i must fund the margin. The price p clears the market: the x_i add up to the
supply. Change any part of it: what members know and order (the cohort), what is posted and when it
clears (the market), what is charged (the clearing house), and what an equilibrium is (certify).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

import walras


class Market(walras.Market[float, float, float]):
    """One price, which rises where more is wanted than there is. Terms: the margin per unit."""

    quotes = (walras.Quote("price", "cash per unit", "price of the security"),)
    excess_names = ("security_excess",)

    def __init__(self, supply: float, first_price: float, highest_price: float) -> None:
        self.supply, self.first_price, self.highest_price = supply, first_price, highest_price

    def first_quotes(self) -> dict[str, float]:
        """Where the rounds start: from what is known before anybody trades, not the solution."""
        return {"price": self.first_price}

    def limits(self, terms: float) -> walras.Limits:
        """Prices between zero and the highest; at zero the market may rest, at the other not."""
        ends = np.array([0.0]), np.array([self.highest_price])
        return walras.Limits(*ends, np.array([True]), np.array([False]))

    def locate(self, quotes: Mapping[str, float], terms: float) -> np.ndarray:
        """The coordinate that the rule moves is the price itself."""
        return np.array([quotes["price"]])

    def post(self, coordinates: np.ndarray, terms: float, moved: np.ndarray) -> float:
        """What all investors see."""
        return float(coordinates[0])

    def named(self, posted: float) -> dict[str, float]:
        """The quote by its name."""
        return {"price": posted}

    def excess(self, posted: float, book: float) -> walras.Excess:
        """Excess demand: in units, as a share of what is traded, and as what moves the price."""
        excess = book - self.supply
        share = excess / (abs(book) + self.supply)
        return walras.Excess(np.array([share]), np.array([share]), np.array([excess]))


class Investors(walras.Cohort[float, float, float]):
    """All investors: one array per field, one entry per member, and no loop over them."""

    def __init__(
        self, economy: walras.Economy, expected: np.ndarray, wealth: np.ndarray, risk: float
    ) -> None:
        super().__init__(economy, "investors", members=len(expected))
        self.expected, self.wealth, self.risk = expected, wealth, risk
        self.holding = np.zeros_like(expected)

    def wake(self, date: int, terms: float) -> None:
        """Learn the margin of this date."""
        self.margin = terms

    def order(self, price: float) -> np.ndarray:
        """Best responses, shape (members,)."""
        most = self.wealth / self.margin
        return np.clip((self.expected - price) / self.risk, -most, most)

    def respond(self, posted: float) -> float:
        """The orders in total; this changes nothing, and may be asked at any quotes."""
        return float(np.sum(self.order(posted)))

    def hold(self, posted: float, placed: None) -> None:
        """Take the positions."""
        self.holding = self.order(posted)

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """One row per investor: what it is, and what it holds."""
        columns = {"expected": self.expected, "wealth": self.wealth, "holding": self.holding}
        return pd.DataFrame({"investor": np.arange(self.members), **columns})


class House(walras.ClearingHouse[float, float, float]):
    """Nets the orders, which needs no code, and charges a margin per unit of a position."""

    margin = 1.0

    def charge(self, quotes: Mapping[str, float]) -> float:
        """The terms of a date, which the market and the investors are told."""
        return self.margin


class MyParameters(walras.Parameters):
    """What ``--set`` and a TOML file may change."""

    investors: int = walras.about("number of investors", default=100, ge=1)
    supply: float = walras.about("units of the security", "units", default=50.0, gt=0.0)
    risk: float = walras.about("risk aversion times variance", default=2.0, gt=0.0)
    margins: list[float] = walras.about(
        "margin of each date", "cash per unit", "a list of numbers above 0", default=[2.0, 4.0]
    )


class MyScenario(walras.Scenario[MyParameters]):
    """The economy, its dates and its certificate."""

    title = walras.Title("my-market", "a security bought on margin", "the author of this file")
    parameters = MyParameters

    def cases(self, parameters: MyParameters) -> list[walras.Case]:
        """One economy; the house announces one margin after the other."""
        for margin in parameters.margins:
            if not margin > 0.0:
                raise walras.Refused(f"margins has {margin}; it must be above 0")

        def build(rng: np.random.Generator) -> walras.Economy:
            expected = rng.normal(10.0, 1.0, parameters.investors)
            wealth = rng.uniform(0.5, 5.0, parameters.investors)
            market = Market(parameters.supply, 10.0, highest_price=100.0)
            adjuster, start = parameters.adjuster(market.pace), parameters.start
            economy = walras.Economy(market, adjuster=adjuster, rng=rng, start=start)
            House(economy).margin = parameters.margins[0]
            Investors(economy, expected, wealth, parameters.risk)
            return economy

        announced = [{"margin": margin} for margin in parameters.margins]
        return [walras.Case("market", build, announced)]

    def certify(self, parameters: MyParameters, point: walras.RestingPoint) -> walras.Certificate:
        """The definition of equilibrium, from quotes and holdings, by code of its own.

        At best, an investor's marginal value of the security is its price, or the margin binds in
        the direction in which it would like more.
        """
        price, margin = point.quotes["price"], parameters.margins[point.date - 1]
        holding, wealth = point.agents["holding"], point.agents["wealth"]
        gain = point.agents["expected"] - parameters.risk * holding - price
        slack = wealth - margin * holding.abs()
        at_limit = (slack <= 1e-9 * wealth) & (gain * holding >= 0.0)
        missed = gain.abs().where(~at_limit, 0.0).max() / price if price > 0.0 else 0.0
        excess = holding.sum() - parameters.supply
        clears = abs(excess) if price > 0.0 else max(excess, 0.0)
        return walras.Certificate(
            (
                walras.Condition(
                    "optimality", missed, 1e-9, "marginal value less price, per price"
                ),
                walras.Condition(
                    "margin", max(0.0, -(slack / wealth).min()), 1e-9, "wealth funds the margin"
                ),
                walras.Condition(
                    "clearing", clears / parameters.supply, 1e-8, "excess demand over supply"
                ),
            )
        )


SCENARIO = MyScenario()
