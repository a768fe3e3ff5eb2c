"""What the markets for assets of one pool of funding post in a round."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class FundedQuotes:
    """What the market posts in a round; arrays have one entry per asset.

    Attributes
    ----------
    date : int
        Date of the calendar, from 0.
    price : array
        q, cash per asset.
    premium : float
        The funding premium, gain per unit of margin.
    fundamental : array
        v, expected payoff, known to everybody.
    margin, margin_slope : array
        Margin on one asset in cash at the posted price, and its derivative by the price.
    filled : array
        Share of an expert's wealth that its order at the posted price takes up as margin: 1 all
        of it in a long position, -1 all of it in a short sale.
    side : array
        The position that experts are ready to take: 1 long, -1 short, in between in the gap.
    price_by_premium, price_by_place, filled_by_place, side_by_place : array
        Derivatives by the market's coordinates.
    """

    date: int
    price: FloatArray
    premium: float
    fundamental: FloatArray
    margin: FloatArray
    margin_slope: FloatArray
    filled: FloatArray
    side: FloatArray
    price_by_premium: FloatArray
    price_by_place: FloatArray
    filled_by_place: FloatArray
    side_by_place: FloatArray
