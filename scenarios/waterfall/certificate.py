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
from scipy.optimize import linprog

from markets.quote import FloatArray
from simulator.certificate import Certificate, Condition

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
    paid : bool
        Whether the greatest equilibrium is looked for.
    """

    cap: float
    recovered: tuple[float, float]
    debts: FloatArray | None
    paid: bool


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
    is_member = agents["repaid"].notna()
    rows, outside = agents[is_member], agents[~is_member]
    count = range(1, len(securities) + 1)
    before, after, owned, appetite = (
        rows[[f"{name}_{k}" for k in count]].to_numpy(dtype=np.float64)
        for name in ("position_before", "position", "owned_before", "appetite")
    )
    cash, margin, fund, income = (
        _column(rows, name) for name in ("cash_before", "margin_before", "fund_before", "income")
    )
    value, settled, rate = (
        rows[[f"{name}_{k}" for k in count]].iloc[0].to_numpy(dtype=np.float64)
        for name in ("value", "price_before", "margin_rate")
    )
    total_fund, capital = (float(rows[name].iloc[0]) for name in ("house_fund", "house_capital"))
    alive = (rows["status"] != "closed out").to_numpy()
    move = before @ (price - settled)
    required = np.abs(before) @ rate
    total = float(required.sum())
    share = required / total if total > 0.0 else np.zeros_like(required)
    contribution = total_fund * share
    cap = rules.cap * contribution * alive
    debts = np.zeros((0, 0)) if rules.debts is None else rules.debts
    owes = debts.sum(axis=1) if rates.size else np.zeros(len(rows))
    receives = rates @ debts if rates.size else np.zeros(len(rows))
    own = cash + income
    inflow = gains_paid * np.maximum(move, 0.0) + receives
    inflow += np.maximum(margin - required, 0.0) + np.maximum(fund - contribution, 0.0)
    calls = np.maximum(required - margin, 0.0) + np.maximum(contribution - fund, 0.0)
    due = np.maximum(-move, 0.0) + calls + assessed * cap + owes
    worth = owned @ price
    fails = due - own - inflow - worth > ROUNDING * due
    means = np.where(
        fails, rules.recovered[0] * own + rules.recovered[1] * (inflow + worth), np.inf
    )
    pays = np.minimum(means, due)
    repaid = np.divide(pays, due, out=np.ones_like(due), where=due > 0.0)
    shown = (rows["status"] == "defaulted").to_numpy()
    sold_own = np.where(
        worth > 0.0,
        np.clip(np.divide(due - own - inflow, worth, out=np.zeros_like(due), where=worth > 0.0),
                0.0, 1.0),
        0.0,
    )  # fmt: skip
    sold = before[fails].sum(axis=0) + sold_own @ owned
    survives = alive & ~fails
    buying = appetite[survives].sum(axis=0)
    if len(outside):
        buying = buying + outside[[f"appetite_{k}" for k in count]].to_numpy(float).sum(axis=0)
    size = buying + np.maximum(before, 0.0).sum(axis=0) + owned.sum(axis=0)
    excess = buying * np.log(value / price) - sold
    held = after.sum(axis=0)
    if len(outside):
        held = held + outside[[f"position_{k}" for k in count]].to_numpy(float).sum(axis=0)
    # what defaulters leave unpaid, layer by layer
    at_house = np.minimum(margin, required) + np.minimum(fund, contribution) + repaid * calls
    unpaid = (1.0 - repaid) * np.maximum(-move, 0.0)
    loss = float(np.maximum(unpaid - at_house, 0.0)[fails].sum())
    gains = float(np.maximum(move, 0.0).sum())
    assessable = float(repaid @ cap)
    beyond = max(loss - capital - float(contribution[survives].sum()), 0.0)
    asked = min(1.0, beyond / assessable) if assessable > 0.0 else float(beyond > 0.0)
    cut = max(beyond - assessed * assessable, 0.0)
    kept = 1.0 - cut / gains if gains > 0.0 else 1.0
    bears = np.array([
        min(loss, capital),
        min(max(loss - capital, 0.0), float(contribution[survives].sum())),
    ])  # fmt: skip
    there_was = float(np.sum(cash + margin + fund + income))
    there_is = sum(float(_column(rows, name).sum()) for name in ("cash", "margin", "fund"))
    lost = float(np.sum((own + inflow + worth - means)[fails & np.isfinite(means)]))
    bought_out = float(sold_own @ worth)
    leak = there_is - there_was - bears[0] - bought_out + lost
    scale = max(there_was, gains, float(due.sum()), 1e-300)
    conditions = [
        positive,
        Condition("payments", _most(np.abs(repaid - _column(rows, "repaid"))), CLEARING,
                  "share that each member pays minus what it can pay of all that it owes"),
        Condition("defaults", float(np.sum(fails != shown)), 0.0,
                  "members who fail though they could pay, or do not though they can't"),
        Condition("prices", _most(np.abs(excess) / np.where(size > 0.0, size, 1.0)), CLEARING,
                  "what buyers take minus what is sold, as a share of all positions"),
        Condition("positions",
                  _most(np.abs(held - sold_own @ owned))
                  / max(float(np.abs(before).sum()), 1e-300), ROUNDING,
                  "positions of all after the date minus what members sold of their own"),
        Condition("layers", max(abs(asked - assessed), abs(kept - gains_paid)), CLEARING,
                  "assessments called and gains cut minus what losses beyond earlier layers ask"),
        Condition("cash", abs(leak) / scale, ROUNDING,
                  "cash of all after the date minus before, income and the house's loss"),
    ]  # fmt: skip
    quiet = not before.any() and not owned.any() and rules.recovered == (1.0, 1.0)
    if rates.size and quiet and owes.any() and rules.paid:
        best = clearing_payments(debts, own)
        gap = abs(best - float(pays.sum())) / float(owes.sum())
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
    found = linprog(
        -np.ones(cash.size),
        A_ub=np.eye(cash.size) - shares.T,
        b_ub=cash,
        bounds=[(0.0, owed) for owed in owes.tolist()],
        method="highs",
    )
    return float("nan") if found.fun is None else -float(found.fun)


def _most(values: FloatArray) -> float:
    return float(np.max(values, initial=0.0))


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)
