"""The lesson on spirals: a margin call that feeds on itself, and the way back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from simulator.lesson import Answer, Lesson, Question, Step
from simulator.outcome import Outcome
from simulator.page_plan import SoFar

YES_OR_NO = ("yes", "no")

REST = "Press “To rest”."
ON = "Announce less cash, and press “To rest” each time, until the price jumps."
BACK = "Announce more cash again, and press “To rest” each time."


def _rests(so_far: SoFar) -> list[dict[Any, Any]]:
    """The dates that ended in an equilibrium."""
    return [row for row in so_far.dates.to_dict("records") if row["outcome"] == Outcome.CLEARED]


def _jump(so_far: SoFar, before: str, after: str) -> tuple[dict[Any, Any], dict[Any, Any]] | None:
    """The last two successive rests that lie on these branches."""
    rests = _rests(so_far)
    pairs = [
        pair for pair in pairwise(rests)
        if (pair[0]["branch"], pair[1]["branch"]) == (before, after)
    ]  # fmt: skip
    return pairs[-1] if pairs else None


def _margin(so_far: SoFar) -> Answer:
    rests = _rests(so_far)
    return float(rests[0]["margin"]) if rests else None


def _fall(so_far: SoFar) -> Answer:
    pair = _jump(so_far, "funded", "constrained")
    return None if pair is None else float(pair[0]["security_price"] - pair[1]["security_price"])


def _returned(so_far: SoFar) -> Answer:
    """Whether the price was the same at the same cash before and after it had jumped."""
    here = _same_cash(so_far)
    if here is None:
        return None
    before, after = here
    same = abs(before["security_price"] - after["security_price"]) < 1e-6
    return YES_OR_NO[0 if same else 1]


def _same_cash(so_far: SoFar) -> tuple[dict[Any, Any], dict[Any, Any]] | None:
    """The last two rests at one amount of cash, before and after the price fell."""
    rests = _rests(so_far)
    for k in range(len(rests) - 1, 0, -1):
        if rests[k]["branch"] == "constrained":
            for row in rests[:k]:
                same = abs(row["experts_wealth"] - rests[k]["experts_wealth"]) < 1e-9
                if same and row["branch"] == "funded":
                    return row, rests[k]
    return None


def _equilibria(so_far: SoFar) -> Answer:
    here = _same_cash(so_far)
    return None if here is None else float(here[1]["equilibria"])


def _way_back(so_far: SoFar) -> Answer:
    pair = _jump(so_far, "constrained", "funded")
    return None if pair is None else float(pair[1]["experts_wealth"])


def _spiral(so_far: SoFar) -> str:
    pair = _jump(so_far, "funded", "constrained")
    assert pair is not None
    before, after = pair
    return (
        f"Cash fell by {before['experts_wealth'] - after['experts_wealth']:.2f}, the price from"
        f" {before['security_price']:.4f} to {after['security_price']:.4f}. The margin went from"
        f" {before['margin']:.2f} to {after['margin']:.2f}, and experts hold"
        f" {after['experts_position']:.2f} instead of {before['experts_position']:.2f}: each sale"
        " raised the margin, which forced the next."
    )


def _two_prices(so_far: SoFar) -> str:
    here = _same_cash(so_far)
    assert here is not None
    before, after = here
    return (
        f"At a cash of {after['experts_wealth']:g} it rested at {before['security_price']:.4f}"
        f" before and at {after['security_price']:.4f} after the fall."
    )


LESSON = Lesson(
    "Spirals: when does a margin call feed on itself?",
    (
        Step(
            "Experts with borrowed money",
            "Experts buy what customers must sell, and pay a margin on it. The further the price"
            " is from its fundamental value, the higher the margin that their lenders ask for.",
            Question(
                "What margin does a unit cost at rest?",
                _margin,
                REST,
                lambda so_far: (
                    f"It is {_margin(so_far):.4f}, the least that lenders ask for: the"
                    " price is at its fundamental value."
                ),
                within=5e-3,
            ),
            {"experts_wealth": [-4.3, -4.5, -4.6, -4.5, -4.3, -4.1, -4.0, -3.9]},
        ),
        Step(
            "A loss too much",
            "Announce less and less cash of the experts, as the button proposes, and let the"
            " market come to rest each time.",
            Question(
                "By how much does the price fall when it jumps (two decimals)?",
                _fall,
                ON,
                _spiral,
                within=6e-3,
            ),
        ),
        Step(
            "And back?",
            "Give the experts their cash back step by step.",
            Question(
                "At the same cash as before the fall: is the price back where it was?",
                _returned,
                BACK,
                _two_prices,
                choices=YES_OR_NO,
            ),
        ),
        Step(
            "More than one equilibrium",
            "The picture of price against wealth has every equilibrium at every cash, stable and"
            " unstable.",
            Question(
                "How many equilibria are there at that cash?",
                _equilibria,
                BACK,
                lambda so_far: (
                    f"{_two_prices(so_far)} Where the market has been decides which of"
                    " them it finds."
                ),
            ),
        ),
        Step(
            "The way out",
            "Go on announcing more cash until the price jumps back.",
            Question(
                "At what announced cash is the price back at its fundamental value?",
                _way_back,
                BACK,
                lambda so_far: "It takes more cash to end the spiral than was lost when it began.",
                within=1e-6,
            ),
        ),
    ),
)
