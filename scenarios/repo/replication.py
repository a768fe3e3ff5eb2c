"""The slides, claim by claim: numbers, propositions, figures and tables, and the runs of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from agents.beliefs import Beliefs
from scenarios.repo import MARGIN_HIKE
from scenarios.repo import closed_form as theory
from scenarios.repo.economy import MarginHike, number
from scenarios.repo.episodes.episodes import (
    REPORTED_MOVES,
    ROUNDING_PERCENTAGE_POINTS,
    Episode,
    ReportedMove,
    episodes,
    is_supported,
    recomputed_moves,
)
from scenarios.repo.errata import ERRATA
from scenarios.repo.margin_hike import SCENARIO
from scenarios.repo.published import AMPLE_INCOME, AT_REST, CASES, SLIDES
from simulator.parameters import parse
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by
from simulator.run import Run

TRADERS = 1000
"""Rows of the table of traders of a continuum."""

PERCENT = 1e-4 * 100.0
"""Percentage points: half a unit of the second decimal of a printed change, and what yields of
three decimals leave open."""

SLOPES = [0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035]
"""Haircuts of regime I in both markets."""


def solved(given: MarginHike, haircut: float) -> theory.ClosedForm:
    """The continuum's equilibrium at a haircut, from the equations."""
    beliefs = Beliefs(given.beliefs)
    up, down = given.incomes
    return theory.solve(
        haircut=haircut, low_payoff=given.low_payoff, high_payoff=given.high_payoff,
        cash=number(given.cash), securities=number(given.securities), income_up=number(up),
        income_down=number(down), cdf=beliefs.below,
        quantile=lambda share: float(beliefs.quantile(np.array([share]))[0]), reuse=given.reuse,
    )  # fmt: skip


def equilibrium(row: Published) -> Measured:
    """One haircut: the run, and the equations with the incomes needed."""
    run = _run(row, traders=TRADERS, studies=False)
    told, given = told_by(run), run.parameters
    haircut = given.haircuts[0]
    found = solved(given, haircut)
    needed = theory.income_needed(
        found, haircut=haircut, low_payoff=given.low_payoff, high_payoff=given.high_payoff,
        cash=number(given.cash), securities=number(given.securities),
    )  # fmt: skip
    quantile = Beliefs(given.beliefs).quantile
    long, short = quantile(np.array([found.marginal_long, found.marginal_short]))
    equations = {
        "security_price": found.security_price,
        "repo_rate": found.repo_rate,
        "marginal_belief_long": float(long),
        "marginal_belief_short": float(short),
        "marginal_short": found.marginal_short,
        "regime": found.regime,
        "need_up": needed.income_up,
        "need_down": needed.income_down,
    }
    regime = str(told.simulated["regime"]).partition(":")[0]
    return Measured({**told.simulated, "regime": regime}, equations, told.certified)


def _run(row: Published, **more: Any) -> Run[MarginHike]:
    return SCENARIO.run(**{"traders": 400, **row.parameters, **more})


def slope(row: Published) -> Measured:
    """Prices over haircuts, and which market it is."""
    run = _run(row, studies=False)
    moves = np.diff(run.dates["security_price"])
    rises, falls = bool(np.all(moves > 0.0)), bool(np.all(moves < 0.0))
    told = told_by(run, price_rises_with_the_haircut=rises, price_falls_with_the_haircut=falls)
    return Measured(told.simulated, {}, told.certified)


def peak(row: Published) -> Measured:
    """The highest price of the short market: by the equations, and a run at that haircut."""
    given = parse(MarginHike, row.parameters)
    best = minimize_scalar(
        lambda h: -solved(given, 1.0 - h).security_price,
        bounds=(0.80, 0.95), method="bounded", options={"xatol": 1e-8},
    )  # fmt: skip
    around = [1.0 - float(best.x) + by for by in (-0.01, 0.0, 0.01)]
    run = _run(row, haircuts=around, studies=False, population="continuum")
    before, at, after = run.dates["security_price"]
    simulated = {"security_price": at, "highest": bool(before < at > after)}
    equations = {"loan_to_value": float(best.x), "security_price": -float(best.fun)}
    return Measured(simulated, equations, run.certificate.holds)


