"""Figures of credit: what they show adds up, and titles are true of the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Annotation

from scenarios.credit import credit_tree, prepayment
from scenarios.credit.credit_tree import described_points
from scenarios.credit.figures import payments, rounds
from scenarios.credit.figures.event_tree import number
from scenarios.credit.figures.rounds import KINDS
from scenarios.credit.parameters import CreditTree
from simulator.run import Run


def test_what_households_pay_adds_up_to_zero_at_every_node(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    totals = payments(economy, point).groupby("node")["amount"].sum()
    assert np.allclose(totals, 0.0, atol=1e-12)


def test_all_figures_of_all_cases_are_drawn(contraction: Run[CreditTree]) -> None:
    by_case = ("event_tree", "flows", "strategy_map")
    names = {f"{name}_{case}" for name in by_case for case in (1, 2)}
    drawn = contraction.plot()
    assert set(drawn) == names | {"excess_demand_by_round", *KINDS.values()}
    title = drawn["strategy_map_2"].get_suptitle()
    assert title == "Payment strategies of borrowers of j0: credit at m"


def test_concave_utility_is_drawn_by_the_propositions(logarithmic: Run[CreditTree]) -> None:
    title = logarithmic.plot()["strategy_map"].get_suptitle()
    assert title == "Payment strategies of borrowers of j0, by the propositions"


def test_without_studies_there_is_no_map(example: Run[CreditTree]) -> None:
    assert "strategy_map" not in prepayment.SCENARIO.figures(replace(example, studies={}))


def test_a_title_says_that_rounds_ran_out() -> None:
    run = credit_tree.SCENARIO.run(max_rounds=10)
    assert run.plot()["event_tree"].get_suptitle().endswith("(ran out of rounds)")


def test_auctions_are_marked_between_rounds() -> None:
    logarithmic = credit_tree.SCENARIO.run(auction_after=200, studies=False)
    held = logarithmic.rounds["round"][logarithmic.rounds["auction"].diff() > 0].tolist()
    assert len(held) == 1
    for figure in rounds.by_round(logarithmic).values():
        marks = [text for text in figure.axes[0].texts if text.get_text() == "auction"]
        assert [mark.xy[0] for mark in marks if isinstance(mark, Annotation)] == [held[0] - 0.5]


@pytest.mark.parametrize(
    ("value", "text"), [(0.75, "3/4"), (0.0, "0"), (1 / 3000, "0.0003333"), (1.0, "1")]
)
def test_proved_quotes_are_shown_as_fractions_where_short(
    value: float, text: str, example: Run[CreditTree]
) -> None:
    assert number(value, example.points[0]) == text
