"""Pure exchange, claim by claim."""

from __future__ import annotations

from typing import Any

import numpy as np

from markets.quote import FloatArray
from scenarios.exchange.closed_form import linear, two_goods
from scenarios.exchange.exchange import SCENARIO, Exchange
from scenarios.exchange.published import (
    ARROW_BLOCK_HURWICZ_1959,
    COBB_DOUGLAS,
    CYCLE,
    KEHOE_1991,
    MAS_COLELL,
    PRINTED,
    PUBLISHED,
    SCARF_1960,
    SUBSTITUTES,
)
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by


def _prices(row: Published) -> tuple[list[float], bool]:
    """Where rounds that start beside each equilibrium rest, and whether that is certified."""
    goods = len(parse(Exchange, row.parameters).names)
    found, certified = [], True
    for price in row.expected["price[2]"]:  # type: ignore[attr-defined]
        given: dict[str, Any] = {**row.parameters, "start": [1.0, price] + [1.0] * (goods - 2)}
        run = SCENARIO.run(**given)
        found.append(run.equilibrium["price[2]"])
        certified = certified and run.certificate.holds
    return found, certified


def equilibria(row: Published) -> Measured:
    """Every equilibrium that is published, from a start beside it; all of them by the equations."""
    found, certified = _prices(row)
    primitives = parse(Exchange, row.parameters).primitives()
    equations: dict[str, object] = {}
    if primitives is not None and len(found) > 1:
        roots = two_goods(primitives, 1.0)
        equations = {
            "price[2]": roots["price"].tolist(),
            "stable under the textbook rule": roots["textbook_rule"].eq("stable").tolist(),
        }
    return Measured({"price[2]": found}, equations, certified)


def on_the_simplex(row: Published) -> Measured:
    """The equilibria as prices that add up to one."""
    [published] = [case for case in PUBLISHED if case.case == row.case]
    found, certified = _prices(published)
    prices = np.array(found)
    return Measured({"price of the second good": prices / (1.0 + prices)}, {}, certified)


def one_equilibrium(row: Published) -> Measured:
    """The rounds from the default start, and the linear system of Cobb-Douglas prices."""
    run = SCENARIO.run(**dict[str, Any](row.parameters))
    primitives = run.parameters.primitives()
    assert primitives is not None
    prices = linear(primitives)
    assert prices is not None
    told = told_by(run)
    return Measured(told.simulated, {"price[2]": prices[1]}, told.certified)


def orbit(row: Published) -> Measured:
    """The textbook rule in Scarf's economy: quotes go around the equilibrium and never rest."""
    run = SCENARIO.run(**dict[str, Any](row.parameters))
    prices: FloatArray = run.rounds[["price[2]", "price[3]"]].to_numpy(dtype=np.float64)
    logs = np.log(prices)
    turned = np.unwrap(np.arctan2(logs[:, 1], logs[:, 0]))
    radius = np.hypot(logs[:, 0], logs[:, 1])
    half = len(radius) // 2
    told = {
        "rounds come to rest": run.outcome is Outcome.CLEARED,
        "turns around the equilibrium, at least one": bool(
            abs(turned[-1] - turned[0]) > 2.0 * np.pi
        ),
        "comes nearer to the equilibrium": bool(radius[half:].min() < 0.9 * radius[:half].min()),
        "certified": run.certificate.holds,
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "quotes_by_round"))


def from_anywhere(row: Published) -> Measured:
    """Rounds of the textbook rule from far starts, where all goods are gross substitutes."""
    ends, certified = [], True
    for start in ([1.0, 0.05, 20.0], [1.0, 20.0, 0.05], [1.0, 7.0, 9.0]):
        run = SCENARIO.run(**dict[str, Any](row.parameters), start=start)
        ends.append([run.equilibrium["price[2]"], run.equilibrium["price[3]"]])
        certified = certified and run.certificate.holds
    spread = np.ptp(np.array(ends), axis=0)
    return Measured({"spread of prices over starts": float(np.max(spread))}, {}, certified)


PAPERS = (
    Paper(
        "scarf",
        SCARF_1960,
        (
            *claims(equilibria, (row for row in PUBLISHED if row.citation == SCARF_1960)),
            Claim(CYCLE, orbit),
        ),
        (),
        (
            LeftOut(
                "later sections", "other examples, and the global stability of some",
                "the first example is the one that is cited; the others are other economies",
            ),
        ),
    ),
    Paper(
        "kehoe",
        KEHOE_1991,
        (
            *claims(equilibria, (row for row in PUBLISHED if row.citation == KEHOE_1991)),
            Claim(PRINTED, on_the_simplex),
        ),
        (),
        (
            LeftOut(
                "all other sections", "index theorem, genericity, production, overlapping"
                " generations", "proofs, and other economies",
            ),
        ),
    ),
    Paper(
        "mas-colell-whinston-green",
        MAS_COLELL,
        (Claim(COBB_DOUGLAS, one_equilibrium),),
        (),
        (
            LeftOut("all other examples", "the rest of the textbook", "here only example 15.B.1"),
        ),
    ),
    Paper("arrow-block-hurwicz", ARROW_BLOCK_HURWICZ_1959, (Claim(SUBSTITUTES, from_anywhere),)),
)  # fmt: skip
