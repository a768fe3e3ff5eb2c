"""The book: repayment rates that orders imply."""

from dataclasses import replace

import numpy as np

from agents.clearing_house import total
from markets.bankruptcy.book import BondBook

BOOK = BondBook(
    lent=1.0,
    promised=2.0,
    equities=np.array([0.5]),
    held=np.array([3.0]),
    repaid=np.array([2.0, 1.5, 0.0]),
    lent_slope=np.zeros(5),
    promised_slope=np.zeros(5),
    equities_slope=np.zeros((1, 5)),
    repaid_slope=np.zeros((3, 5)),
    consumed_now=4.0,
    consumed_later=np.array([3.0, 2.0, 1.0]),
    endowed_now=4.0,
    endowed_later=np.array([3.0, 2.0, 1.0]),
)


def test_recovery_is_what_is_repaid_of_what_is_promised() -> None:
    np.testing.assert_array_equal(BOOK.recovery, [1.0, 0.75, 0.0])


def test_rounding_does_not_pay_more_than_was_promised() -> None:
    book = replace(BOOK, repaid=np.array([2.0 + 1e-15, 3.0, 1.0]))
    np.testing.assert_array_equal(book.recovery, [1.0, 1.0, 0.5])


def test_a_bond_that_nobody_sells_would_be_repaid() -> None:
    book = replace(BOOK, promised=0.0, repaid=np.zeros(3))
    np.testing.assert_array_equal(book.recovery, np.ones(3))


def test_recovery_of_two_cohorts_is_pro_rata() -> None:
    solvent = replace(BOOK, promised=1.0, repaid=np.ones(3))
    both = total([BOOK, solvent])
    assert isinstance(both, BondBook)
    np.testing.assert_allclose(both.recovery, [1.0, 2.5 / 3.0, 1.0 / 3.0])


def test_promises_grow_by_their_slope_over_their_number() -> None:
    book = replace(BOOK, promised=4.0, promised_slope=np.array([1.0, -2.0]))
    np.testing.assert_array_equal(book.promised_growth, [0.25, -0.5])
    np.testing.assert_array_equal(replace(book, promised=0.0).promised_growth, np.zeros(2))
