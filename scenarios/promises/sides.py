"""Long and short sides of a collateral equilibrium, read off the table of positions.

A trader is *long* if it holds the asset, financed or not, or writes protection against bad news;
*short* if it has bought what pays more after bad news (a down tranche, a default swap); a *lender*
if it has bought any other promise; otherwise it keeps *cash*. A marginal trader who is on several
sides counts on the one that most of its wealth is on; who owns nothing counts as keeping cash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from markets.promises.menu import Menu, owed_in_cash
from markets.quote import FloatArray

SIDES: Final = ("short", "cash", "lender", "long")
"""From the most pessimistic to the most optimistic, as they mostly stand on the line of beliefs."""

NOTHING: Final = 1e-9
"""Share of wealth below which a trader does not count as being on a side."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Wealth that each row of the table of positions has on each side.

    Attributes
    ----------
    agents : pandas.DataFrame
        The table.
    quotes : mapping
        The quotes by name.
    menu : Menu
        What is traded.
    invested : array (rows, 4)
        Own wealth on each of ``SIDES``, as shares of a row's wealth.
    wealth : array (rows,)
        Of one trader.
    financed : float
        Share of the value of all assets that is lent against them; NaN if nobody holds any.
    """

    agents: pd.DataFrame
    quotes: Mapping[str, float]
    menu: Menu
    invested: FloatArray
    wealth: FloatArray
    financed: float

    @classmethod
    def of(cls, agents: pd.DataFrame, quotes: Mapping[str, float], menu: Menu) -> Sides:
        """Work out who is on which side.

        An issuer's own wealth in a promise is its collateral minus what it receives for it.
        """
        price, prices = quotes["asset_price"], _prices(quotes, menu)
        bought, sold = (
            agents[[f"{way}_{name}" for name in menu.names]].to_numpy(dtype=np.float64)
            for way in ("bought", "sold")
        )
        cash, asset, weight, own_cash, own_asset = (
            agents[name].to_numpy(dtype=np.float64)
            for name in ("cash", "asset", "weight", "endowed_cash", "endowed_asset")
        )
        bad = menu.delivery[:, 1] > menu.delivery[:, 0]
        wealth = own_cash + price * own_asset
        written = sold @ menu.pledged_cash
        long = price * asset + written - sold @ prices
        invested = np.stack(
            [bought[:, bad] @ prices[bad], cash - written, bought[:, ~bad] @ prices[~bad], long],
            axis=1,
        )
        lent = float(weight @ (sold @ (prices * (menu.pledged_asset > 0.0))))
        held = price * float(weight @ asset)
        # nothing is held where rounds ended far from clearing
        financed = lent / held if held > 0.0 else np.nan
        shares = np.zeros_like(invested)
        shares[:, SIDES.index("cash")] = 1.0
        np.divide(invested, wealth[:, None], out=shares, where=wealth[:, None] > 0.0)
        return cls(agents, quotes, menu, shares, wealth, financed)

    def margin(self) -> float:
        """Share of the asset's value that holders put down themselves; NaN if there are none."""
        return 1.0 - self.financed

    def marginal_buyer(self) -> float:
        """The least optimistic belief that is long."""
        return float(np.min(self._beliefs("long", "belief_low"), initial=1.0))

    def marginal_short(self) -> float:
        """The least pessimistic belief that is short; NaN if nobody is."""
        beliefs = self._beliefs("short", "belief_high")
        return float(np.max(beliefs)) if beliefs.size else float("nan")

    def _beliefs(self, side: str, end: str) -> FloatArray:
        """One end of the beliefs of every row that is on a side."""
        on_it = self.invested[:, SIDES.index(side)] > NOTHING
        return self.agents[end].to_numpy(dtype=np.float64)[on_it]


def side_table(sides: Sides) -> pd.DataFrame:
    """Every side that somebody is on: beliefs, traders, wealth, and total holdings.

    Promises are added up by their value, in cash; ``cash`` and ``asset`` are in units.
    """
    most = np.argmax(sides.invested, axis=1)
    prices, names = _prices(sides.quotes, sides.menu), sides.menu.names
    rows = []
    for number, side in enumerate(SIDES):
        part = sides.agents[most == number]
        if part.empty:
            continue
        weight = part["weight"].to_numpy(dtype=np.float64)
        values = {
            f"promises_{way}": float(
                weight @ (part[[f"{way}_{name}" for name in names]].to_numpy() @ prices)
            )
            for way in ("bought", "sold")
        }
        rows.append(
            {
                "side": side,
                "belief_low": part["belief_low"].min(),
                "belief_high": part["belief_high"].max(),
                "traders": float(np.sum(weight)),
                "wealth": float(weight @ sides.wealth[most == number]),
                "cash": float(weight @ part["cash"]),
                "asset": float(weight @ part["asset"]),
                **values,
            }
        )
    return pd.DataFrame(rows)


def instrument_table(sides: Sides) -> pd.DataFrame:
    """The asset and every promise: terms, price, volume, and who is on either side.

    ``margin`` is the share of an instrument's price (of the asset), or of the collateral's value
    (of a promise), that the long side puts down itself; ``promised_return`` is the rate of return
    of a promise that is kept after good news.
    """
    agents, menu, price = sides.agents, sides.menu, sides.quotes["asset_price"]
    weight = agents["weight"].to_numpy(dtype=np.float64)
    rows = [
        {
            "instrument": "asset", "collateral": "", "price": price,
            "owed_good": np.nan, "owed_bad": np.nan,
            "delivered_good": menu.payoff[0], "delivered_bad": menu.payoff[1],
            "traded": float(weight @ agents["asset"]), "promised_return": np.nan,
            "margin": sides.margin(), "held_by": "long", "issued_by": "",
        }
    ]  # fmt: skip
    for j, contract in enumerate(menu.contracts):
        good, bad = owed_in_cash(contract)
        pledged = menu.pledged_asset[j], menu.pledged_cash[j]
        cost = sides.quotes[f"price_{contract.name}"]
        rows.append(
            {
                "instrument": contract.name,
                "collateral": f"{pledged[0]:g} asset" if pledged[0] else f"{pledged[1]:g} cash",
                "price": cost,
                "owed_good": good,
                "owed_bad": bad,
                "delivered_good": menu.delivery[j, 0],
                "delivered_bad": menu.delivery[j, 1],
                "traded": float(weight @ agents[f"bought_{contract.name}"]),
                "promised_return": good / cost - 1.0 if good else np.nan,
                "margin": 1.0 - cost / (pledged[0] * price + pledged[1]),
                "held_by": "short" if menu.delivery[j, 1] > menu.delivery[j, 0] else "lender",
                "issued_by": "long",
            }
        )
    return pd.DataFrame(rows)


def _prices(quotes: Mapping[str, float], menu: Menu) -> FloatArray:
    """Prices of the promises in the order of the menu, (J,)."""
    return np.array([quotes[f"price_{name}"] for name in menu.names])
