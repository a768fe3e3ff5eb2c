"""Finite markets against the continuum: the price error falls like one over the root of N.

Run with ``python -m benchmarks.finite_markets [folder]``: prints a table, and writes a figure to
the folder if one is given.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from markets.margin import FlatMargin
from scenarios.pledge.closed_form import coefficients
from scenarios.pledge.economy import Investing, a_cohort, build
from scenarios.pledge.propositions import finite_market_error
from simulator import palette

SIZES = (2_000, 6_000, 20_000, 60_000, 200_000, 600_000)
DAYS = 100
HAIRCUT = 0.2


def measured(sizes: tuple[int, ...] = SIZES, days: int = DAYS, seed: int = 0) -> pd.DataFrame:
    """Root mean square error of the log price by number of investors, and seconds per day."""
    rows = []
    for investors in sizes:
        parameters = Investing(belief="corrected", investors=investors)
        rng = np.random.default_rng(seed)
        economy = build(parameters, rng, [FlatMargin(HAIRCUT)])
        known = coefficients(parameters.primitives, HAIRCUT, parameters.rate)
        errors = np.empty(days)
        start = time.perf_counter()
        for day in range(days):
            if day > 0:
                economy.announce()
            economy.clear()
            state = a_cohort(economy).nature.at(day + 1)
            expected = known.log_price(
                float(state.log_value[0]),
                float(state.log_noise[0]),
                float(economy.posted.terms.log_pledge_value[0]),
            )
            errors[day] = economy.quotes["log_price"] - expected
        seconds = (time.perf_counter() - start) / days
        start = time.perf_counter()
        rng.standard_normal(investors)
        drawing = time.perf_counter() - start
        economy.close()
        rows.append(
            {
                "investors": investors,
                "error": float(np.sqrt(np.mean(errors**2))),
                "predicted": finite_market_error(
                    parameters.primitives, HAIRCUT, parameters.rate, investors
                ),
                "seconds_per_day": seconds,
                "seconds_to_draw": drawing,
            }
        )
    return pd.DataFrame(rows)


def slope(table: pd.DataFrame) -> float:
    """Slope of the log error in the log number of investors; -1/2 in theory."""
    return float(np.polyfit(np.log(table["investors"]), np.log(table["error"]), 1)[0])


@palette.styled()
def figure(table: pd.DataFrame, days: int = DAYS) -> Figure:
    """Measured errors with 2 sd bars beside the prediction."""
    drawn = Figure(figsize=(9.0, 6.0))
    axes = drawn.subplots()
    axes.plot(
        table["investors"], table["predicted"], ls="--", color=palette.CLOSED_FORM,
        label="predicted standard deviation",
    )  # fmt: skip
    axes.errorbar(
        table["investors"], table["error"], 2.0 * table["error"] / np.sqrt(2.0 * days), fmt="o",
        color=palette.PRICE, capsize=3, label=f"root mean square of {days} days, $\\pm 2$ sd",
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("investors")
    axes.set_ylabel("error of the log price")
    axes.legend()
    drawn.suptitle(f"Error of finite markets: slope {slope(table):.3f}")
    return drawn


def main(folder: Path | None = None) -> None:
    """Measure, print, and draw."""
    table = measured()
    print(table.to_string(index=False, float_format=lambda value: f"{value:.6f}"))
    print(f"slope {slope(table):.3f} (theory: -0.5)")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        with palette.styled():
            figure(table).savefig(folder / "finite_markets.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
