"""Credit dries up: the same households with and without new credit at some nodes.

Scenario ``liquidity-contraction``: the households and the mortgage of
:mod:`scenarios.credit.prepayment`, once with the late contract offered at every node of date
1, once only where the paper offers it. What differs is liquidity, nothing else. After Iraola and
Torres-Martinez (SDT 364, 2012), sections 1 and 3.
"""

from __future__ import annotations

from markets.refused import Refused
from scenarios.credit import LIQUIDITY_CONTRACTION
from scenarios.credit.credit_tree import CreditScenario
from scenarios.credit.members import Entry
from scenarios.credit.page import CONTRACTION_PAGE
from scenarios.credit.parameters import CreditTree, economy_part, inertia_parameter
from scenarios.credit.prepayment import BRISK, HOUSEHOLDS, MORTGAGE, NODES, late_credit
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.reading import read
from simulator.parameters import about


class LiquidityContraction(CreditTree):
    """Parameters of the scenario ``liquidity-contraction``."""

    inertia: float = inertia_parameter(BRISK)
    credit_at: list[list[str]] = about(
        "for each case the nodes of date 1 at which contracts are issued; at the others credit has"
        " dried up",
        allowed="a list of lists of nodes of date 1",
        default=[["u", "m", "d"], ["m"]],
        min_length=1,
    )
    nodes: list[Entry] = economy_part("nodes", NODES)
    contracts: list[Entry] = economy_part(
        "contracts", [MORTGAGE, *(late_credit(node) for node in ("u", "m", "d"))]
    )
    households: list[Entry] = economy_part("households", HOUSEHOLDS)

    def cases(self, households: list[Entry]) -> dict[str, CreditEconomy]:
        """One economy for each list of nodes with credit."""
        whole = read(self.goods, self.nodes, self.contracts, households)
        economies = {}
        for number, nodes in enumerate(self.credit_at):
            for node in nodes:
                if node not in whole.tree.middle:
                    raise Refused(
                        f'credit_at[{number}] names "{node}"; nodes of date 1 are'
                        f" {', '.join(whole.tree.middle)}"
                    )
            offered = [
                entry
                for entry, contract in zip(self.contracts, whole.contracts, strict=True)
                if contract.issued_at in (whole.tree.root, *nodes)
            ]
            case = f"credit at {', '.join(nodes)}" if nodes else "no credit at date 1"
            economies[case] = read(self.goods, self.nodes, offered, households)
        return economies


class LiquidityContractionScenario(CreditScenario):
    """The scenario ``liquidity-contraction``."""

    title = LIQUIDITY_CONTRACTION
    parameters = LiquidityContraction
    page = CONTRACTION_PAGE


SCENARIO = LiquidityContractionScenario()
