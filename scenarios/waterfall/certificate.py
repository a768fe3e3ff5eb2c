r"""Proof that payments, prices and layers are an equilibrium of a clearing house that can lose.

Everything is recomputed from the table of members, member by member, and the quotes; this module
shares no code with the members, the house or the market. Where members owe each other, nothing is
sold and default has no costs, payments are also compared with the linear program of Eisenberg and
Noe (2001), section 2.2: of all payments that nobody exceeds its means by, the largest,

.. math:: \max \sum_i p_i \quad \text{subject to} \quad 0 \le p \le \bar p, \quad
          p \le e + \Pi^\top p .
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from markets.quote import BoolArray, FloatArray
from simulator.certificate import Certificate, Condition
from simulator.linear_program import maximise

CLEARING: Final = 1e-9
"""Share of what is traded, or of a payment: ten times the error at which rounds settle."""

ROUNDING: Final = 1e-10
"""Share of all cash: sums of many products, rounded."""

PROGRAM: Final = 1e-8
"""Share of all debts: precision of HiGHS and of rates at rest, added up."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the house was set up with.

    Attributes
    ----------
    cap : float
        Most that can be assessed, as a multiple of the contribution.
    recovered : pair of float
        Shares of own cash, and of what is received, that a defaulter pays out.
    debts : array of shape (n, n), optional
        What members owe each other at this date.
    greatest : bool
        Whether the greatest equilibrium is looked for.
    """

    cap: float
    recovered: tuple[float, float]
    debts: FloatArray | None
    greatest: bool


class Seen:
    """What the table of a date says of members, or of investors outside, by column.

    Parameters
    ----------
    agents : pandas.DataFrame
        The table.
    kept : array of shape (rows,)
        Which rows of it.
    securities : sequence of str
        Names of the securities.
    """

    def __init__(self, agents: pd.DataFrame, kept: BoolArray, securities: Sequence[str]) -> None:
        self._agents, self._kept, self._securities = agents, kept, tuple(securities)

    def words(self, name: str) -> NDArray[np.object_]:
        """A column of words."""
        return self._agents[name].to_numpy(dtype=object)[self._kept]

    def __getitem__(self, name: str) -> FloatArray:
        """A column of numbers, shape (n,)."""
        return self._agents[name].to_numpy(dtype=np.float64)[self._kept]

    def each(self, name: str) -> FloatArray:
        """The columns of all securities, shape (n, K)."""
        return np.column_stack([self[f"{name}[{security}]"] for security in self._securities])


def certify(
    agents: pd.DataFrame, quotes: Mapping[str, float], securities: Sequence[str], rules: Rules
) -> Certificate:
    """Check every condition of the equilibrium.

    Parameters
    ----------
    agents : pandas.DataFrame
        Rows of members and outside investors, see their ``table``; all of them.
    quotes : mapping
        The quotes by name.
    securities : sequence of str
        Names of the securities.
    rules : Rules
        What the house was set up with.
    """
    price = np.array([quotes[f"price[{name}]"] for name in securities])
    gains_paid, assessed = quotes["gains_paid"], quotes["assessed"]
    rates = np.array([value for name, value in quotes.items() if name.startswith("repaid[")])
    sound = bool(np.all(np.isfinite(price)) and np.all(price > 0.0))
    within = [gains_paid, assessed, *rates.tolist()]
    sound = sound and all(0.0 <= rate <= 1.0 for rate in within)
    positive = Condition(
        "quotes", float(not sound), 0.0, "prices are positive and rates lie in [0, 1]"
    )
    if not sound:  # nothing else can be worked out
        return Certificate((positive,))
    is_member = agents["repaid"].notna().to_numpy()
    seen, outside = (Seen(agents, rows, securities) for rows in (is_member, ~is_member))
    before, owned, appetite = (
        seen.each(name) for name in ("position_before", "owned_before", "appetite")
    )
    settled, value, rate = (seen.each(name)[0] for name in ("price_before", "value", "margin_rate"))
    # 1. what every member owes, has and pays
    alive = seen.words("status") != "closed out"
    move = before @ (price - settled)
    gain, loss = np.maximum(move, 0.0), np.maximum(-move, 0.0)
    required = np.abs(before) @ rate
    total = float(required.sum())
    contribution = seen["house_fund"] * (required / total if total > 0.0 else required)
    margin, fund = seen["margin_before"], seen["fund_before"]
    cap = rules.cap * contribution * alive
    debts = np.zeros((len(move), len(move))) if rules.debts is None else rules.debts
    receives = rates @ debts if rates.size else np.zeros_like(move)
    calls = np.maximum(required - margin, 0.0) + np.maximum(contribution - fund, 0.0)
    returned = np.maximum(margin - required, 0.0) + np.maximum(fund - contribution, 0.0)
    due = loss + calls + assessed * cap + debts.sum(axis=1)
    own = seen["cash_before"] + seen["income"]
    inflow = gains_paid * gain + receives + returned
    worth = owned @ price
    fails = due - own - inflow - worth > ROUNDING * due
    estate = rules.recovered[0] * own + rules.recovered[1] * (inflow + worth)
    pays = np.where(fails, np.minimum(estate, due), due)
    repaid = np.divide(pays, due, out=np.ones_like(due), where=due > 0.0)
    sells = np.clip(due - own - inflow, 0.0, worth)  # in cash
    part = np.divide(sells, worth, out=np.zeros_like(due), where=worth > 0.0)
    survives = alive & ~fails
    # 2. what is sold, and who buys it
    closed = before[fails].sum(axis=0)
    sold = closed + part @ owned
    buying = appetite[survives].sum(axis=0)
    buying = buying + outside.each("appetite").sum(axis=0)
    size = buying + np.maximum(before, 0.0).sum(axis=0) + owned.sum(axis=0)
    excess = buying * np.log(value / price) - sold
    taken = np.divide(closed, buying, out=np.zeros_like(sold), where=buying > 0.0)
    # 3. what defaulters leave unpaid, layer by layer
    unpaid = np.where(fails, (1.0 - repaid) * loss, 0.0)
    held = np.minimum(margin, required) + np.minimum(fund, contribution) + repaid * calls
    left = float(np.maximum(unpaid - held, 0.0).sum())
    by_capital = min(left, float(seen["house_capital"][0]))
    of_survivors = float(contribution[survives].sum())
    by_fund = min(left - by_capital, of_survivors)
    beyond = left - by_capital - by_fund
    assessable = float(repaid @ cap)
    asked = min(1.0, beyond / assessable) if assessable > 0.0 else float(beyond > 0.0)
    abroad = outside.each("position_before") @ (price - settled)
    gains = float(gain.sum() + np.maximum(abroad, 0.0).sum())
    cut = max(beyond - assessed * assessable, 0.0)
    kept = 1.0 - cut / gains if gains > 0.0 else 1.0
    # 4. what everybody has after that
    used = by_fund / of_survivors if of_survivors > 0.0 else 0.0
    accounts = {
        "cash": np.where(fails, np.maximum(held - unpaid, 0.0), own + inflow + sells - due),
        "margin": np.where(survives, required, 0.0),
        "fund": np.where(survives, (1.0 - used) * contribution, 0.0),
    }
    differs = [_most(np.abs(amount - seen[name])) for name, amount in accounts.items()]
    after = np.where(survives[:, None], before + appetite * taken, 0.0)
    position = seen.each("position")
    net = position.sum(axis=0) - before.sum(axis=0)
    net += (outside.each("position") - outside.each("position_before")).sum(axis=0)
    sales = (outside.each("owned") - outside.each("owned_before")).sum(axis=0) - part @ owned
    there_was = float(np.sum(own + margin + fund))
    there_is = sum(float(seen[name].sum()) for name in accounts)
    wasted = float(np.sum((own + inflow + worth - estate)[fails]))
    brought = float(np.where(abroad < 0.0, -abroad, -gains_paid * abroad).sum())
    leak = there_is - there_was - by_capital - float(sells.sum()) + wasted - brought
    scale = max(there_was, gains, float(due.sum()), 1e-300)
    traded = max(float(np.abs(before).sum() + owned.sum()), 1e-300)
    shown = seen.words("status") == "defaulted"
    conditions = [
        positive,
        Condition("payments", _most(np.abs(repaid - seen["repaid"])), CLEARING,
                  "share that each member pays minus what it can pay of all that it owes"),
        Condition("defaults", float(np.sum(fails != shown)), 0.0,
                  "members who fail though they could pay, or do not though they can't"),
        Condition("prices", _most(np.abs(excess) / np.where(size > 0.0, size, 1.0)), CLEARING,
                  "what buyers take minus what is sold, as a share of all positions"),
        Condition("layers", max(abs(asked - assessed), abs(kept - gains_paid)), CLEARING,
                  "assessments called and gains cut minus what losses beyond earlier layers ask"),
        Condition("accounts", max(differs) / scale, CLEARING,
                  "cash, margin and contribution of each member minus what payments leave it"),
        Condition("positions", _most(np.abs(position - after)) / traded, CLEARING,
                  "position of each member minus what it kept and took"),
        Condition("netting", _most(np.abs(np.append(net, sales))) / traded, ROUNDING,
                  "positions of all after the date minus before, and what was bought minus sold"),
        Condition("cash", abs(leak) / scale, ROUNDING,
                  "cash of all after the date minus before, income and the house's loss"),
    ]  # fmt: skip
    still = not before.any() and not owned.any() and rules.recovered == (1.0, 1.0)
    if rates.size and still and debts.any() and rules.greatest:
        gap = abs(clearing_payments(debts, own) - float(pays.sum())) / float(debts.sum())
        conditions.append(
            Condition("largest payments", gap, PROGRAM,
                      "payments minus the value of Eisenberg and Noe's program, as a share")
        )  # fmt: skip
    return Certificate(tuple(conditions))


def clearing_payments(debts: FloatArray, cash: FloatArray) -> float:
    """Sum of the largest payments by which nobody pays more than it owes or has; NaN if none.

    Parameters
    ----------
    debts : array of shape (n, n)
        What each (row) owes each other one.
    cash : array of shape (n,)
        What each has besides.
    """
    owes = debts.sum(axis=1)
    shares = np.divide(debts, owes[:, None], out=np.zeros_like(debts), where=owes[:, None] > 0.0)
    return maximise(np.ones(cash.size), np.eye(cash.size) - shares.T, cash, high=owes).value


def _most(values: FloatArray) -> float:
    return float(np.max(values, initial=0.0))
