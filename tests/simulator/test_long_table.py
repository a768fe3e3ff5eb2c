"""Long tables: a row per number."""

import pytest

import walras


@pytest.mark.slow
def test_what_a_number_is_of_stands_in_columns_of_a_long_table() -> None:
    long = walras.run("credit-tree", studies=False).tidy()["dates"]
    paid = long[(long["variable"] == "paid") & (long["node"] == "u")]
    assert paid["instrument"].tolist() == ["j0"]
    assert set(long.loc[long["variable"] == "utility", "member"]) == {"P", "Q"}
