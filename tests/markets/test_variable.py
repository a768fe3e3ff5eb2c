"""Patterns of the names of columns."""

from markets.variable import Variable, find


def test_a_pattern_fits_names_and_says_what_a_value_is_of() -> None:
    both = Variable("paid[{instrument}@{node}]", "share", "paid on {instrument}")
    one = Variable("price[{node}]", "cash", "price")
    assert find([one, both], "paid[j0@u+]") == (both, {"instrument": "j0", "node": "u+"})
    assert find([one, both], "price") == (one, {})
    assert find([one, both], "prices") is None
    assert one.quantity({}) == "price"
    assert Variable("largest_{days}_day_increase", "", "").quantity({"days": "5"}) == (
        "largest_5_day_increase"
    )
