"""Event trees: who follows whom, what lasts, and what is no tree."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from markets.credit.event_tree import EventTree, Matrix, Node
from markets.refused import Refused

HALF: Matrix = ((Fraction(1, 2), Fraction(0)), (Fraction(1), Fraction(1)))
"""Of a unit of the first good a half stays, and a unit of the second arises."""


def tree(*nodes: Node) -> EventTree:
    return EventTree(nodes, ("food", "house"))


ROOT = Node("0", None)
TREE = tree(
    ROOT, Node("u", "0", HALF), Node("d", "0", HALF), Node("u+", "u", HALF), Node("d+", "d", HALF)
)


def test_who_follows_whom() -> None:
    assert TREE.root == "0"
    assert TREE.middle == ("u", "d")
    assert TREE.last == ("u+", "d+")
    assert TREE.after("u") == ("u+",)
    assert TREE.before("d+") == "d"
    assert [TREE.date(name) for name in TREE.names] == [0, 1, 1, 2, 2]
    assert TREE.predecessors == [-1, 0, 0, 1, 2]


def test_what_lasts_is_linear_and_the_same_in_fractions_and_numbers() -> None:
    bundle = (Fraction(2), Fraction(3))
    assert TREE.become(bundle, "u") == (Fraction(1), Fraction(5))
    assert TREE.carried[1] @ np.array([2.0, 3.0]) == pytest.approx([1.0, 5.0])


def test_autarky_adds_what_is_left_to_endowments() -> None:
    endowment = np.zeros((1, 5, 2))
    endowment[0, 0], endowment[0, 1] = [2.0, 3.0], [1.0, 0.0]
    owned = TREE.autarky(endowment)[0]
    assert owned[0] == pytest.approx([2.0, 3.0])
    assert owned[1] == pytest.approx([2.0, 5.0])
    assert owned[3] == pytest.approx([1.0, 7.0])
    assert endowment[0, 1] == pytest.approx([1.0, 0.0])  # unchanged


BAD = {
    "no node has no predecessor": (Node("0", "0", HALF),),
    "named twice": (ROOT, Node("u", "0", HALF), Node("u", "0", HALF)),
    "no node named before": (ROOT, Node("u", "x", HALF)),
    "nothing follows it": (ROOT, Node("u", "0", HALF)),
    "dates are 0 to 2": (ROOT, Node("u", "0", HALF), Node("v", "u", HALF), Node("w", "v", HALF)),
    "2 by 2 matrix": (ROOT, Node("u", "0", ((Fraction(1),),)), Node("v", "u", HALF)),
    'a name has no "@"': (ROOT, Node("u@", "0", HALF), Node("v", "u@", HALF)),
}


@pytest.mark.parametrize("sentence", [s for s in BAD if s != "no node has no predecessor"])
def test_what_is_no_tree_is_refused(sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        tree(*BAD[sentence])


def test_a_tree_has_one_root() -> None:
    with pytest.raises(Refused, match="exactly one node has no predecessor"):
        tree(Node("0", "0", HALF))
