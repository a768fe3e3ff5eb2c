"""The book of the markets for assets of one pool of funding."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class FundedBook:
    """Orders of a cohort at the posted quotes, and their sum over cohorts.

    Attributes
    ----------
    sold, sold_by_price : array of shape (assets,)
        Assets that customers sell to experts, net, and the derivative of each by its own price.
    gross : array of shape (assets,)
        Exposures that customers bring to the market, in absolute value, in assets.
    bought : array of shape (assets,)
        Assets that experts hold, negative where they are short.
    funds : float
        Wealth of the experts who have any, cash.
    funds_by_price : array of shape (assets,)
        Derivative of ``funds`` by each price.
    cash : float
        Cash that traders are left with less the cash that they came with: what each cohort
        receives for what it sells, less what it pays.
    """

    sold: FloatArray
    sold_by_price: FloatArray
    gross: FloatArray
    bought: FloatArray
    funds: float
    funds_by_price: FloatArray
    cash: float
