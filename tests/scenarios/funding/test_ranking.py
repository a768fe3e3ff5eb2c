"""Rankings of rules replayed and in the market."""

from __future__ import annotations

import pandas as pd

from scenarios.funding.ranking import rankings, statement


def table(**rules: tuple[float, float, float]) -> pd.DataFrame:
    columns = ["peak_to_trough", "largest_5_day_increase", "shortfall"]
    made = pd.DataFrame.from_dict(rules, orient="index", columns=columns)
    return made.rename_axis("rule").reset_index()


def test_rules_of_both_tables_are_ranked_from_the_lowest() -> None:
    replayed = table(a=(1.0, 0.1, 0.3), b=(2.0, 0.2, 0.2), c=(3.0, 0.3, 0.1))
    market = table(c=(3.5, 0.1, 0.2), flat=(1.0, 0.0, 0.9), a=(1.5, 0.2, 0.2), b=(1.7, 0.4, 0.1))
    made = rankings(replayed, market, 5).set_index("measure")
    assert made.loc["peak-to-trough ratio", "replayed"] == "a < b < c"
    assert made.loc["peak-to-trough ratio", "in_the_market"] == "a < b < c"
    assert made.loc["largest 5-day increase", "in_the_market"] == "c < a < b"
    assert made.loc["margin shortfall", "in_the_market"] == "b < a = c"
    assert made["changed"].tolist() == [0, 2, 1]
    assert made["pairs"].tolist() == [3, 3, 3]
    # a tie is no change of places
    assert made["change_places"].tolist() == ["", "a and c; b and c", "b and c"]
    assert statement(made.reset_index()) == (
        "the same order by peak-to-trough ratio,"
        " 2 of 3 pairs change places by largest 5-day increase,"
        " 1 of 3 pairs change places by margin shortfall"
    )


def test_what_cannot_be_ranked_is_left_out() -> None:
    replayed = table(a=(1.0, 0.1, 0.3), b=(float("nan"), 0.2, 0.2))
    assert rankings(replayed, replayed, 5)["measure"].tolist() == [
        "largest 5-day increase", "margin shortfall",
    ]  # fmt: skip
    assert rankings(replayed, table(a=(1.0, 1.0, 1.0)), 5).empty
