"""Numbers, bundles and tables as a file writes them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from markets.refused import Refused
from scenarios.credit.entries import bundle, kind_of, number


@pytest.mark.parametrize(
    ("given", "fraction"), [("9/22", Fraction(9, 22)), (0.1, Fraction(1, 10)), (2, Fraction(2))]
)
def test_numbers_are_the_fractions_that_they_say(given: object, fraction: Fraction) -> None:
    assert number(given, "keeps") == fraction


@pytest.mark.parametrize("given", [True, None, "half", "1/0", [1]])
def test_what_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(Refused, match="keeps is"):
        number(given, "keeps")


def test_a_bundle_by_good_has_zeros_where_nothing_is_said() -> None:
    found = bundle({"house": "1/2"}, ("food", "house"), "collateral")
    assert found == (Fraction(0), Fraction(1, 2))
    with pytest.raises(Refused, match="with 2 goods it must be a table by good"):
        bundle(1, ("food", "house"), "collateral")


@pytest.mark.parametrize("given", ["1e999999999", "1e-999999999", "1E+99999"])
def test_a_number_that_would_never_be_finished_is_refused(given: str) -> None:
    with pytest.raises(Refused, match="rate is"):
        number(given, "rate")


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(Refused, match='it must be a formula, or a table whose kind is "real"'):
        kind_of({"kind": "odd"}, ("real",), "coupon")
