"""Credit dries up: the same households with and without new credit at some nodes.

Scenario ``liquidity-contraction``: the households and the mortgage of
:mod:`scenarios.credit.prepayment`, once with the late contract offered at every node of date
1, once only where the paper offers it. What differs is liquidity, nothing else. After Iraola and
Torres-Martinez (SDT 364, 2012), sections 1 and 3.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from scenarios.credit.economy import scenario_of
from scenarios.credit.parameters import CreditTree, calling, given, moving
from scenarios.credit.prepayment import (
    BRISK,
    HOUSEHOLDS,
    MORTGAGE,
    NODES,
    ROUNDS_ALONE,
    late_credit,
)
from scenarios.credit.reading import CreditEconomy, read
from simulator.parameters import parse
from simulator.run import Run, simulate


class LiquidityContraction(CreditTree):
    """Parameters of the scenario ``liquidity-contraction``."""

    inertia: float = moving(BRISK)
    auction_after: int = calling(ROUNDS_ALONE)
    credit_at: list[list[str]] = Field(
        default=[["u", "m", "d"], ["m"]],
        min_length=1,
        description="for each case the nodes of date 1 at which contracts are issued; at the"
        " others credit has dried up",
        json_schema_extra={"allowed": "a list of lists of nodes of date 1"},
    )
    nodes: list[dict[str, Any]] = given("nodes", NODES)
    contracts: list[dict[str, Any]] = given(
        "contracts", [MORTGAGE, *(late_credit(node) for node in ("u", "m", "d"))]
    )
    households: list[dict[str, Any]] = given("households", HOUSEHOLDS)

    def economies(self) -> dict[str, CreditEconomy]:
        """One economy for each list of nodes with credit."""
        parts = {name: getattr(self, name) for name in ("goods", "nodes", "households")}
        whole = read({**parts, "contracts": self.contracts})
        found = {}
        for number, nodes in enumerate(self.credit_at):
            for node in nodes:
                if node not in whole.tree.middle:
                    raise ValueError(
                        f'credit_at[{number}] names "{node}"; nodes of date 1 are'
                        f" {', '.join(whole.tree.middle)}"
                    )
            offered = [
                entry
                for entry, contract in zip(self.contracts, whole.contracts, strict=True)
                if contract.issued_at in (whole.tree.root, *nodes)
            ]
            case = f"credit at {', '.join(nodes)}" if nodes else "no credit at date 1"
            found[case] = read({**parts, "contracts": offered})
        return found


SCENARIO = scenario_of(
    "liquidity-contraction",
    "credit dries up at some nodes: debts that were prepaid are kept, defaulted on, or go under"
    " water",
    LiquidityContraction,
    None,
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python.

    Parameters
    ----------
    seed : int
        Seed of the one random generator.
    **parameters
        Any of the fields of :class:`LiquidityContraction`.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed, with its place.
    """
    return simulate(SCENARIO, parse(LiquidityContraction, parameters), seed=seed)
