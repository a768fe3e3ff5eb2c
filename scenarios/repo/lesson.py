"""The lesson on margins: what a higher haircut does to a price, and in which market."""

from __future__ import annotations

import pandas as pd

from scenarios.repo.summary import percent
from simulator.lesson import Answer, Lesson, Question, Step
from simulator.outcome import Outcome
from simulator.page_plan import SoFar

MOVES = ("it rises", "it falls", "it stays")

STILL = 1e-6
"""Smallest change of the price, as a share of it, that is one."""

AGAIN = "Press “To rest”, announce a higher haircut, and press “To rest” again."


def _cleared(so_far: SoFar) -> pd.DataFrame:
    """The dates that ended in an equilibrium; without rows if there is none."""
    dates = so_far.dates
    return dates[dates["outcome"] == Outcome.CLEARED] if len(dates) else dates


def _price(so_far: SoFar) -> Answer:
    dates = _cleared(so_far)
    return float(dates["security_price"].iloc[0]) if len(dates) else None


def _leverage(so_far: SoFar) -> Answer:
    dates = _cleared(so_far)
    return 1.0 / float(dates["haircut"].iloc[0]) if len(dates) else None


def _change(so_far: SoFar) -> float | None:
    """Change of the price, in percent, when the haircut was last raised."""
    dates = _cleared(so_far)
    if len(dates) < 2 or not dates["haircut"].iloc[-1] > dates["haircut"].iloc[-2]:
        return None
    before, after = dates["security_price"].iloc[-2:]
    return 100.0 * (float(after) / float(before) - 1.0)


def _move(so_far: SoFar) -> Answer:
    change = _change(so_far)
    if change is None:
        return None
    return MOVES[2] if abs(change) <= 100.0 * STILL else MOVES[0 if change > 0.0 else 1]


def _who_was_bound(so_far: SoFar) -> str:
    """From where to where the price went, and what held either side back."""
    before, after = _cleared(so_far).to_dict("records")[-2:]
    return (
        f"When the haircut went from {percent(before['haircut'])} to {percent(after['haircut'])},"
        f" the price went from {before['security_price']:.4f} to {after['security_price']:.4f}."
        f" Those who are long are held back by their {after['longs_constrained_by']}, those who"
        f" are short by their {after['shorts_constrained_by']}: a higher haircut weakens the side"
        " that the margin holds back."
    )


LESSON = Lesson(
    "Margins: does the price fall or rise when they are raised?",
    (
        Step(
            "A market with a haircut",
            "Traders disagree about a security. Optimists buy it with borrowed cash and leave it"
            " as collateral; pessimists borrow it and sell it short. Both put down a haircut of"
            " 1% of their own. Press “To rest”: the clearing house posts quotes, traders answer,"
            " and quotes move until every market clears.",
            Question(
                "At what price does the security rest (in cash, three decimals)?",
                _price,
                "Press “To rest”.",
                lambda so_far: (
                    f"It is {_price(so_far):.4f}; the certificate on the right says"
                    " what makes it an equilibrium."
                ),
                within=1e-3,
            ),
            {"market": "short", "haircuts": [0.01, 0.03], "traders": 1_000},
        ),
        Step(
            "Leverage",
            "With a haircut, a buyer pays the haircut of each security with cash of their own and"
            " borrows the rest against the security itself.",
            Question(
                "Of a haircut of 1%: securities of what value can one unit of own cash carry?",
                _leverage,
                "Press “To rest”.",
                lambda so_far: f"One divided by the haircut is {_leverage(so_far):.0f}.",
                within=0.5,
            ),
        ),
        Step(
            "Margins are raised",
            "Announce a haircut of 3% in the market that rests, and let it come to rest again."
            " The picture “Price against the haircut” marks both dates.",
            Question(
                "What does the price do when the haircut is raised?",
                _move,
                AGAIN,
                _who_was_bound,
                choices=MOVES,
            ),
        ),
        Step(
            "By how much",
            "The slider of dates goes back to the first date, so that both prices can be read.",
            Question(
                "By how many percent did the price change (two decimals, a minus if it fell)?",
                _change,
                AGAIN,
                lambda so_far: f"It changed by {_change(so_far):+.3f}%.",
                within=0.01,
            ),
        ),
        Step(
            "The same announcement in another market",
            "Now traders' income comes in the other state, and with it the other side is held back"
            " by its margin: the market is long. Let it come to rest, announce 3%, and let it come"
            " to rest again.",
            Question(
                "What does the price do when the haircut is raised here?",
                _move,
                AGAIN,
                _who_was_bound,
                choices=MOVES,
            ),
            {"market": "long", "haircuts": [0.01, 0.03], "traders": 1_000},
        ),
    ),
)
