"""Members: what they owe, pay, sell and take over; what their accounts add up to."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.waterfall.members import Closed, Members
from markets.quote import FloatArray
from markets.refused import Refused
from markets.waterfall.market import WaterfallMarket
from markets.waterfall.quotes import WaterfallQuotes, WaterfallTerms
from simulator.economy import Economy

TERMS = WaterfallTerms(
    before=np.array([100.0]), value=np.array([90.0]), margin=np.array([6.0]), fund=30.0, capital=5.0
)


def members(**changed: Any) -> Members:
    given: dict[str, Any] = {
        "position": np.array([[10.0], [5.0], [-15.0]]),
        "cash": np.array([100.0, 20.0, 50.0]),
        "income": np.array([1.0, 2.0, 3.0]),
        "appetite": np.array([[40.0], [40.0], [20.0]]),
    } | changed
    economy = Economy(WaterfallMarket(["rates"], np.array([100.0])))
    cohort = Members(economy, **given)
    cohort.wake(1, TERMS)
    return cohort


def posted(price: float = 88.0, gains_paid: float = 0.9, assessed: float = 0.5) -> WaterfallQuotes:
    return WaterfallQuotes(TERMS, ("rates",), np.array([price]), gains_paid, assessed, np.zeros(0))


def test_what_each_owes_and_pays_by_hand() -> None:
    """Moves of -12 on 10, 5 and -15; margin 60, 30, 90 of 180, so contributions 10, 5, 15."""
    paid = members().pay(posted())
    assert paid.move.tolist() == [-120.0, -60.0, 180.0]
    assert paid.margin_due.tolist() == [60.0, 30.0, 90.0]
    assert paid.fund_due.tolist() == [10.0, 5.0, 15.0]
    assert paid.due.tolist() == [125.0, 62.5, 7.5]  # loss and half of the cap
    assert paid.budget.tolist() == [101.0, 22.0, 53.0 + 0.9 * 180.0]
    assert paid.default.tolist() == [True, True, False]
    assert paid.repaid == pytest.approx([101.0 / 125.0, 22.0 / 62.5, 1.0])


def test_unpaid_losses_use_up_own_margin_then_the_contribution() -> None:
    cohort = members(cash=np.array([0.0, 0.0, 50.0]), income=np.zeros(3))
    unpaid = cohort.unpaid(cohort.pay(posted(assessed=0.0)))
    assert unpaid.margin.tolist() == [60.0, 30.0, 0.0]
    assert unpaid.fund.tolist() == [10.0, 5.0, 0.0]
    assert unpaid.beyond.tolist() == [50.0, 25.0, 0.0]
    assert unpaid.estate.tolist() == [0.0, 0.0, 105.0]


def test_what_the_house_holds_too_much_of_is_given_back_before_losses_are_borne() -> None:
    """Margin of 100 where 60 is due, contribution of 20 where 10 is: 50 to pay 120 with."""
    cohort = members(cash=np.array([0.0, 20.0, 50.0]), income=np.zeros(3))
    margin, fund = np.array([100.0, 0.0, 0.0]), np.array([20.0, 0.0, 0.0])
    cohort.account = dataclasses.replace(cohort.account, margin=margin, fund=fund)
    paid = cohort.pay(posted(assessed=0.0))
    assert paid.due[0] == 120.0
    assert paid.repaid[0] == pytest.approx(50.0 / 120.0)
    unpaid = cohort.unpaid(paid)
    assert unpaid.margin[0] == pytest.approx(60.0)
    assert unpaid.fund[0] == pytest.approx(10.0)
    assert unpaid.beyond[0] == pytest.approx(0.0)


def test_losses_are_borne_by_what_was_held_and_what_was_paid_in_of_the_rest() -> None:
    """30 of 60 and 5 of 10 are held; 62 pay two fifths of 120 + 30 + 5."""
    cohort = members(cash=np.array([62.0, 20.0, 50.0]), income=np.zeros(3))
    margin, fund = np.array([30.0, 0.0, 0.0]), np.array([5.0, 0.0, 0.0])
    cohort.account = dataclasses.replace(cohort.account, margin=margin, fund=fund)
    paid = cohort.pay(posted(assessed=0.0))
    assert paid.due[0] == 155.0
    unpaid = cohort.unpaid(paid)
    assert unpaid.margin[0] == pytest.approx(30.0 + 0.4 * 30.0)
    assert unpaid.fund[0] == pytest.approx(5.0 + 0.4 * 5.0)
    assert unpaid.beyond[0] == pytest.approx(0.6 * 120.0 - 42.0 - 7.0)


def test_costs_of_default_take_from_cash_and_from_what_is_received() -> None:
    """Rogers and Veraart (2013): a defaulter pays alpha of its cash and beta of its inflow."""
    cohort = members(recovered_cash=0.5, recovered_inflow=0.25)
    paid = cohort.pay(posted())
    assert paid.repaid == pytest.approx([0.5 * 101.0 / 125.0, 0.5 * 22.0 / 62.5, 1.0])


def test_own_securities_are_sold_only_as_far_as_cash_is_short() -> None:
    """Cifuentes, Ferrucci and Shin (2005): min(what there is, shortfall / price)."""
    nothing = np.zeros((3, 1))
    cohort = members(
        position=nothing, appetite=nothing, owned=np.array([[1.0], [2.0], [0.0]]),
        debts=np.array([[0.0, 0.0, 145.0], [0.0, 0.0, 200.0], [0.0, 0.0, 0.0]]),
    )  # fmt: skip
    quotes = WaterfallQuotes(TERMS, ("rates",), np.array([88.0]), 1.0, 0.0, np.ones(3))
    paid = cohort.pay(quotes)
    assert paid.sold[:, 0].tolist() == pytest.approx([44.0 / 88.0, 2.0, 0.0])
    assert paid.default.tolist() == [False, True, False]  # 22 + 2 * 88 = 198
    assert paid.repaid == pytest.approx([1.0, 198.0 / 200.0, 1.0])
    assert cohort.respond(quotes).sold.tolist() == [2.5]


@pytest.mark.parametrize(
    "more",
    [
        {"appetite": np.array([[40.0], [40.0], [20.0]])},
        {
            "appetite": np.zeros((3, 1)),
            "owned": np.array([[0.25], [0.0], [1.0]]),
            "debts": np.array([[0.0, 2.0, 5.0], [9.0, 0.0, 1.0], [0.5, 3.0, 0.0]]),
        },
    ],
    ids=["auction", "debts"],
)
@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_amounts_in_other_units_are_the_same(unit: float, more: dict[str, FloatArray]) -> None:
    given: dict[str, FloatArray] = more | {
        "position": np.array([[10.0], [5.0], [-15.0]]),
        "cash": np.array([100.0, 20.0, 50.0]),
        "income": np.array([1.0, 2.0, 3.0]),
    }
    books = []
    for size in (1.0, unit):
        cohort = members(**{name: size * value for name, value in given.items()})
        terms = dataclasses.replace(TERMS, fund=size * 30.0, capital=size * 5.0)
        cohort.wake(1, terms)
        books.append(
            cohort.respond(
                WaterfallQuotes(terms, ("rates",), np.array([88.0]), 0.9, 0.5, np.full(3, 0.8))
            )
        )
    counts = {"repaid", "defaulted", "alive"}
    for field in dataclasses.fields(books[0]):
        first, other = (getattr(book, field.name) for book in books)
        size = 1.0 if field.name in counts else unit
        assert other == pytest.approx(size * first, rel=1e-12), field.name


def test_survivors_take_what_defaulters_leave_by_appetite() -> None:
    cohort = members()
    book = cohort.respond(posted())
    assert book.sold.tolist() == [15.0]
    assert book.appetite.tolist() == [20.0]
    cohort.hold(posted(), Closed(book.sold / book.appetite, np.zeros(1), 1.0))
    after = cohort.after()
    assert after.position[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert after.alive.tolist() == [False, False, True]
    assert after.fund.tolist() == [0.0, 0.0, 0.0]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000), price=st.floats(60.0, 130.0), gains_paid=st.floats(0.0, 1.0),
    assessed=st.floats(0.0, 1.0), used=st.floats(0.0, 1.0),
)  # fmt: skip
def test_cash_is_conserved_at_any_quotes(
    seed: int, price: float, gains_paid: float, assessed: float, used: float
) -> None:
    """Members' cash after = before + income + gains paid - what is paid to house and buyers."""
    rng = np.random.default_rng(seed)
    position = rng.normal(0.0, 10.0, (7, 1))
    cohort = members(
        position=position - position.mean(axis=0), cash=rng.uniform(0.0, 200.0, 7),
        income=rng.uniform(0.0, 9.0, 7), appetite=rng.uniform(0.0, 50.0, (7, 1)),
    )  # fmt: skip
    here = posted(price, gains_paid, assessed)
    paid, book = cohort.pay(here), cohort.respond(here)
    was = cohort.account
    cohort.hold(here, Closed(np.zeros(1), np.zeros(1), used))
    is_now = cohort.after()
    borne = (
        book.own_margin
        + book.own_fund
        + used * book.fund
        + float(paid.repaid @ paid.cap) * assessed
    )
    # losers' payments, own layers, fund and assessments leave the members; gains reach them
    before = float(np.sum(was.cash + was.margin + was.fund) + cohort.income.sum())
    after = float(np.sum(is_now.cash + is_now.margin + is_now.fund))
    expected = before + gains_paid * book.gains - book.losses_paid - borne
    assert after == pytest.approx(expected, abs=1e-9 * max(before, book.gains))
    covered = book.losses_paid + book.own_margin + book.own_fund + book.uncovered
    assert covered == pytest.approx(book.losses, rel=1e-12, abs=1e-12)
    assert book.losses == pytest.approx(book.gains, rel=1e-9, abs=1e-9)


