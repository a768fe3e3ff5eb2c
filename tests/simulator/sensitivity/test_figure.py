"""The bar chart of derivatives."""

from __future__ import annotations

import pandas as pd
import pytest

import walras


def test_a_bar_per_parameter_the_longest_on_top() -> None:
    found = walras.sensitivities("margin-spiral", experts_wealth=[-4.7])
    axes = found.plot()["sensitivities"].axes[0]
    name = axes.get_title(loc="left").replace(" ", "_")
    lengths = [abs(bar.get_width()) for bar in axes.containers[0]]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == len(found.keys)
    table = found.table[found.table["output"] == name]
    by_percent = (0.01 * table["derivative"] * table["value"].where(table["value"] != 0, 1)).abs()
    assert lengths[-1] == pytest.approx(by_percent.max())


def test_a_kink_has_two_bars() -> None:
    found = walras.sensitivities("margin-spiral", keys=["fundamental_value"], experts_wealth=[-4.5])
    axes = found.plot()["sensitivities"].axes[0]
    _, above, below = axes.containers
    assert [bar.get_width() for bar in above] == pytest.approx([0.1])
    assert pd.isna([bar.get_width() for bar in below]).all()
