"""Loss and margin spirals and one pool of funding, claim by claim."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.funding import funding_contagion, margin_spiral
from scenarios.funding.backtest import kupiec
from scenarios.funding.closed_form import Spiral
from scenarios.funding.errata import ERRATA
from scenarios.funding.margin_spiral import MarginSpiral
from scenarios.funding.published import (
    AT_REST,
    BRUNNERMEIER_PEDERSEN,
    CASES,
    CITATION,
    CONTAGION,
    FRAGILE,
    KUPIEC,
    KUPIEC_1995,
    SAME_STATE,
    SIDED,
)
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by
from simulator.run import Run
from simulator.scenario import Scenario

SCENARIOS: dict[str, Scenario[Any]] = {
    scenario.name: scenario for scenario in (margin_spiral.SCENARIO, funding_contagion.SCENARIO)
}

STEP = 1e-4
"""Cash by which wealth is moved up and down to measure a slope."""


def spiral_of(parameters: MarginSpiral) -> Spiral:
    """The market of one asset that parameters describe, as the closed form knows it."""
    market = parameters.market(parameters.traders(np.random.default_rng(0)), 0, 0)
    assert market is not None
    return market[0]


def _run(row: Published, **more: Any) -> Run[Any]:
    return SCENARIOS[row.scenario].run(**{**row.parameters, **more})


def equilibrium(row: Published) -> Measured:
    """One asset: the run, and the equations where the market has one equilibrium."""
    run = _run(row)
    parts: Any = run.details[0]["amplification"]
    (root,) = spiral_of(run.parameters).equilibria(run.parameters.experts_wealth[0])
    equations = {
        "security_price": root.price,
        "experts_position": root.position,
        "margin": root.margin,
        "amplification": spiral_of(run.parameters).amplification(root.price).total,
    }
    told = told_by(run, amplification=parts["total"])
    return Measured(told.simulated, equations, told.certified)


def pool(row: Published) -> Measured:
    """Several assets of one pool."""
    return told_by(_run(row))


def slopes(row: Published) -> Measured:
    """Slopes of the price by wealth at one state, by clearing markets again beside it.

    Margins that rest, and wealth that rests, are switched on one after the other.
    """
    run = _run(row)
    state = run.parameters
    price, margin = run.equilibrium["security_price"], float(run.dates["margin"].iloc[0])
    wealth = state.experts_wealth[0]
    markets: tuple[dict[str, Any], ...] = (
        {"margin_base": margin, "margin_slope": 0.0, "experts_endowment": 0.0},
        {"margin_base": margin, "margin_slope": 0.0},
        {},
    )
    measured, certified = [], run.certificate.holds
    for market, cash in zip(
        markets, (wealth + state.experts_endowment * price, wealth, wealth), strict=True
    ):
        up, down = (_run(row, **market, experts_wealth=[cash + by]) for by in (STEP, -STEP))
        ends = [end.equilibrium["security_price"] for end in (up, down)]
        measured.append((ends[0] - ends[1]) / (2.0 * STEP))
        certified = certified and up.certificate.holds and down.certificate.holds
    parts = spiral_of(state).amplification(price)
    told = {
        "dq/deta: no spiral, losses, losses and margins": measured,
        "each spiral amplifies": bool(measured[0] < measured[1] < measured[2]),
    }
    equations = {
        "dq/deta: no spiral, losses, losses and margins": np.cumsum(
            [parts.direct, parts.loss, parts.margin]
        )
    }
    return Measured(told, equations, certified)


def fragile(row: Published) -> Measured:
    """The jump of the price as wealth falls, and its way back: hysteresis."""
    run = _run(row)
    market = spiral_of(MarginSpiral.model_validate(row.parameters))
    way = list(zip(run.dates["experts_wealth"], run.dates["security_price"], strict=True))
    turn = int(np.argmin([cash for cash, _ in way]))
    down, up = dict(way[: turn + 1]), dict(way[turn:])
    cash = float(row.expected["cash of the three"])  # type: ignore[arg-type]
    edge = float(row.expected["edge"])  # type: ignore[arg-type]
    first_beyond = max(c for c in down if c < edge)
    told = {
        "price after the jump": up[edge],
        "three equilibria": (down[cash], np.nan, up[cash]),
        "price falls by a jump at the edge": bool(down[edge] - down[first_beyond] > 1.0),
        "price on the way back is the lower one": bool(up[cash] < down[cash]),
        "price recovers above the fold only": bool(up[-4.1] < 10.0 - AT_REST < up[-4.0]),
    }
    roots = market.equilibria(cash)
    equations = {
        "fold": market.fold(),
        "edge": market.edge(),
        "cash of the three": cash,
        "price after the jump": min(root.price for root in market.equilibria(edge)),
        "three equilibria": [root.price for root in roots],
        "middle one is unstable": [root.stable for root in roots] == [True, False, True],
    }
    figures = drawing(run, "price_against_wealth", "amplification")
    return Measured(told, equations, run.certificate.holds, figures)


def comovement(row: Published) -> Measured:
    """A margin on one asset that rises by dates, and the prices of all."""
    run = _run(row)
    prices = run.dates[["price_stock", "price_twin", "price_other"]].to_numpy()
    told = {
        "all prices fall": bool(np.all(np.diff(prices, axis=0) < 0.0)),
        "stock and twin, of one payoff, differ by": float(prices[0, 0] - prices[0, 1]),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "contagion"))


def not_rejected(row: Published) -> Measured:
    """Ends of the region of breaches that Kupiec's test does not reject at 95% confidence."""
    periods, share = (row.parameters[name] for name in ("periods", "expected_share"))
    assert isinstance(periods, int)
    assert isinstance(share, float)
    inside = [x for x in range(periods // 2) if kupiec(x, periods, share) > 0.05]
    return Measured(closed_form={"region, ends left out": (inside[0] - 1, inside[-1] + 1)})


CLAIMS: tuple[Claim, ...] = (
    *claims(equilibrium, CASES),
    Claim(
        replace(
            CASES[-1],
            case="dq/deta at one state, by clearing the market again",
            place="section 3.2, the formula of the derivative and its second and third terms",
            expected={
                "dq/deta: no spiral, losses, losses and margins": SAME_STATE,
                "each spiral amplifies": True,
            },
            kind="proposition",
            at_rest=1e-7,
        ),
        slopes,
    ),
    Claim(FRAGILE, fragile),
    *claims(pool, CONTAGION),
    Claim(
        Published(
            "one margin rises, all prices fall", "funding-contagion", CITATION,
            "section 3.2, settings with several assets",
            expected={"all prices fall": True, "stock and twin, of one payoff, differ by": 0.24},
            tolerance=AT_REST, kind="proposition",
        ),
        comovement,
    ),
)  # fmt: skip

PAPERS = (
    Paper(
        "brunnermeier-eisenbach-sannikov",
        CITATION,
        CLAIMS,
        ERRATA,
        (
            LeftOut(
                "section 3.2, first sentence", "volatility falls after a negative shock",
                "it is of another model of the survey, which the excerpt at hand does not contain",
            ),
            LeftOut(
                "section 3.2, collateral runs", "runs in asset-backed paper and repo in 2008",
                "a reading of events, without numbers",
            ),
            LeftOut(
                "section 3.3", "collateral equilibrium", "see the paper geanakoplos",
            ),
        ),
    ),
    Paper(
        "kupiec",
        KUPIEC_1995,
        claims(not_rejected, KUPIEC),
        (),
        (
            LeftOut(
                "all other tables", "power of the test, and other tests",
                "here only the test of the proportion of failures is used",
            ),
        ),
    ),
    Paper(
        "brunnermeier-pedersen",
        BRUNNERMEIER_PEDERSEN,
        claims(equilibrium, SIDED),
        (),
        (
            LeftOut(
                "all other results", "liquidity and fragility over three dates",
                "here are only its margins on long and on short positions, in the market of the"
                " survey; the rest is another model",
            ),
        ),
    ),
)  # fmt: skip
