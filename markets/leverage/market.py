r"""Markets for an asset at every node of a tree of news, the later ones quoted today.

The price after bad news decides how much can be borrowed today, and what those who keep their cash
today will earn with it. So it is a quote today: a *forward* quote, at which traders plan, and which
is right where the market of that node clears, given what they will then own. All open nodes clear
together.

The coordinate of a node is the belief h of its marginal buyer, who is indifferent between buying
and keeping cash. With :math:`p_g, p_b` the prices after good and bad news, and V what a unit of
cash is worth to the buyer there (:meth:`markets.leverage.quotes.LeverageQuotes.worth`),

.. math:: p = \frac{h V_g p_g + (1 - h) V_b p_b}{h V_g + (1 - h) V_b}, \qquad
          z = \frac{(p - \ell) (D - S)}{e + p S},

from the last nodes back to the first, so that no quote offers an arbitrage. What moves the
coordinate is z, down payments for the assets demanded less those for all that there are, over all
wealth: where the loan :math:`\ell` is nearly the price, demand D may be many times the supply S,
but the wealth of those who buy grows evenly along the line. Cash can be stored and somebody always
keeps some, so loans that are surely repaid bear no interest.

Source: Geanakoplos, "The Leverage Cycle", NBER Macroeconomics Annual 24 (2010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from scipy.optimize import brentq

from markets.ladder import Ladder
from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageBook, LeverageQuotes, LeverageTerms, worth_at
from markets.market import Market
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

EDGE = 1e-6
"""Distance from both ends of the line of beliefs at which a continuum's quotes start at least."""

NOWHERE = 1e-12
"""Distance from the ends, in coordinates, that quotes keep: there nobody, or everybody, buys."""


class Believing(Protocol):
    """What the market learns about a cohort before it opens."""

    population: Literal["individuals", "continuum"]
    endowed_cash: float
    endowed_asset: float

    def lines(self) -> FloatArray:
        """Beliefs of single traders; the ends of the line on which a continuum lies."""
        ...


