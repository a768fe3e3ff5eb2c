"""The book of the market for a security and its repo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepoBook:
    """Orders of a cohort at the posted quotes in securities, and their sum over cohorts.

    Attributes
    ----------
    longs, shorts : float
        Total that longs buy and pledge, and that shorts borrow and sell.
    longs_by_price, shorts_by_price : float
        Their derivatives by the price.
    longs_by_long_price, shorts_by_short_price : float
        Their derivatives by the funded price of the side.
    longs_in_band, shorts_in_band : float
        Orders waiting in the band of the ladder around each funded price.
    longs_by_haircut, shorts_by_haircut : float
        Their derivatives by the haircut.
    idle_cash : float
        Cash left if nobody holds more repo than its position needs.
    cash, supply : float
        Cash and securities endowed.
    """

    longs: float
    longs_by_price: float
    longs_by_long_price: float
    longs_by_haircut: float
    longs_in_band: float
    shorts: float
    shorts_by_price: float
    shorts_by_short_price: float
    shorts_by_haircut: float
    shorts_in_band: float
    idle_cash: float
    cash: float
    supply: float
