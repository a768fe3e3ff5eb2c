"""Reverse stress: the mildest shock in a direction that brings about a default or uses up a layer.

Losses need not rise with the shock where members are long and short, so multiples are looked at one
after the other from none upwards, ``STEPS`` of them; the first at which it happens is then narrowed
down by halving the last step.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd

from agents.waterfall.clearing_house import WaterfallSettlement
from markets.quote import FloatArray
from markets.waterfall.quotes import WaterfallBook, WaterfallQuotes
from scenarios.waterfall.economy import DefaultWaterfall, Membership, WaterfallEconomy, build
from simulator.outcome import Outcome

STEPS = 60
"""Multiples that are looked at before one is narrowed down."""

HALVINGS = 30
"""How often the last step is halved: to 1e-9 of it."""

WORST = 0.95
"""Largest relative change of a security that is looked at."""

USED_UP = 1e-9
"""Share of a layer that may be left when it counts as used up."""

EXHAUSTED = ("a first default", "capital", "fund", "assessments", "gains")
"""What is looked for, in order."""


def reverse_stress(
    parameters: DefaultWaterfall, values: FloatArray, members: Membership
) -> pd.DataFrame:
    """The mildest multiple of a direction at the first date, one row for each thing looked for.

    Parameters
    ----------
    parameters : DefaultWaterfall
        The parameters; ``reverse_stress`` is the direction, a relative change of each security.
    values : array of shape (past + 1 + dates, K)
        What securities are worth in the past, before the first date, and at each.
    members : Membership
        The members before the date.

    Returns
    -------
    DataFrame
        ``multiple`` is not a number where no change of up to ``WORST`` does it, or where a layer
        is empty. The equilibrium is the greatest, unless ``equilibrium`` is ``least``.
    """
    direction, before = np.array(parameters.reverse_stress), values[: parameters.past + 1]
    case = "least" if parameters.equilibrium == "least" else "greatest"
    seen: dict[float, WaterfallEconomy | None] = {}

    def at(multiple: float) -> WaterfallEconomy | None:
        if multiple not in seen:
            shocked = before[-1] * (1.0 + multiple * direction)
            economy = build(parameters, case, np.vstack([before, shocked]), members)
            cleared = economy.clear(parameters.max_rounds) is Outcome.CLEARED
            seen[multiple] = economy if cleared else None
        return seen[multiple]

    most = WORST / float(np.abs(direction).max())
    grid = np.linspace(0.0, most, STEPS + 1).tolist()
    rows = []
    for what in EXHAUSTED:
        found = _first(lambda multiple, what=what: _happens(what, at(multiple)), grid)  # type: ignore[misc]
        row: dict[str, object] = {"exhausted": what, "multiple": found}
        economy = None if np.isnan(found) else at(found)
        for k, name in enumerate(parameters.names):
            row[f"change[{name}]"] = found * direction[k]
        for name in parameters.names:
            row[f"price[{name}]"] = np.nan if economy is None else economy.quotes[f"price[{name}]"]
        row["defaulted"] = np.nan if economy is None else economy.book.defaulted
        rows.append(row)
    for economy in seen.values():
        if economy is not None:
            economy.close()
    return pd.DataFrame(rows)


def _happens(what: str, economy: WaterfallEconomy | None) -> bool:
    """Whether there was a default, or a layer that is not empty was used up."""
    if economy is None:
        return False
    settled, posted, book = economy.settlement, economy.posted, economy.book
    assert isinstance(settled, WaterfallSettlement)
    assert isinstance(posted, WaterfallQuotes)
    assert isinstance(book, WaterfallBook)
    if what == "a first default":
        return book.defaulted > 0.0
    size, used = {
        "capital": (posted.terms.capital, settled.capital_used),
        "fund": (book.fund, settled.fund_used),
        "assessments": (book.assessable, settled.assessments_used),
        "gains": (book.gains, settled.gains_cut),
    }[what]
    return size > 0.0 and used >= (1.0 - USED_UP) * size


def _first(happens: Callable[[float], bool], grid: list[float]) -> float:
    """The smallest multiple at which something happens, to the precision of the halvings."""
    for low, high in pairwise(grid):
        if happens(high):
            for _ in range(HALVINGS):
                middle = 0.5 * (low + high)
                low, high = (low, middle) if happens(middle) else (middle, high)
            return high
    return float("nan")
