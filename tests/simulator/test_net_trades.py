"""The figure of members' net trades, read back from what is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from simulator.net_trades import MOST_SHOWN, net_trades

VALUES = pd.DataFrame(
    {"bread": [2.0, -1.0, 0.5], "wine": [-2.0, 0.5, -0.5], "salt": [0.0, 0.5, -0.5]},
    index=["Zug", "Aare", "Bern"],
)


def test_bars_end_at_all_bought_and_all_sold_in_the_order_of_members() -> None:
    axes = net_trades(VALUES, "units of bread").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Zug", "Aare", "Bern"]
    ends = {(row, side): 0.0 for row in range(3) for side in (1, -1)}
    for bar in axes.patches:
        assert isinstance(bar, Rectangle)
        row, end = round(bar.get_y() + 0.35), bar.get_x() + bar.get_width()
        ends[row, 1] = max(ends[row, 1], end)
        ends[row, -1] = min(ends[row, -1], end)
    assert [ends[row, 1] for row in range(3)] == VALUES.clip(lower=0.0).sum(axis=1).tolist()
    assert [ends[row, -1] for row in range(3)] == VALUES.clip(upper=0.0).sum(axis=1).tolist()


def test_of_many_those_who_trade_most_are_shown_and_the_title_says_so() -> None:
    amounts = np.arange(100.0)[::-1]
    values = pd.DataFrame({"a": amounts, "b": -amounts}, index=[f"m{k}" for k in range(100)])
    axes = net_trades(values, "cash").axes[0]
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert shown == [f"m{k}" for k in range(MOST_SHOWN)]
    assert f"{MOST_SHOWN} of 100" in axes.get_title(loc="left")