class LeverageMarket(Market[LeverageTerms, LeverageQuotes, LeverageBook, Believing]):
    """The markets for one asset at all open nodes, which move their quotes together.

    Parameters
    ----------
    tree : NewsTree
        News and payoffs.
    """

    excess_variables = (
        Variable("asset_excess", "assets", "demand for the asset less supply, before any news"),
        Variable("asset_excess_after_{node}", "assets", "demand less supply planned after {node}"),
    )

    def __init__(self, tree: NewsTree) -> None:
        self.tree = tree
        later = [f"_after_{name}" for name in tree.names[1:]]
        self.quotes = (
            Quote("asset_price", "cash per asset", "price of the asset before any news"),
            *(
                Quote(f"asset_price{after}", "cash per asset",
                      f"price of the asset{after.replace('_', ' ')} news",
                      "asset_price_after_{node}")
                for after in later
            ),
        )  # fmt: skip
        self.excess_names = ("asset_excess", *(f"asset_excess{after}" for after in later))
        self._ladder: Ladder | None = None

    def open(self, cohorts: Sequence[Believing]) -> None:
        """Learn the line of beliefs, and refuse a market in which something is missing."""
        for name in ("endowed_asset", "endowed_cash"):
            if not sum(getattr(cohort, name) for cohort in cohorts) > 0.0:
                raise Refused(f"{name} is 0 for every trader; somebody must own some of it")
        self._ladder = Ladder.of(
            [cohort.lines() for cohort in cohorts if cohort.population == "individuals"],
            [cohort.lines() for cohort in cohorts if cohort.population != "individuals"],
            top=1.0,
            bottom=0.0,
        )

    @property
    def ladder(self) -> Ladder:
        """The line of beliefs, from 1 at its top to 0."""
        if self._ladder is None:
            raise RuntimeError("the market has not been opened: it knows no traders yet")
        return self._ladder

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes from payoffs alone: what the asset pays if all news is as good as bad."""
        tree = self.tree
        price = np.append(np.zeros(tree.count), tree.settled)
        for node in reversed(range(tree.count)):
            price[node] = 0.5 * (price[tree.good[node]] + price[tree.bad[node]])
        return self._named(price)

    def limits(self, terms: LeverageTerms) -> Limits:
        """The box of the coordinates; nobody rests at its ends."""
        ends = np.full(self.tree.count, NOWHERE)
        never = np.zeros(ends.size, dtype=np.bool_)
        return Limits(ends, 1.0 - ends, never, never, grain=self.ladder.grain)

    def locate(self, quotes: Mapping[str, float], terms: LeverageTerms) -> FloatArray:
        """Coordinates of some quotes, moved inside the line where no belief values them so.

        From the last nodes back: the belief at which the marginal buyer would pay the quote, a
        price that rises with it. Quotes at which the date before came to rest are found where they
        were: of several beliefs that pay the same, and of all that a rung may fill, traders have
        planned by those.
        """
        rest = terms.rest
        if rest is not None and self.named(self.post(rest, terms, rest)) == dict(quotes):
            return rest
        ladder, tree = self.ladder, self.tree
        edge = 0.5 / (ladder.nodes.size - 1) if ladder.stepped else EDGE
        coordinates = np.full(tree.count, 0.5)
        for node in reversed(range(tree.count)):
            wanted = quotes[self.quotes[node].name]

            def dear(place: float, node: int = node, wanted: float = wanted) -> float:
                coordinates[node] = place
                return float(self.post(coordinates, terms, coordinates).price[node]) - wanted

            low, high = edge, 1.0 - edge
            if dear(low) >= 0.0:
                continue
            coordinates[node] = high if dear(high) <= 0.0 else brentq(dear, low, high, xtol=NOWHERE)
        return coordinates

    def post(
        self, coordinates: FloatArray, terms: LeverageTerms, moved: FloatArray
    ) -> LeverageQuotes:
        """The prices at which the marginal buyers are indifferent, from the last nodes back."""
        tree = self.tree
        buyer = tuple(self.ladder.rung(1.0 - float(place)) for place in coordinates)
        belief = np.array([rung.price for rung in buyer])
        price = np.append(np.zeros(tree.count), tree.settled)
        value = np.ones((price.size, tree.count))
        for node in reversed(range(tree.count)):
            good, bad = tree.good[node], tree.bad[node]
            up, down = belief * value[good], (1.0 - belief) * value[bad]
            # as a distance from the price after bad news, which keeps its digits near it
            part = float(up[node] / (up[node] + down[node]))
            price[node] = price[bad] + part * (price[good] - price[bad])
            limit = (1.0 - 1.0 / float(terms.most_leverage[node])) * price[node]
            paid = float(price[node] - min(price[good], price[bad], limit))
            value[node], _ = worth_at(node, tree, price, paid, belief, value)
        return LeverageQuotes(tree, terms, price, buyer, coordinates)

    def named(self, posted: LeverageQuotes) -> dict[str, float]:
        """The prices by name."""
        return self._named(posted.price)

    def excess(self, posted: LeverageQuotes, book: LeverageBook) -> Excess:
        """Excess demand at every open node; none where the news has passed a node by.

        Its share is of demand and supply together.
        """
        units = book.asset - book.endowed_asset
        units[~self.tree.reached(posted.terms.root)] = 0.0
        share = units / (book.asset + book.endowed_asset)
        price = posted.price[: self.tree.count]
        wealth = book.endowed_cash + price * book.endowed_asset
        residual = units * (price - posted.loan) / wealth
        return Excess(residual=residual, share=share, units=units)

    def _named(self, price: FloatArray) -> dict[str, float]:
        names = (quote.name for quote in self.quotes)
        return dict(zip(names, price.tolist(), strict=False))
