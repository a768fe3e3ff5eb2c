"""News: which nodes have a market, and the chance of every end."""

from __future__ import annotations

import numpy as np
import pytest

from markets.leverage.news_tree import MOST_NODES, NewsTree
from markets.refused import Refused


def test_only_a_run_of_bad_news_leaves_something_to_trade() -> None:
    tree = NewsTree.of([1.0, 1.0, 1.0, 0.2])
    assert tree.names == ("now", "bad", "bad_bad")
    assert tree.settled.tolist() == [0.2, 1.0]
    assert tree.good.tolist() == [4, 4, 4]  # all good news settles on the one node that pays 1
    assert tree.bad.tolist() == [1, 2, 3]
    assert tree.date.tolist() == [0, 1, 2]


def test_where_every_piece_of_news_counts_all_nodes_are_open() -> None:
    tree = NewsTree.of([1.0, 0.8, 0.5, 0.2])
    assert tree.names == (
        "now", "good", "bad", "good_good", "good_bad", "bad_good", "bad_bad",
    )  # fmt: skip
    assert np.all(tree.good[:3] < tree.count)
    assert tree.settled[tree.good[3:] - tree.count].tolist() == [1.0, 0.8, 0.8, 0.5]
    assert tree.settled[tree.bad[3:] - tree.count].tolist() == [0.8, 0.5, 0.5, 0.2]


def test_what_can_be_reached_is_what_comes_after() -> None:
    tree = NewsTree.of([1.0, 0.8, 0.5, 0.2])
    assert tree.reached(0).all()
    assert [tree.names[k] for k in np.flatnonzero(tree.reached(tree.place("bad")))] == [
        "bad", "bad_good", "bad_bad",
    ]  # fmt: skip


@pytest.mark.parametrize("payoffs", [[1.0, 0.2], [1.0, 1.0, 0.2], [1.0, 0.8, 0.5, 0.2]])
def test_chances_of_all_ends_add_up_to_one(payoffs: list[float]) -> None:
    tree, belief = NewsTree.of(payoffs), np.array([0.1, 0.5, 0.9])
    good, bad = tree.chances(belief, 0)
    assert np.sum(good + bad, axis=0) == pytest.approx(1.0, abs=1e-15)
    assert bad[-1] == pytest.approx((1.0 - belief) ** (len(payoffs) - 1), abs=1e-15)


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        ([1.0], "two or more numbers"),
        ([1.0, float("nan")], "two or more numbers"),
        ([1.0, -0.1], "two or more numbers"),
        ([0.2, 1.0], "must not raise the payoff"),
        ([0.5, 0.5], "some of it must lower it"),
        (np.linspace(1.0, 0.0, 12).tolist(), f"more than {MOST_NODES} nodes"),
    ],
)
def test_payoffs_of_which_no_tree_is_made(payoffs: list[float], message: str) -> None:
    with pytest.raises(Refused, match=message):
        NewsTree.of(payoffs)


def test_news_after_which_nothing_is_left_to_trade() -> None:
    with pytest.raises(Refused, match="something is left to trade after: now, bad"):
        NewsTree.of([1.0, 1.0, 0.2]).place("good")
