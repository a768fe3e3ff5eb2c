"""Every scenario ends where it did when ``reference.csv`` was written, on any supported Python.

``python -m tests.walras.test_reference`` writes the file anew. CI runs this test on every supported
Python with the tested versions of libraries.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import walras
from walras.catalogue import TITLES

FILE = Path(__file__).with_name("reference.csv")

HEAD = ("scenario", "case", "date", "name", "value")

AGREE = 1e-9
"""Largest relative difference of a number from the reference. Markets clear to 1e-10 of what is
traded, and within that the last rounds may end elsewhere where a library rounds differently."""

ZERO = 1e-12
"""Largest absolute difference, in the number's own unit, where the reference is zero or nearly: a
rate that is bound by its limit."""

SMALL: Mapping[str, Mapping[str, Any]] = {
    "margin-hike": {"traders": 100},
    "euro-crisis": {"traders": 40},
    "pledgeability": {"days": 3, "investors": 50},
    "pledgeable-securities": {"days": 3, "investors": 50},
    "margin-procyclicality": {"dates": 3},
    "collateral-equilibrium": {"traders": 100},
    "leverage-cycle": {"traders": 100},
    "default-waterfall": {"traders": 10},
}
"""Parameters that make a run quick; the others are quick by default."""

SLOW = {"liquidity-contraction"}
"""Takes more than a second; its economy is that of prepayment."""


def found(name: str) -> dict[tuple[str, str, str], str]:
    """Quotes and headline numbers of the last date of each case, by case, date and name."""
    run = walras.run(name, studies=False, **SMALL.get(name, {}))
    told: dict[tuple[str, str, str], str] = {}
    for end in {end.point.case: end for end in run.ends}.values():
        headline = {n: v for n, v in end.described.items() if n in run.scenario.headline}
        for what, value in {**end.point.quotes, **headline, "outcome": str(end.outcome)}.items():
            text = value if isinstance(value, str) else repr(float(value))  # type: ignore[arg-type]
            told[end.point.case, str(end.point.date), what] = text
    return told


def reference() -> dict[str, dict[tuple[str, str, str], str]]:
    """The file, by scenario."""
    kept: dict[str, dict[tuple[str, str, str], str]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kept.setdefault(row["scenario"], {})[row["case"], row["date"], row["name"]] = row[
                "value"
            ]
    return kept


KEPT = reference() if FILE.exists() else {}


def number(text: str) -> float | str:
    """A number, or a word."""
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in TITLES]
)
def test_a_scenario_ends_where_it_did(name: str) -> None:
    now = found(name)
    assert list(now) == list(KEPT[name])
    for what, text in now.items():
        kept = number(KEPT[name][what])
        assert number(text) == (
            kept if isinstance(kept, str) else pytest.approx(kept, rel=AGREE, abs=ZERO, nan_ok=True)
        ), what


def write() -> None:
    """Write the file anew."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEAD)
        for name in TITLES:
            rows.writerows((name, *what, value) for what, value in found(name).items())


if __name__ == "__main__":
    write()
