"""What a margin rule in the rounds costs beside a flat haircut of the same size."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.report import Table
from scenarios.repo.economy import MarginHike, build
from simulator.price_paths import draw_prices

HISTORY = 600
"""Closing prices before the first date."""

REPEATS = 3
"""Times that each is measured; the fastest counts."""

RULES: Mapping[str, Mapping[str, Any]] = {
    "value-at-risk, once per date": {"rule": "value-at-risk"},
    "value-at-risk, every round": {"rule": "value-at-risk", "every_round": True},
    "expected shortfall, every round": {"rule": "expected-shortfall", "every_round": True},
    "filtered, buffer, every round": {
        "rule": "filtered-value-at-risk", "every_round": True, "buffer": 0.25,
    },
}  # fmt: skip


def table(sizes: Sequence[int]) -> Table:
    """Time the rounds of a date under each rule, and under a flat haircut equal to its charge."""
    result = Table(
        "margin_rules", "A margin rule in the rounds, beside a flat haircut of the same size",
        ("rule", "traders", "rounds", "rounds, flat", "ms per round", "ratio per round",
         "ratio per date"),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prices.csv"
        days = pd.bdate_range("2020-01-01", periods=HISTORY).strftime("%Y-%m-%d")
        prices = draw_prices("garch", HISTORY, 0.012, np.random.default_rng(0))
        pd.DataFrame({"date": days, "security": prices}).to_csv(path, index=False)
        for traders in sizes:
            for words, rule in RULES.items():
                seconds, rounds, haircut = _cleared(
                    traders, {"margin": {**rule, "horizon": 5, "prices": str(path)}}
                )
                flat, flat_rounds, _ = _cleared(traders, {"haircuts": [haircut]})
                result.rows.append(
                    (
                        words,
                        traders,
                        rounds,
                        flat_rounds,
                        1e3 * seconds / rounds,
                        (seconds / rounds) / (flat / flat_rounds),
                        seconds / flat,
                    )
                )
    return result


def _cleared(traders: int, given: Mapping[str, Any]) -> tuple[float, int, float]:
    """Processor seconds and rounds of a date of traders who differ, and the haircut charged."""
    parameters = MarginHike.model_validate(
        {
            "traders": traders,
            "cash": "uniform(low=0.2, high=1.8)",
            "securities": "uniform(low=0.2, high=1.8)",
            **given,
        }
    )
    best, rounds, haircut = np.inf, 0, 0.0
    for _ in range(REPEATS):
        economy = build(parameters, np.random.default_rng(0))
        economy.open()
        began = process_time()
        economy.clear()
        best = min(best, process_time() - began)
        rounds, haircut = economy.round, economy.posted.haircut
        economy.close()
    return best, rounds, haircut
