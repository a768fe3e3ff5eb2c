"""Collateral equilibrium, claim by claim."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.promises import COLLATERAL_EQUILIBRIUM, ENDOGENOUS_LEVERAGE, SOURCE
from scenarios.promises import endogenous_leverage as states
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.published import CASES, FOSTEL_GEANAKOPLOS, ROUNDING
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by
from simulator.run import Run


def equilibrium(row: Published) -> Measured:
    """A market of one kind of promises; equations are those of the continuum."""
    told = told_by(SCENARIO.run(**dict[str, Any](row.parameters)))
    return told if "traders" not in row.parameters else replace(told, closed_form={})


def _traded(run: Run[Any]) -> dict[str, float]:
    table = run.tables["instruments"].set_index("instrument")["traded"].drop("asset")
    return {str(name): float(value) for name, value in table.items()}


def chosen_margin(row: Published) -> Measured:
    """Several loans side by side: which are traded, and whether risky ones change the price."""
    given = dict[str, Any](row.parameters)
    run, safe = SCENARIO.run(**given), SCENARIO.run(**{**given, "promises": [0.2]})
    volume = _traded(run)
    told = told_by(
        run,
        **{
            "largest safe loan is traded": volume["loan_0.2"] > 1.0,
            "another loan is traded": any(
                amount > 1e-3 * volume["loan_0.2"]
                for name, amount in volume.items()
                if name != "loan_0.2"
            ),
            "price less that with the safe loan only": run.equilibrium["asset_price"]
            - safe.equilibrium["asset_price"],
        },
    )
    return Measured(told.simulated, {}, run.certificate.holds and safe.certificate.holds)


def cycle(row: Published) -> Measured:
    """Four markets over three dates of news: prices and margins."""
    run = SCENARIO.run(**dict[str, Any](row.parameters))
    prices = run.dates.pivot_table(index="date", columns="case", values="asset_price")
    margins = run.dates.pivot_table(index="date", columns="case", values="margin")
    fall = prices.iloc[0] - prices.iloc[1]
    first = prices.iloc[0]
    told = {
        "margin rises with worse news": bool(
            (margins.iloc[1] > margins.iloc[0]).drop("none").all()
        ),
        "price falls more with borrowing than without": bool(fall["borrowing"] > fall["none"]),
        "borrowing and tranching raise the price": bool(
            first["none"] < first["borrowing"] < first["tranching"]
        ),
        "default swaps lower the price below that without borrowing": bool(
            first["default-swaps"] < first["none"]
        ),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "margin_by_date"))


def two_states(row: Published) -> Measured:
    """Loans above the largest safe one change no price where there are two states."""
    rng = np.random.default_rng(0)
    drawn: dict[str, Any] = {
        "payoffs": [1.0, 0.2],
        "beliefs": rng.uniform(0.05, 0.95, 12).tolist(),
        "cash": rng.uniform(0.0, 2.0, 12).tolist(),
        "asset": rng.uniform(0.0, 2.0, 12).tolist(),
    }
    loans = [{"name": f"loan_{amount:g}", "owed": amount} for amount in (0.2, 0.3, 0.5, 0.8)]
    many = states.SCENARIO.run(promises=loans, **drawn)
    safe = states.SCENARIO.run(promises=loans[:1], **drawn)
    gap = many.equilibrium["asset_price"] - safe.equilibrium["asset_price"]
    certified = many.certificate.holds and safe.certificate.holds
    return Measured({"price less that with the safe loan only": gap}, {}, certified)


def three_states(row: Published) -> Measured:
    """Default in equilibrium where there are three states."""
    run = states.SCENARIO.run(**dict[str, Any](row.parameters))
    volume = _traded(run)
    told = {
        "some promises are not kept": bool(run.dates["default"].iloc[0] > 0.5),
        "two risky loans are traded side by side": bool(
            volume["loan_0.4"] > 10.0 and volume["loan_0.6"] > 10.0
        ),
    }
    return Measured(told, {}, run.certificate.holds)


def _statement(
    case: str, place: str, parameters: dict[str, object], **expected: object
) -> Published:
    return Published(
        case, COLLATERAL_EQUILIBRIUM.name, SOURCE, place, parameters,
        {name.replace("_", " "): value for name, value in expected.items()},
        tolerance=ROUNDING, kind="proposition",
    )  # fmt: skip


def _binomial(case: str, place: str, tolerance: float, expected: dict[str, object]) -> Published:
    return Published(
        case, ENDOGENOUS_LEVERAGE.name, FOSTEL_GEANAKOPLOS, place, {}, expected,
        tolerance=tolerance, kind="proposition",
    )  # fmt: skip


CLAIMS: tuple[Claim, ...] = (
    *claims(equilibrium, CASES),
    Claim(
        _statement(
            "of many loans the largest safe one is traded",
            "section 3.3, margins are endogenous, markets endogenously incomplete",
            {"assets": "borrowing", "low_payoff": 0.2, "promises": [0.05, 0.1, 0.2, 0.3, 0.5]},
            largest_safe_loan_is_traded=True,
            another_loan_is_traded=False,
            price_less_that_with_the_safe_loan_only=0.0,
        ),
        chosen_margin,
    ),
    Claim(
        _statement(
            "worse news, and four markets",
            "after section 3.3: margins and prices as news get worse; tranches and swaps",
            {},
            margin_rises_with_worse_news=True,
            price_falls_more_with_borrowing_than_without=True,
            borrowing_and_tranching_raise_the_price=True,
            default_swaps_lower_the_price_below_that_without_borrowing=True,
        ),
        cycle,
    ),
)

PAPERS = (
    Paper(
        "geanakoplos",
        SOURCE,
        CLAIMS,
        (),
        (
            LeftOut(
                "section 3.3, several goods and assets", "collateral equilibrium in general",
                "here one durable asset and cash; trees with several goods are the scenario"
                " credit-tree",
            ),
        ),
    ),
    Paper(
        "fostel-geanakoplos",
        FOSTEL_GEANAKOPLOS,
        (
            Claim(
                _binomial(
                    "two states, twelve traders drawn", "binomial no-default theorem", 1e-9,
                    {"price less that with the safe loan only": 0.0},
                ),
                two_states,
            ),
            Claim(
                _binomial(
                    "three states", "the theorem needs two states", 1e-9,
                    {
                        "some promises are not kept": True,
                        "two risky loans are traded side by side": True,
                    },
                ),
                three_states,
            ),
        ),
        (),
        (
            LeftOut(
                "leverage refinement, and formulas of loan-to-value ratios",
                "which equilibrium has the most leverage",
                "the paper is not at hand; of equilibria with the same prices certificates do not"
                " choose one",
            ),
        ),
    ),
)  # fmt: skip
