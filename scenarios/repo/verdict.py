r"""Is the market short or long? The elasticity of each side's net trade with respect to leverage.

The source calls a market *short* if the net trade of the shorts is more elastic with respect to the
loan-to-value ratio :math:`h = 1 - \text{haircut}` than that of the longs, and *long* in the
opposite case: raised margins then make the price rise, or fall.

A side's net trade is :math:`T = \sum w |y - e_y|` over its traders, with the endowments of the
first date also where dates are linked. Its elasticity
:math:`\frac{h}{T} \frac{dT}{dh}` is taken at the posted quotes :math:`q` and :math:`\rho`, so it
asks how much of its position each side must unwind before any price moves. With
:math:`W = e_x + q e_y`, a position of size :math:`s` that is constrained by

* margin, :math:`s = W / (q (1-h))`, has :math:`ds/dh = s / (1-h)`;
* solvency, :math:`s = (\omega_U + W) / (e_1 - D_U)` for a long with
  :math:`e_1 = q (1 + \rho h)`, has :math:`ds/dh = -\rho q s / (e_1 - D_U)`;
* solvency, :math:`s = (\omega_D + W) / (D_D - e_2)` for a short with
  :math:`e_2 = q (1 + \rho (2-h))`, has :math:`ds/dh = -\rho q s / (D_D - e_2)`.

At a zero repo rate a side that is constrained by solvency does not react to margins at all.

Which constraint binds a trader is read off its holdings, never asked of the code that traded.

Source: Bottazzi, Pascoa and Ramirez (slides), definition of short and long markets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scenarios.repo.holdings import Holdings
from scenarios.repo.program import BoolArray, FloatArray

Market = Literal["short", "long", "neither"]
ConstrainedBy = Literal["margin", "solvency", "both", "nobody"]

NOBODY_TRADES = "nobody trades"
"""The regime where all keep their endowments, as they may at many prices."""

TIE = 1e-9
"""Relative; elasticities closer than this are equal, and neither side is the more leveraged one."""

ZERO_RATE = 1e-12
"""Per period; a repo rate above minus this is zero, and the marginal trader is long in part and
short for the rest; below, it is long or short in part and holds cash for the rest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    r"""Which side of a market is the more leveraged one.

    Attributes
    ----------
    market : {"short", "long", "neither"}
        The side whose net trade is the more elastic. Neither, if both sides are constrained by
        margin alone or both by solvency alone, or if the elasticities are equal (of sides that do
        not trade, say).
    long_elasticity, short_elasticity : float
        Elasticity of the side's net trade with respect to the loan-to-value ratio, at fixed
        quotes; 0 for a side that does not react, infinite for one that holds its endowments and
        would trade.
    longs_constrained_by, shorts_constrained_by : {"margin", "solvency", "both", "nobody"}
        What constrains the traders of the side; "both" if it differs between them, "nobody" if the
        side has no traders. A trader constrained by both at once counts as constrained by margin.
    special : bool
        Whether the repo rate is below zero.
    trade : bool
        Whether anybody trades the security.
    marginal_from_net_trades : float
        Share of traders who are long by the ratio of net trades,
        :math:`m = 1 / (1 + (\bar y^L - \bar e_y) / (\bar e_y - \bar y^H))`, with mean positions
        of longs and of all others and the mean endowment. Where the security's market clears it is
        the share that is counted along the beliefs. NaN where the repo rate is below zero: there
        are longs, shorts and traders without either.
    """

    market: Market
    long_elasticity: float
    short_elasticity: float
    longs_constrained_by: ConstrainedBy
    shorts_constrained_by: ConstrainedBy
    special: bool
    trade: bool
    marginal_from_net_trades: float

    @property
    def regime(self) -> str:
        """Number of the regime, the constraint on each side, and whether repo is special."""
        if not self.trade:
            return NOBODY_TRADES
        sides = (self.longs_constrained_by, self.shorts_constrained_by)
        by_margin = sides == ("margin", "margin")
        number = "I" if not self.special else "III" if by_margin else "II"
        text = "both" if by_margin else f"longs {_CONSTRAINT[sides[0]]}, shorts"
        return f"{number}: {text} {_CONSTRAINT[sides[1]]}" + ", special" * self.special


_CONSTRAINT = {"margin": "margin", "solvency": "solvency", "both": "mixed", "nobody": "none"}
"""What constrains a side, in a word."""


@dataclass(frozen=True, slots=True)
class _Side:
    """Full positions of every row were it on this side, and how much of the row is; all (n,)."""

    size: FloatArray
    growth: FloatArray
    by_margin: BoolArray
    share: FloatArray


