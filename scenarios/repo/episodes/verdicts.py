"""What an episode can say about the two markets, and the sentence about all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

MOVES = {1.0: "a rise", -1.0: "a fall", 0.0: "no change"}


def reason(short: float, long: float, regimes: Sequence[str]) -> str:
    """Why an episode can tell a short from a long market, or why it cannot.

    Parameters
    ----------
    short, long : float
        Simulated changes of the price in the two markets.
    regimes : sequence of str
        Regimes as in the table of dates: short market before and after, long market before and
        after.
    """
    predicted = MOVES[float(np.sign(short))], MOVES[float(np.sign(long))]
    if predicted[0] != predicted[1]:
        return f"the short market has {predicted[0]}, the long market {predicted[1]}"
    numbers = [regime.partition(":")[0] for regime in regimes]
    both = f"both have {predicted[0]}"
    if set(numbers) == {"III"}:
        return f"{both}: margin constrains both sides of both, and they are one and the same"
    before, after = numbers[0::2], numbers[1::2]
    if set(before) == {"I"} and "I" not in after:
        return f"{both}: the higher haircut makes the security special in repo, where it was not"
    if "I" not in numbers:
        return f"{both}: the security is special in repo, where the slides' proposition is silent"
    return f"{both}: at other haircuts or payoffs they may differ"


def summary(report: pd.DataFrame) -> str:
    """How often each market moved the price as observed, where that can discriminate, how far."""
    short, long = (int(report["matching"].isin([side, "both"]).sum()) for side in ("short", "long"))
    telling = report[report["discriminates"]]
    right = int((telling["matching"] == "short").sum())
    told = "in none"
    if len(telling):
        names = ", ".join(telling["episode"])
        told = f"in {len(telling)} ({names}), and the short market is right in {right} of these"
    observed, by_short, by_long = (
        float(report[f"{of}_price_change_percent"].abs().median())
        for of in ("observed", "short", "long")
    )
    return (
        f"of {len(report)} haircut increases on sovereign bonds the short market moves the"
        f" price the way that was observed in {short}, the long market in {long}; they move it in"
        f" different directions, so that an episode can tell them apart, {told}; median size of the"
        f" move: {by_short:.2g}% and {by_long:.2g}%, observed {observed:.2g}%"
    )
