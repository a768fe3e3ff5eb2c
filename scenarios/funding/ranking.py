"""How margin rules rank replayed on prices, and how in the market that the margin itself moves."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pandas as pd

ALIKE = 1e-9
"""Relative difference up to which two rules share a place; measures are worked out to rounding."""


def ranked(days: int) -> dict[str, str]:
    """Measures by which rules are ranked, the lowest first, and what they are called."""
    return {
        "peak_to_trough": "peak-to-trough ratio",
        f"largest_{days}_day_increase": f"largest {days}-day increase",
        "shortfall": "margin shortfall",
    }


def rankings(replayed: pd.DataFrame, market: pd.DataFrame, days: int) -> pd.DataFrame:
    """Rank the rules that both tables have, by name.

    Parameters
    ----------
    replayed, market : pandas.DataFrame
        A row per rule, with columns ``rule``, ``peak_to_trough``, ``largest_N_day_increase`` and
        ``shortfall``.
    days : int
        N.

    Returns
    -------
    pandas.DataFrame
        A row per measure, with the rules from the lowest to the highest (``replayed``,
        ``in_the_market``; a rule without that measure is left out of it), the number of ``pairs``
        of rules, of pairs that ``changed`` places, and which (``change_places``). No rows with
        fewer than two rules in both.
    """
    rows = []
    for column, words in ranked(days).items():
        values = [table.set_index("rule")[column].dropna() for table in (replayed, market)]
        common = [rule for rule in values[0].index if rule in values[1].index]
        if len(common) < 2:
            continue
        first, second = (dict(zip(common, value[common].tolist(), strict=True)) for value in values)
        changed = [
            f"{one} and {other}"
            for one, other in combinations(common, 2)
            if _order(first[one], first[other]) * _order(second[one], second[other]) < 0
        ]
        rows.append(
            {
                "measure": words,
                "replayed": _in_order(first),
                "in_the_market": _in_order(second),
                "pairs": math.comb(len(common), 2),
                "changed": len(changed),
                "change_places": "; ".join(changed),
            }
        )
    return pd.DataFrame(rows)


def statement(found: pd.DataFrame) -> str:
    """What rankings say, in a clause."""
    alike = found.loc[found["changed"] == 0, "measure"].tolist()
    clauses = [f"the same order by {' and '.join(alike)}"] if alike else []
    for row in found[found["changed"] > 0].to_dict("records"):
        clauses.append(
            f"{row['changed']} of {row['pairs']} pairs change places by {row['measure']}"
        )
    return ", ".join(clauses)


def _order(one: float, other: float) -> int:
    """-1, 0 or 1 as one is below, as good as, or above the other."""
    if math.isclose(one, other, rel_tol=ALIKE, abs_tol=ALIKE):
        return 0
    return -1 if one < other else 1


def _in_order(values: dict[str, float]) -> str:
    """Rules from the lowest value to the highest, with ``=`` between those that are alike."""
    ordered = sorted(values, key=lambda rule: values[rule])
    words = ordered[0]
    for before, rule in pairwise(ordered):
        words += f" {'<' if _order(values[before], values[rule]) else '='} {rule}"
    return words
