"""What the markets for a bond and for equities post in a round."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class BondQuotes:
    """What the market posts in a round.

    Attributes
    ----------
    bond_price : float
        Goods at date 0 per bond.
    equity_prices : array of shape (equities,)
        Goods at date 0 per equity.
    repayment_rates : array of shape (states,)
        Goods at date 1 per bond held, in (0, 1].
    short_limit : float
        Largest short sale of bonds by one trader (infinite if there is no limit).
    """

    bond_price: float
    equity_prices: FloatArray
    repayment_rates: FloatArray
    short_limit: float
