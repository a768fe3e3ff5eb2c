"""The scenarios by name, loaded only when they are asked for."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markets.refused import Refused
from scenarios import (
    bankruptcy,
    credit,
    exchange,
    funding,
    leverage,
    pledge,
    promises,
    repo,
    waterfall,
)
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
        promises.COLLATERAL_EQUILIBRIUM,
        promises.ENDOGENOUS_LEVERAGE,
        leverage.LEVERAGE_CYCLE,
        waterfall.DEFAULT_WATERFALL,
        exchange.EXCHANGE,
    )
}


def find(name: str) -> Scenario[Any]:
    """The scenario of a name: one of walras, or one that an installed package announces.

    Raises
    ------
    Refused
        If there is none, with the nearest name.
    """
    if name in TITLES:
        scenario: Scenario[Any] = import_module(TITLES[name].module).SCENARIO
        return scenario
    from walras.own import announced, announced_scenario

    points = announced()
    if name not in points:
        known = [*TITLES, *points]
        own = "one of your own is named by its file: walras run FILE.py, or --scenario FILE.py"
        raise Refused(f"{unknown(name, known, 'scenario')}; {own}")
    return announced_scenario(points[name])


def find_or_load(what: str) -> Scenario[Any]:
    """The scenario of a name, or of a Python file, which is executed.

    Raises
    ------
    Refused
        If there is none, or the file can't be used.
    """
    if not what.endswith(".py"):
        return find(what)
    from walras.own import load

    return load(Path(what))


def titles() -> dict[str, Title]:
    """Titles of all scenarios by name; those of installed packages last, which are loaded for it.

    A package that fails to import is left out.
    """
    from walras.own import announced, announced_scenario

    known = dict(TITLES)
    for name, point in announced().items():
        with suppress(Refused):
            known.setdefault(name, announced_scenario(point).title)
    return known
