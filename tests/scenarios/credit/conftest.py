"""What the tests of credit share: a generator of random economies, and runs made once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scenarios.credit import credit_tree, liquidity_contraction, prepayment
from scenarios.credit.parameters import CreditTree
from simulator.run import Run

NODES = ("0", "u", "d", "u+", "d+")
ENDOWMENT = ("2", "1/2", "1/2", "1/2", "1/2"), ("2", "1/2", "2", "1/2", "1")
WEIGHTS = ("2", "1/2", "1", "1/2", "1/4"), ("2", "1", "1", "1/4", "1/2")


@pytest.fixture(scope="session")
def random_credit_trees() -> ModuleType:
    path = Path(__file__).with_name("random_credit_trees.py")
    spec = importlib.util.spec_from_file_location("random_credit_trees", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def example() -> Run[CreditTree]:
    """The paper's example."""
    return prepayment.SCENARIO.run()


@pytest.fixture(scope="session")
def contraction() -> Run[CreditTree]:
    return liquidity_contraction.SCENARIO.run()


@pytest.fixture(scope="session")
def logarithmic() -> Run[CreditTree]:
    return credit_tree.SCENARIO.run()


@pytest.fixture(scope="session")
def in_quarters() -> dict[str, Any]:
    """Two households and one mortgage, written in halves and quarters.

    The resale price is the positive root of 920 x^2 + 887 x - 120.
    """
    return {
        "nodes": [
            {"name": "0"},
            {"name": "u", "after": "0", "keeps": 1},
            {"name": "d", "after": "0", "keeps": "1/4"},
            {"name": "u+", "after": "u", "keeps": 1},
            {"name": "d+", "after": "d", "keeps": "1/2"},
        ],
        "contracts": [
            {
                "name": "j",
                "issued_at": "0",
                "collateral": 1,
                "coupon": {"kind": "real", "pays": dict.fromkeys(NODES[1:], "1/4")},
                "prepayment": {"kind": "real", "costs": {"u": "3/4", "d": "3/4"}},
            }
        ],
        "households": [
            {
                "name": name,
                "endowment": dict(zip(NODES, endowment, strict=True)),
                "weights": dict(zip(NODES, weights, strict=True)),
            }
            for name, endowment, weights in zip("AB", ENDOWMENT, WEIGHTS, strict=True)
        ],
    }


@pytest.fixture(scope="session")
def surd(in_quarters: dict[str, Any]) -> Run[CreditTree]:
    return credit_tree.SCENARIO.run(**in_quarters)
