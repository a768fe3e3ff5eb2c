"""Margin rules of clearing houses replayed on a long series of prices."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

from benchmarks.report import Table
from scenarios.funding.laboratory import RULES, Replay, replayed
from simulator.margin_settings import MarginSettings
from simulator.price_paths import draw_prices

TOOLS = {
    "as they are": {},
    "with a long floor, stressed prices, buffer and speed limit": {
        "floor_window": 1_250, "stress_weight": 0.25, "buffer": 0.25, "speed_limit": 0.2,
    },
}  # fmt: skip
"""What is added to the five rules that the laboratory compares unless told otherwise."""


def table(sizes: Sequence[int]) -> Table:
    """Time five rules on a file of daily prices: read, checked, replayed and measured."""
    result = Table(
        "replay", "Margin rules replayed on a file of prices",
        ("rules", "number", "dates", "seconds"),
    )  # fmt: skip
    for dates in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "prices.csv"
            days = pd.bdate_range("2010-01-04", periods=dates).strftime("%Y-%m-%d")
            prices = draw_prices("garch", dates, 0.012, np.random.default_rng(0))
            pd.DataFrame({"date": days, "security": prices}).to_csv(path, index=False)
            for words, tools in TOOLS.items():
                stressed = {"stressed": str(path)} if tools else {}
                rules = [
                    MarginSettings.model_validate(one.model_dump() | tools | stressed)
                    for one in RULES
                ]
                began = process_time()
                settings = Replay(prices=str(path), rules=rules)  # type: ignore[arg-type]
                made = replayed(settings, 5, np.random.default_rng(0))
                seconds = process_time() - began
                result.rows.append((words, len(made["replay"]), dates, seconds))
    return result
