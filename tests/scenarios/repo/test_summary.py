"""What happened in a run, in one sentence: true of the numbers."""

import pandas as pd
import pytest

from scenarios.repo.summary import percent, summary
from simulator.certificate import Certificate
from simulator.outcome import Outcome
from simulator.point import DateEnd, RestingPoint

Quotes = tuple[float, float]


def ends(*quotes: Quotes | Outcome, regime: str = "I") -> list[DateEnd]:
    made = []
    for date, each in enumerate(quotes, start=1):
        outcome = each if isinstance(each, Outcome) else Outcome.CLEARED
        price, rate = (1.0, 0.0) if isinstance(each, Outcome) else each
        point = RestingPoint(
            "short", date, {"security_price": price, "repo_rate": rate}, pd.DataFrame(), True
        )
        told = {"regime": regime}
        made.append(DateEnd(point, outcome, "", Certificate(()), {}, told, 1, 1))
    return made


@pytest.mark.parametrize(
    ("haircuts", "quotes", "text"),
    [
        ([0.01], [(0.75, 0.0)], "at a haircut of 1% the price is 0.75 and the repo rate is 0"),
        (
            [0.01, 0.03],
            [(0.75, 0.0), (0.79, 0.0)],
            "the haircut rises from 1% to 3%: the price rises from 0.75 to 0.79 at a repo rate of"
            " 0",
        ),
        (
            [0.03, 0.01, 0.01],
            [(0.8, -0.1), (0.7, 0.0), (0.7, 0.0)],
            "the haircut falls from 3% to 1%: the price falls from 0.8 to 0.7 and the repo rate"
            " rises from −0.1 to 0; then it stays at 1%: the price stays at 0.7 at a"
            " repo rate of 0",
        ),
        (
            [0.01, 0.03, 0.05],
            [(0.8, 0.0), Outcome.CYCLES, (0.9, 0.0)],
            "the haircut rises from 1% to 3%: no equilibrium was found (cycles); then it rises to"
            " 5%: the price is 0.9 and the repo rate is 0",
        ),
        (
            [0.01, 0.02],
            [(1.0, 0.0), (1.0000001, 0.0)],
            "the haircut rises from 1% to 2%: the price rises from 1 to 1.0000001 at a repo rate"
            " of 0",
        ),
        (
            [0.2, 0.2 + 1e-11, 0.3, 0.3 - 1e-11],
            [(1.0, 0.0)] * 4,
            "the haircut stays at 20%: the price stays at 1 at a repo rate of 0; then it rises to"
            " 30%: the price stays at 1 at a repo rate of 0; then it stays at 30%: the price stays"
            " at 1 at a repo rate of 0",
        ),
        (
            [0.01, 0.02, 0.03, 0.04, 0.05, 0.06],
            [(1.0, 0.0), (2.0, 0.0), (1.5, 0.0), (1.5, 0.0), (3.0, 0.0), Outcome.CYCLES],
            "6 haircuts between 1% and 6%: the price lies between 1 and 3, rises 2 times and falls"
            " 1 times; at 1 of them no equilibrium was found",
        ),
    ],
)
def test_sentences(haircuts: list[float], quotes: list[Quotes | Outcome], text: str) -> None:
    assert summary(haircuts, ends(*quotes)) == text


def test_where_nobody_trades_no_price_is_said_to_answer() -> None:
    text = summary([0.01, 0.03], ends((1.0, 0.0), (2.0, 0.0), regime="nobody trades"))
    assert text == "the haircut rises from 1% to 3%: nobody trades, at a price of 2"


def test_a_share_in_percent() -> None:
    shares = (0.0, 1e-12, 0.0665, 0.07, 0.15, 0.999999)
    texts = ["0%", "1e-10%", "6.65%", "7%", "15%", "99.9999%"]
    assert [percent(share) for share in shares] == texts
