"""The lesson on bankruptcy: what a promise is worth whose debtor plans to break it."""

from __future__ import annotations

from simulator.lesson import Answer, Lesson, Question, Step
from simulator.outcome import Outcome
from simulator.page_plan import SoFar

REST = "Press “To rest”."

YES_OR_NO = ("yes", "no")

CENT = 1e-3
"""Largest distance of an answer of three decimals that counts as right."""


def _rest(so_far: SoFar, name: str) -> float | None:
    """A number of the last date, if it ended in an equilibrium."""
    end = so_far.end
    if end is None or end.outcome is not Outcome.CLEARED:
        return None
    told = {**end.described, **end.point.quotes}
    return float(told[name])  # type: ignore[arg-type]


def _rate(so_far: SoFar) -> Answer:
    return _rest(so_far, "repayment_rate")


def _lost(so_far: SoFar) -> Answer:
    return _rest(so_far, "expected_loss")


def _return(so_far: SoFar) -> Answer:
    rate, price = _rest(so_far, "repayment_rate"), _rest(so_far, "bond_price")
    return None if rate is None or price is None else rate / price


def _bankrupt(so_far: SoFar) -> Answer:
    risk = _rest(so_far, "probability_of_default")
    return None if risk is None else YES_OR_NO[0 if risk > 0.0 else 1]


def _owed_and_paid(so_far: SoFar) -> str:
    promised, lost = _rest(so_far, "promised"), _rest(so_far, "expected_loss")
    assert promised is not None
    assert lost is not None
    return f"The borrower promises {promised:.4f} goods and pays {promised - lost:.4f}."


LESSON = Lesson(
    "Bankruptcy: what is a promise worth that its debtor plans to break?",
    (
        Step(
            "A repayment rate is a quote",
            "A borrower sells bonds that promise one good each at date 1. All that it owns then"
            " may be seized, and no more. The clearing house quotes a repayment rate, everybody"
            " plans with it, and it moves until it is the rate that the plans imply.",
            Question(
                "How many goods does a bond pay at rest (three decimals)?",
                _rate,
                REST,
                _owed_and_paid,
                within=CENT,
            ),
            {"borrower_endowment_later": 0.5, "short_limit": None},
        ),
        Step(
            "Planned bankruptcy",
            "Both know the repayment rate when they trade: nobody is surprised.",
            Question(
                "How many of the promised goods are not paid, in all (three decimals)?",
                _lost,
                REST,
                lambda so_far: (
                    f"{_owed_and_paid(so_far)} The picture “Net trades” shows what is seized."
                ),
                within=CENT,
            ),
        ),
        Step(
            "What a lender earns",
            "A lender pays the price of the bond and gets what the repayment rate says.",
            Question(
                "How many goods does a lender get back for each good that it lends?",
                _return,
                REST,
                lambda so_far: (
                    "It is the repayment rate divided by the price of the bond,"
                    f" {_return(so_far):.4f}."
                ),
                within=CENT,
            ),
        ),
        Step(
            "A richer borrower",
            "The borrower has three times as much at date 1.",
            Question(
                "How many goods does a bond pay now (three decimals)?",
                _rate,
                REST,
                _owed_and_paid,
                within=CENT,
            ),
            {"borrower_endowment_later": 1.5, "short_limit": None},
        ),
        Step(
            "A limit to promises",
            "Back to the first borrower, who may now promise 0.4 goods and no more.",
            Question(
                "Is the borrower bankrupt at date 1?",
                _bankrupt,
                REST,
                _owed_and_paid,
                choices=YES_OR_NO,
            ),
            {"borrower_endowment_later": 0.5, "short_limit": 0.4},
        ),
    ),
)
