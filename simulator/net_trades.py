"""A figure of what named members buy and sell, in value."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator import palette
from simulator.rounds_figures import COLOURS

MOST_SHOWN: Final = 30
"""Members that the figure has room for; of more, those who trade most."""

HATCHES: Final = ("", "//", "..", "xx")
"""Hatches of what is traded, each for as many as there are colours."""


@palette.styled()
def net_trades(values: pd.DataFrame, unit: str) -> Figure:
    """One bar per member: bought to the right, sold to the left, members in their order.

    Parameters
    ----------
    values : DataFrame
        Value of what each member (index: its name) buys, negative if it sells, of each instrument
        (columns: their names).
    unit : str
        What values are counted in.
    """
    traded = values.abs().sum(axis=1).to_numpy()
    rows = np.sort(np.argsort(-traded, kind="stable")[:MOST_SHOWN])
    shown = values.iloc[rows]
    figure = Figure(figsize=(9.0, 1.8 + 0.3 * len(shown)))
    axes = figure.subplots()
    places = np.arange(len(shown))
    ends = {side: np.zeros(len(shown)) for side in (1.0, -1.0)}
    for number, name in enumerate(shown):
        amounts = shown[name].to_numpy(dtype=np.float64)
        group, colour = divmod(number, len(COLOURS))
        for side, end in ends.items():
            part = np.where(side * amounts > 0.0, amounts, 0.0)
            axes.barh(
                places, part, left=end, height=0.7, edgecolor="white",
                color=palette.tint(COLOURS[colour], 0.7), hatch=HATCHES[group % len(HATCHES)],
                label=str(name) if side > 0.0 else None,
            )  # fmt: skip
            end += part
    axes.axvline(0.0, color=palette.INK, linewidth=0.8)
    axes.set_yticks(places, [str(name) for name in shown.index])
    axes.invert_yaxis()
    axes.set_xlabel(f"value bought (right) and sold (left), {unit}")
    some = f": the {len(shown)} of {len(values)} who trade most"
    axes.set_title(f"Net trades by member{some if len(shown) < len(values) else ''}")
    figure.legend(loc="outside lower center", ncols=4)
    return palette.laid_out(figure)