def verdict(
    *,
    low_payoff: float,
    high_payoff: float,
    haircut: float,
    security_price: float,
    repo_rate: float,
    agents: pd.DataFrame,
    reuse: bool = True,
) -> Verdict:
    r"""Name the market by the side whose net trade is the more elastic.

    1. Full size of each row's position on either side, and what would constrain it there.
    2. Share of the row on each side: all of it, none, or in part for a marginal trader.
    3. Net trade of each side, its derivative by :math:`h` at fixed quotes, the elasticity.

    Parameters
    ----------
    low_payoff, high_payoff, haircut, security_price, repo_rate, agents, reuse
        As in :func:`scenarios.repo.certificate.certify`. If the table is a sample, so is
        the verdict.

    Raises
    ------
    ValueError
        As :meth:`scenarios.repo.certificate.Holdings.read`.
    """
    held = Holdings.read(
        agents,
        low_payoff=low_payoff,
        high_payoff=high_payoff,
        haircut=haircut,
        security_price=security_price,
        repo_rate=repo_rate,
        reuse=reuse,
    )
    longs, shorts = _sides(held)
    long_elasticity = _elasticity(held, longs, long=True)
    short_elasticity = _elasticity(held, shorts, long=False)
    by_long, by_short = _constrained_by(longs), _constrained_by(shorts)
    alike = by_long == by_short and by_long != "both"
    with np.errstate(invalid="ignore"):
        gap = float(np.abs(np.subtract(long_elasticity, short_elasticity)))
    market: Market
    if (
        alike
        or long_elasticity == short_elasticity
        or gap <= TIE * max(long_elasticity, short_elasticity)
    ):
        market = "neither"
    else:
        market = "long" if long_elasticity > short_elasticity else "short"
    special = repo_rate < -ZERO_RATE
    endowed = held.first_securities
    trade = held.total(np.abs(held.security - endowed)) > TIE * held.total(endowed)
    ratio = np.nan if special else _marginal_from_net_trades(held, longs, shorts)
    return Verdict(
        market, long_elasticity, short_elasticity, by_long, by_short, special, trade, ratio
    )


def _sides(held: Holdings) -> tuple[_Side, _Side]:
    """Every row on both sides, with the share of it that is there."""
    programs, position = held.programs, held.security
    price, rate, haircut = programs.security_price, programs.repo_rate, programs.haircut
    long_loss = price * (1.0 + rate * (1.0 - haircut)) - programs.low_payoff
    short_loss = programs.high_payoff - price * (1.0 + rate * (1.0 + haircut))
    kind = held.kind
    longs = _full(held, programs.income_up, long_loss, kind > 0)
    shorts = _full(held, programs.income_down, short_loss, kind < 0)
    stopped = held.constrained
    long_size, short_size = longs[0], shorts[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        if programs.reuse and rate > -ZERO_RATE:
            # nobody is left with cash only: the marginal trader is long in part, short for the rest
            part_long = np.clip((position + short_size) / (long_size + short_size), 0.0, 1.0)
            part_short = 1.0 - part_long
        else:
            part_long = np.clip(position / long_size, 0.0, 1.0)
            part_short = np.clip(-position / short_size, 0.0, 1.0) * programs.reuse
    long_share = np.where(stopped, kind > 0, np.nan_to_num(part_long))
    short_share = np.where(stopped, kind < 0, np.nan_to_num(part_short)) * programs.reuse
    return _Side(*longs, long_share), _Side(*shorts, short_share)


def _full(
    held: Holdings, income: FloatArray, loss: float, on_this_side: BoolArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Size of a full position on one side, its derivative by h, and whether margin constrains it.

    What binds at the holdings decides for a row that is fully on this side; for others it is the
    tighter of the two limits.
    """
    programs = held.programs
    price, rate, haircut = programs.security_price, programs.repo_rate, programs.haircut
    wealth = programs.wealth
    unlimited = np.full(len(held), np.inf)
    margin = price * haircut
    with np.errstate(over="ignore"):  # what overflows is unlimited
        margin_limit = wealth / margin if margin > 0.0 else unlimited
    solvency_limit = (income + wealth) / loss if loss > 0.0 else unlimited
    by_margin = margin_limit <= solvency_limit
    by_margin = np.where(on_this_side & held.constrained_by_solvency, False, by_margin)
    by_margin = np.where(on_this_side & held.constrained_by_margin, True, by_margin)
    size = np.where(by_margin, margin_limit, solvency_limit)
    with np.errstate(over="ignore"):
        margin_growth = size / haircut if haircut > 0.0 else unlimited
    solvency_growth = -rate * price * size / loss if loss > 0.0 else unlimited
    return size, np.where(by_margin, margin_growth, solvency_growth), by_margin


def _elasticity(held: Holdings, side: _Side, *, long: bool) -> float:
    """Elasticity of the net trade of one side with respect to h."""
    present = side.share > 0.0
    count = (held.weight * side.share)[present]
    endowed = held.first_securities[present]
    trade = side.size[present] + (-endowed if long else endowed)
    reaction = float(count @ (np.sign(trade) * side.growth[present]))
    if reaction == 0.0:
        return 0.0
    traded = float(count @ np.abs(trade))
    if traded <= TIE * float(count @ endowed):
        return np.inf
    return (1.0 - held.programs.haircut) * reaction / traded


def _marginal_from_net_trades(held: Holdings, longs: _Side, shorts: _Side) -> float:
    """Share of longs from mean positions alone; traders are long, or short (nothing if none is)."""
    weight = held.weight
    long_count, count = float(weight @ longs.share), float(weight.sum())
    sold = float((weight * shorts.share) @ np.nan_to_num(shorts.size, posinf=0.0))
    bought = float((weight * longs.share) @ np.nan_to_num(longs.size, posinf=0.0))
    others = count - long_count
    if not (long_count > 0.0 and others > 0.0):
        return np.nan
    mean = held.total(held.first_securities) / count
    long, short = bought / long_count, -sold / others
    return (mean - short) / (long - short) if long > short else np.nan


def _constrained_by(side: _Side) -> ConstrainedBy:
    """What constrains the traders of one side."""
    by_margin = side.by_margin[side.share > 0.0]
    if not by_margin.size:
        return "nobody"
    if np.all(by_margin):
        return "margin"
    return "both" if np.any(by_margin) else "solvency"
