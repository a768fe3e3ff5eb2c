"""The scenarios by name, loaded only when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from markets.refused import Refused
from scenarios import bankruptcy, credit, exchange, funding, pledge, promises, repo
from simulator.names import unknown
from simulator.title import Title

if TYPE_CHECKING:
    from simulator.scenario import Scenario

TITLES: dict[str, Title] = {
    title.name: title
    for title in (
        repo.MARGIN_HIKE,
        repo.EURO_CRISIS,
        credit.PREPAYMENT,
        credit.LIQUIDITY_CONTRACTION,
        credit.HOUSING,
        credit.CREDIT_TREE,
        pledge.PLEDGEABILITY,
        pledge.PLEDGEABLE_SECURITIES,
        bankruptcy.BANKRUPTCY,
        bankruptcy.BANKRUPTCY_CAPM,
        funding.MARGIN_SPIRAL,
        funding.FUNDING_CONTAGION,
        funding.MARGIN_PROCYCLICALITY,
        promises.LEVERAGE_CYCLE,
        promises.ENDOGENOUS_LEVERAGE,
        exchange.EXCHANGE,
    )
}


def find(name: str) -> Scenario[Any]:
    """The scenario of a name.

    Raises
    ------
    Refused
        If there is none, with the nearest name.
    """
    if name not in TITLES:
        raise Refused(unknown(name, list(TITLES), "scenario"))
    scenario: Scenario[Any] = import_module(TITLES[name].module).SCENARIO
    return scenario
