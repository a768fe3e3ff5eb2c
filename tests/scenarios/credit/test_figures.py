"""Figures of credit: what they show adds up, and titles are true of the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.credit import credit_tree, prepayment
from scenarios.credit.credit_tree import described_points
from scenarios.credit.figures import payments
from scenarios.credit.figures.event_tree import number
from scenarios.credit.parameters import CreditTree
from simulator.run import Run


def test_what_households_pay_adds_up_to_zero_at_every_node(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    totals = payments(economy, point).groupby("node")["amount"].sum()
    assert np.allclose(totals, 0.0, atol=1e-12)


def test_all_figures_of_all_cases_are_drawn(contraction: Run[CreditTree]) -> None:
    by_case = ("event_tree", "flows", "quotes_by_round", "strategy_map")
    names = {f"{name}_{case}" for name in by_case for case in (1, 2)}
    drawn = contraction.plot()
    assert set(drawn) == names | {"excess_demand_by_round"}
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


def test_lines_differ_in_more_than_colour(logarithmic: Run[CreditTree]) -> None:
    for axes in logarithmic.plot()["quotes_by_round"].axes:
        styles = [
            (line.get_linestyle(), line.get_marker())
            for line in axes.get_lines()
            if not str(line.get_label()).startswith("_")
        ]
        assert len(set(styles)) == len(styles)


@pytest.mark.parametrize(
    ("value", "text"), [(0.75, "3/4"), (0.0, "0"), (1 / 3000, "0.0003333"), (1.0, "1")]
)
def test_proved_quotes_are_shown_as_fractions_where_short(
    value: float, text: str, example: Run[CreditTree]
) -> None:
    assert number(value, example.points[0]) == text
