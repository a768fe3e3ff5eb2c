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
    side : array
        The position that experts are ready to take: 1 long, -1 short, in between in the gap.
    margin, margin_slope : array
        Margin on one asset in cash at the posted price, on positions of that side, and its
        derivative by the price.
    margins : array of shape (2, assets)
        Margin at the posted price on short, then on long positions.
    rung, rung_margin, rung_margin_slope : array of shape (2, assets)
        Price at which experts are indifferent to a short, then to a long position, and the margin
        on it there.
    rung_by_premium : array of shape (2, assets)
        Derivative of the rungs by the market's first coordinate.
    room : float
        How far the premium can still rise, in the market's first coordinate.
    price_by_premium, price_by_place : array
        Derivatives of the price by the market's coordinates.
    """

    date: int
    price: FloatArray
    premium: float
    fundamental: FloatArray
    side: FloatArray
    margin: FloatArray
    margin_slope: FloatArray
    margins: FloatArray
    rung: FloatArray
    rung_margin: FloatArray
    rung_margin_slope: FloatArray
    rung_by_premium: FloatArray
    room: float
    price_by_premium: FloatArray
    price_by_place: FloatArray