def test_a_table_says_who_was_called_who_failed_and_who_was_gone() -> None:
    cohort = members(position=np.array([[10.0], [0.0], [-10.0]]), cash=np.array([0.0, 0.0, 500.0]))
    quotes = posted(assessed=0.0)
    cohort.hold(quotes, Closed(np.zeros(1), np.zeros(1), 0.0))
    table = cohort.table()
    assert table["status"].tolist() == ["defaulted", "solvent", "solvent"]
    assert (table["wealth"] - table["profit"]).tolist() == pytest.approx([75.0, 0.0, 575.0])
    cohort.carry()
    cohort.hold(quotes, Closed(np.zeros(1), np.zeros(1), 0.0))
    assert cohort.table()["status"].iloc[0] == "closed out"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"position": np.array([[10.0], [5.0], [-16.0]])},
         "positions in security 1 add up to -1; those of all members must net to zero"),
        ({"cash": np.array([1.0, -1.0, 0.0])}, "cash contains -1.0"),
        ({"income": np.zeros(2)}, r"income has shape \[2\]; it must have \[3\]"),
        ({"debts": np.eye(3)}, "debts has an entry on its diagonal"),
        ({"recovered_cash": 1.5}, r"recovered_cash is 1.5; it must lie in \[0, 1\]"),
        ({"assessment_cap": -1.0}, "assessment_cap is -1.0; it must be at least 0"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(given: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        members(**given)
