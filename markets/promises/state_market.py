r"""Markets for an asset and promises backed by collateral, with any number of states.

Orders of traders who bet all or nothing jump. Here traders *tremble*: they keep a little of every
venture, less and less from round to round, so that their orders are smooth functions of the quotes
(see :mod:`agents.promises.trembling`). Coordinates are the logarithm of the asset's price, for each
promise the logarithm of what is lent on the collateral over what its issuer puts down,

.. math:: u_0 = \ln p, \qquad u_j = \ln \frac{q_j}{p\,C^a_j + C^c_j - q_j},

so that no promise ever costs more than its collateral, and the logarithm of the tremble.
Residuals: the logarithm of demand over supply of the asset, of what is bought over what is sold of
each promise, and how far the tremble still has to fall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from markets.market import Market
from markets.promises.market import EXCESSES, PRICE_OF
from markets.promises.state_menu import StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

LAST_TREMBLE = 1e-5
"""Tremble at which rounds may rest: quotes are then off by about as much, relatively. A smaller one
would let the rounding of quotes show in the orders."""

FIRST_TREMBLE = 0.5
"""First tremble, as a share of that at which all ventures are held alike."""

FAR = 60.0
"""Largest logarithm of a price, or of lending odds."""

INSIDE = 0.02
"""Least share of its collateral that a promise first costs, and that it first leaves unlent."""


class Owning(Protocol):
    """What the market learns about a cohort before it opens."""

    endowed_cash: float
    endowed_asset: float


class StateMarket(Market[StateMenu, StateQuotes, StateBook, Owning]):
    """The markets for one asset and a menu of promises, whatever the number of states.

    Parameters
    ----------
    menu : StateMenu
        What is traded at the first date. Menus of later dates have promises of the same names, in
        the same order.
    """

    excess_variables = (
        Variable(
            "tremble_excess",
            "share of wealth",
            "tremble: what every trader keeps spread over all ventures",
        ),
        *EXCESSES,
    )

    def __init__(self, menu: StateMenu) -> None:
        self.quotes = (
            Quote("asset_price", "cash per unit", "price of the asset"),
            *(
                Quote(f"price_{name}", "cash per unit", "price of the promise", PRICE_OF)
                for name in menu.names
            ),
        )
        names = ("asset", *menu.names, "tremble")
        self.excess_names = tuple(f"{name}_excess" for name in names)
        self._first = menu
        ventures = 2 * len(menu.names) + 3
        self._range = np.log([LAST_TREMBLE, FIRST_TREMBLE / ventures])

    def open(self, cohorts: Sequence[Owning]) -> None:
        """Refuse a market in which something is missing."""
        for name in ("endowed_asset", "endowed_cash"):
            if not sum(getattr(cohort, name) for cohort in cohorts) > 0.0:
                raise Refused(f"{name} is 0 for every trader; somebody must own some of it")

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes from payoffs alone: the mean payoff of the asset and of each promise."""
        menu = self._first
        means = [float(np.mean(menu.payoff)), *np.mean(menu.delivery, axis=1).tolist()]
        return dict(zip((quote.name for quote in self.quotes), means, strict=True))

    def limits(self, menu: StateMenu) -> Limits:
        """The box of the coordinates; only the tremble may rest at an end of it."""
        count = 2 + len(menu.names)
        rests = np.arange(count) == count - 1
        return Limits(
            lower=np.where(rests, self._range[0], -FAR),
            upper=np.where(rests, self._range[1], FAR),
            lower_attained=rests,
            upper_attained=rests,
        )

    def locate(self, quotes: Mapping[str, float], menu: StateMenu) -> FloatArray:
        """Coordinates of some quotes at the first tremble, moved inside the collateral's value."""
        price = max(quotes["asset_price"], np.exp(-FAR))
        asked = np.array([quotes[f"price_{name}"] for name in menu.names])
        share = np.clip(asked / _backing(menu, price), INSIDE, 1.0 - INSIDE)
        return np.concatenate([[np.log(price)], np.log(share / (1.0 - share)), self._range[1:]])

    def post(self, coordinates: FloatArray, menu: StateMenu, moved: FloatArray) -> StateQuotes:
        """The quotes at the coordinates."""
        price = float(np.exp(coordinates[0]))
        lent = 1.0 / (1.0 + np.exp(-coordinates[1:-1]))
        return StateQuotes(
            menu, price, _backing(menu, price) * lent, float(np.exp(coordinates[-1]))
        )

    def named(self, posted: StateQuotes) -> dict[str, float]:
        """The quotes by name."""
        values = [posted.asset_price, *posted.promise_price.tolist()]
        return dict(zip((quote.name for quote in self.quotes), values, strict=True))

    def excess(self, posted: StateQuotes, book: StateBook) -> Excess:
        """Excess demand for the asset and for every promise, and the tremble that is left."""
        units = np.concatenate([[book.asset - book.endowed_asset], book.bought - book.sold])
        whole = book.wealth(posted.asset_price)
        share = units * np.concatenate([[1.0 / book.endowed_asset], posted.promise_price / whole])
        left = np.log(posted.tremble) - self._range[0]
        ratios = [[np.log(book.asset / book.endowed_asset)], np.log(book.bought / book.sold)]
        return Excess(
            residual=np.concatenate([*ratios, [-left]]),
            share=np.clip([*share, -left / np.ptp(self._range)], -1.0, 1.0),
            units=np.append(units, posted.tremble),
        )

    def depth(self, posted: StateQuotes, book: StateBook, coordinates: FloatArray) -> FloatArray:
        """Derivatives of the residuals by the coordinates."""
        menu, price = posted.menu, posted.asset_price
        count = len(menu.names)
        backing = _backing(menu, price)
        lent = posted.promise_price / backing
        inner = np.zeros((2 + count, 2 + count))
        inner[0, 0] = price
        inner[1:-1, 0] = lent * menu.pledged_asset * price
        inner[1:-1, 1:-1] = np.diag(backing * lent * (1.0 - lent))
        inner[-1, -1] = 1.0
        slope = book.slope @ inner
        depth = np.zeros_like(inner)
        depth[0] = slope[0] / book.asset
        bought, sold = slope[1 : 1 + count], slope[1 + count :]
        depth[1:-1] = bought / book.bought[:, None] - sold / book.sold[:, None]
        depth[-1, -1] = -1.0
        return depth


def _backing(menu: StateMenu, price: float) -> FloatArray:
    """Value of the collateral of one unit of each promise, (J,)."""
    return np.asarray(price * menu.pledged_asset + menu.pledged_cash)