def sufficient_income(row: Published) -> Measured:
    """The income of a caption: by the right bound, and the margin is what constrains the shorts."""
    run = _run(row, studies=False, population="continuum")
    given = run.parameters
    h, low, high = 1.0 - given.haircuts[0], given.low_payoff, given.high_payoff
    bound = (1.0 + low) * (high - (2.0 - h) * low) / (low * (1.0 - h))
    told = told_by(run)
    return Measured(told.simulated, {"sufficient_income": bound}, told.certified)


def multipliers(row: Published) -> Measured:
    """The slides' formulas of the shadow values, against those of the run's traders."""
    run = _run(row, studies=False, population="continuum")
    q, h, table = run.equilibrium["security_price"], 1.0 - run.parameters.haircuts[0], run.agents
    low, high = run.parameters.low_payoff, run.parameters.high_payoff
    mean = low * table["belief"] + high * (1.0 - table["belief"])
    longs, shorts = table["security"] > 0.0, table["security"] < 0.0
    cash = (q - mean) / (q * (1.0 - h))
    wanted = {
        "solvency_up_multiplier": ((mean - q) / (q - low)).where(longs, 0.0),
        "cash_multiplier": cash.where(shorts, 0.0),
        "box_multiplier": (q * (2.0 - h) * cash).where(shorts, 0.0),
        "borrowing_multiplier": (2.0 * q * (1.0 - h) * cash).where(shorts, 0.0),
        "lending_multiplier": 0.0 * cash,
        "solvency_down_multiplier": 0.0 * cash,
    }
    errors = {
        f"error of {name}": float((table[name] - value).abs().max())
        for name, value in wanted.items()
    }
    return Measured(errors, {}, run.certificate.holds)


def isoleverage(row: Published) -> Measured:
    """The figure of a market: where isoleverage lines cross the dashed line, inside the box."""
    run = _run(row, population="continuum")
    given, lines = run.parameters, run.studies["isoleverage"]
    crossings, boxed = [], []
    for haircut in given.haircuts:
        line = lines[(lines["market"] == given.market) & (lines["haircut"] == haircut)]
        spread = given.high_payoff - given.low_payoff
        dashed = given.high_payoff - line["marginal_belief"] * spread
        gap = (line["security_price"] - dashed).to_numpy()
        place = int(np.flatnonzero(np.diff(np.sign(gap)))[0])
        share = gap[place] / (gap[place] - gap[place + 1])
        ends = line["security_price"].to_numpy()[place : place + 2]
        crossings.append(float(ends[0] + share * (ends[1] - ends[0])))
        boxed.append(bool(line["box_slack"].to_numpy()[place : place + 2].max() >= 0.0))
    rests = run.dates["security_price"].to_numpy()
    told = {
        "price at the crossing": crossings,
        "crossings inside the box": all(boxed),
        "largest distance of a resting point from its crossing": float(
            np.abs(rests - crossings).max()
        ),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "isoleverage"))


def net_trades(row: Published) -> Measured:
    """Figures (a) and (b): net trades at two haircuts, and the marginal belief by their ratio."""
    run = _run(row, studies=False, traders=10_000)
    sizes = [
        (part["security"].max(), -part["security"].min()) for _, part in run.agents.groupby("date")
    ]
    (long, short), (long_after, short_after) = sizes
    dates = run.dates
    gap = (dates["marginal_from_net_trades"] - dates["marginal_long"]).abs().max()
    told = {
        "marginal_from_net_trades": dates["marginal_from_net_trades"].tolist(),
        "marginal belief by the ratio less by count": float(gap),
        "both sides hold less at the higher haircut": bool(long_after < long < short > short_after),
        "shorts reduce more than longs": bool(short_after / short < long_after / long),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "positions_by_belief"))


