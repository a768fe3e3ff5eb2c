"""Investors who choose what they deliver: bad input, orders, inertia, tables, trembles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.defaulters import FOLLOW, Defaulters
from agents.bankruptcy.utility import LinearQuadratic
from markets.bankruptcy.default_market import TREMBLE, DefaultBook, DefaultMarket
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.refused import Refused
from simulator.economy import Economy

INSTRUMENTS = BondAndEquities(np.ones(1), np.zeros((1, 0)), state_names=("",))
QUOTES = BondQuotes(1.3, np.zeros(0), np.array([0.6]), np.inf)


def economy(**changed: Any) -> tuple[Economy[Any, Any, Any], Defaulters]:
    """The borrower and the lender of the example of section 2, as one cohort."""
    made: Economy[Any, Any, Any] = Economy(DefaultMarket(INSTRUMENTS))
    BankruptcyClearingHouse(made, INSTRUMENTS)
    given: dict[str, Any] = {
        "utility": LinearQuadratic(np.array([2.0, 1.0]), np.array([2.5, 4.0])),
        "now": np.array([1.0, 3.0]), "later": np.array([[0.5], [1.0]]),
        "equities": np.zeros((2, 0)), "penalty": np.full((2, 1), 2.4),
    }  # fmt: skip
    cohort = Defaulters(made, "two", **(given | changed))
    cohort.open(INSTRUMENTS)
    return made, cohort


@pytest.mark.parametrize(
    ("penalty", "sentence"),
    [
        (np.ones((2, 3)), r"two: penalty has shape \(2, 3\); it must be one per member and state"),
        (np.array([[1.0], [-1.0]]), r"two: penalty has -1\.0; each must be finite and at least 0"),
        (np.array([[1.0], [np.inf]]), "two: penalty has inf; each must be finite"),
    ],
)
def test_bad_penalties_are_refused(penalty: Any, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        economy(penalty=penalty)


def test_responding_changes_nothing_and_carrying_moves_what_plans_stay_close_to() -> None:
    _, cohort = economy()
    first, again = cohort.respond(QUOTES), cohort.respond(QUOTES)
    assert first.promised == again.promised > 0.0
    assert first.moved == again.moved > 0.0
    cohort.remember(QUOTES)
    assert cohort._before.promised[0] == pytest.approx(FOLLOW * first.promised)
    for _ in range(60):
        cohort.remember(QUOTES)
        cohort.respond(QUOTES)
    assert cohort.respond(QUOTES).lent == pytest.approx(
        0.6 * 3.0 / 0.36 - 1.3 / 0.36
    )  # r (g - r z) = q


def test_orders_are_those_of_the_table_and_a_state_is_shared_out() -> None:
    _, cohort = economy()
    book = cohort.respond(QUOTES)
    cohort.hold(QUOTES, None)
    table = cohort.table()
    assert table["promised"].sum() == pytest.approx(book.promised)
    assert table["lent"].sum() == pytest.approx(book.lent)
    assert table["delivered"].sum() == pytest.approx(book.repaid[0])
    np.testing.assert_allclose(table["bond"], table["lent"] - table["promised"])
    assert table["penalty"].tolist() == [2.4, 2.4]
    eaten = table["endowed_later"] + 0.6 * table["lent"] - table["delivered"]
    np.testing.assert_allclose(table["consumption_later"], eaten)
    assert len(cohort.table(limit=1)) == 2


def test_nothing_is_held_before_a_round() -> None:
    _, cohort = economy()
    with pytest.raises(RuntimeError, match="two holds nothing yet"):
        cohort.table()


def test_where_nobody_borrows_the_rate_is_what_trembling_members_deliver() -> None:
    """At a price of a hundredth nobody sells; a good is worth less than the penalty to one only."""
    _, cohort = economy(penalty=np.array([[2.4], [0.1]]))
    cheap = BondQuotes(0.01, np.zeros(0), np.zeros(1), np.inf)
    book = cohort.respond(cheap)
    assert isinstance(book, DefaultBook)
    assert book.promised == 0.0
    assert book.trembled == pytest.approx(4.0 * TREMBLE)
    np.testing.assert_allclose(book.recovery, [0.25])  # one good of four at date 0