def price_by_haircut(row: Published) -> Measured:
    """The figure of q against h in a long market."""
    run = _run(row, population="continuum")
    prices = run.dates["security_price"].to_numpy()
    special = run.dates["repo_rate"].to_numpy() < 0.0
    grid = run.studies["closed_form_by_haircut"]
    first = grid[(grid["market"] == "long") & (grid["regime"] == "I")]
    told = {
        "price falls with the haircut while the rate is zero": bool(
            np.all(np.diff(prices[~special]) < 0.0)
        ),
        "rate is below zero at the last haircut": bool(special[-1]),
        "price at the last haircut lies above the one before": bool(prices[-1] > prices[-2]),
    }
    least = {"least loan-to-value ratio": float(first["loan_to_value"].min())}
    return Measured(told, least, run.certificate.holds, drawing(run, "price_against_haircut"))


def yield_changes(row: Published) -> Measured:
    """Changes of an episode's yields from one close to the next, from the yields."""
    (episode,) = (each for each in episodes() if each.name == row.case)
    yields = episode.days["yield"].to_numpy(dtype=np.float64)
    changes = 100.0 * (yields[1:] / yields[:-1] - 1.0)
    return Measured(closed_form={"change in percent": changes.tolist()})


def stated_move(row: Published) -> Measured:
    """A move that the text states, from the closes of its table."""
    (move,) = (each for each in REPORTED_MOVES if each.statement == row.case)
    return Measured(closed_form={"change in percent": recomputed_moves(move)})


def _printed_changes(episode: Episode) -> Published:
    table = episode.days
    yields = table["yield"].to_numpy(dtype=np.float64)
    open_by_yields = 100.0 * 0.0005 * (1.0 / yields[:-1] + yields[1:] / yields[:-1] ** 2)
    return Published(
        episode.name, "euro-crisis", SLIDES, f"table of {episode.country}",
        expected={"change in percent": tuple(table["change_printed"].iloc[1:].astype(float))},
        tolerance=float(0.005 + open_by_yields.max()), kind="printed",
        errata=(7,) if bool(table["yield_corrected"].any()) else (),
    )  # fmt: skip


def _stated(move: ReportedMove) -> Published:
    return Published(
        move.statement, "euro-crisis", SLIDES, "text before the tables",
        expected={"change in percent": move.stated_percent}, tolerance=ROUNDING_PERCENTAGE_POINTS,
        kind="printed",
    )  # fmt: skip


def _not_stated(move: ReportedMove) -> LeftOut:
    computed = ", ".join(f"{change:.2f}%" for change in recomputed_moves(move))
    return LeftOut(
        "text before the tables", move.statement,
        f"the slides' own table gives {computed}. {move.remark}",
    )  # fmt: skip


def _proposition(case: str, place: str, expected: dict[str, object], **more: Any) -> Published:
    return Published(
        case, MARGIN_HIKE.name, SLIDES, place, expected=expected,
        **{"kind": "proposition", "at_rest": AT_REST, **more},
    )  # fmt: skip


_SHORT, _LONG = ({"market": market} for market in ("short", "long"))
_TWO = [0.01, 0.03]
_AMPLE = {"income_up": AMPLE_INCOME, "income_down": AMPLE_INCOME, "reuse": False}

CLAIMS: tuple[Claim, ...] = (
    Claim(
        _proposition(
            "collateral that is not reused", "Summary, first point",
            {"price_falls_with_the_haircut": True, "verdict": "long"},
            parameters={**_AMPLE, "haircuts": SLOPES},
        ),
        slope,
    ),
    *claims(yield_changes, map(_printed_changes, episodes())),
    *claims(stated_move, (_stated(move) for move in REPORTED_MOVES if is_supported(move))),
    Claim(
        _proposition(
            "both sides fully levered at a haircut of 30%",
            "Both parties cannot be fully leveraged",
            {"longs_constrained_by": "margin", "shorts_constrained_by": "margin"},
            parameters={**_SHORT, "haircuts": [0.3]}, errata=(4,),
        ),
        slope,
    ),
    *(
        Claim(
            _proposition(
                f"{market} market", "Propositions on the security price and leverage",
                {f"price_{way}_with_the_haircut": True, "verdict": market},
                parameters={"market": market, "haircuts": SLOPES}, errata=(6,),
            ),
            slope,
        )
        for market, way in (("short", "rises"), ("long", "falls"))
    ),
    Claim(
        _proposition(
            "short market, where the price peaks", "Propositions, beyond a repo rate of zero",
            {"loan_to_value": 0.87847, "security_price": 1.39618723, "highest": True},
            parameters={"income_up": 0.0, "income_down": AMPLE_INCOME}, errata=(6,),
            tolerance=5e-9, looser={"loan_to_value": 1e-5},
        ),
        peak,
    ),
    *(
        Claim(
            _proposition(
                f"shadow values, haircut {haircut:.0%}", "First order conditions, short market",
                {
                    f"error of {name}_multiplier": 0.0
                    for name in ("solvency_up", "cash", "box", "borrowing", "lending",
                                 "solvency_down")
                },
                parameters={**_SHORT, "haircuts": [haircut]},
            ),
            multipliers,
        )
        for haircut in _TWO
    ),
    Claim(
        _proposition(
            "isoleverage lines of the short market", "figure, impact of leverage, short market",
            {
                "price at the crossing": (0.754, 0.789),
                "crossings inside the box": True,
                "largest distance of a resting point from its crossing": 0.0,
            },
            parameters={**_SHORT, "haircuts": _TWO}, kind="figure", tolerance=5e-4,
        ),
        isoleverage,
    ),
    *(
        Claim(
            _proposition(
                f"sufficient income, haircut {haircut:.0%}",
                f"caption of the figure for a haircut of {haircut:.0%}",
                {"sufficient_income": income, "shorts_constrained_by": "margin"},
                parameters={"income_up": 0.0, "income_down": income, "haircuts": [haircut]},
                kind="printed", tolerance=0.05, errata=(1,),
            ),
            sufficient_income,
        )
        for haircut, income in ((0.01, 107.6), (0.03, 34.7))
    ),
    *claims(equilibrium, CASES),
    Claim(
        _proposition(
            "net trades at haircuts of 1% and 3%", "figures (a) and (b)",
            {
                "marginal_from_net_trades": (0.881, 0.801),
                "marginal belief by the ratio less by count": 0.0,
                "both sides hold less at the higher haircut": True,
                "shorts reduce more than longs": True,
            },
            parameters={**_SHORT, "haircuts": _TWO}, kind="figure", tolerance=5e-4,
            looser={"marginal belief by the ratio less by count": 1e-8},
        ),
        net_trades,
    ),
    Claim(
        _proposition(
            "isoleverage lines of the long market", "figure, impact of leverage, long market",
            {
                "crossings inside the box": True,
                "largest distance of a resting point from its crossing": 0.0,
            },
            parameters={**_LONG, "haircuts": _TWO}, kind="figure", tolerance=5e-4,
        ),
        isoleverage,
    ),
    Claim(
        _proposition(
            "q against h, long market", "figure, q vs. h, long market",
            {
                "price falls with the haircut while the rate is zero": True,
                "rate is below zero at the last haircut": True,
                "price at the last haircut lies above the one before": True,
                "least loan-to-value ratio": 0.961874990832,
            },
            parameters={**_LONG, "haircuts": [0.005, 0.01, 0.02, 0.03, 0.038, 0.05]},
            kind="figure", errata=(3,), tolerance=2e-9,
        ),
        price_by_haircut,
    ),
)  # fmt: skip

PAPERS = (
    Paper(
        "bottazzi-pascoa-ramirez",
        SLIDES,
        CLAIMS,
        ERRATA,
        (
            LeftOut(
                "figures of haircuts and yield spreads",
                "spreads of Irish, Italian and Spanish bonds over German ones",
                "the slides print no numbers of them, and the data are not ours to give",
            ),
            *(_not_stated(move) for move in REPORTED_MOVES if not is_supported(move)),
            LeftOut(
                "Intuition for a short market", "a drawing", "it shows no numbers or features",
            ),
            LeftOut(
                "Other related work", "bankruptcy, Ponzi schemes and bubbles in repo",
                "results of other papers, which the slides only tell of",
            ),
        ),
    ),
)  # fmt: skip
