"""The leverage cycle, claim by claim."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.leverage import LEVERAGE_CYCLE, SOURCE
from scenarios.leverage.errata import ERRATA
from scenarios.leverage.figures import PARTS
from scenarios.leverage.leverage_cycle import SCENARIO
from scenarios.leverage.published import CASES, EXAMPLE
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by


def equilibrium(row: Published) -> Measured:
    """Prices, marginal buyers, margins and leverage at the first date, after no news."""
    return told_by(SCENARIO.run(**dict[str, Any](row.parameters), news=[]))


def crash(row: Published) -> Measured:
    """The fall of the price after bad news, and its parts."""
    run = SCENARIO.run()
    report = SCENARIO.report(run)
    assert report is not None
    rows = {str(row["case"]): row for row in report.to_dict("records")}
    fall = [float(rows[case]["fall"]) for case in ("none", "capped", "chosen")]
    prices = run.dates[run.dates["date"] == 1].set_index("case")["asset_price"]
    first = [float(prices[case]) for case in ("none", "capped", "chosen")]
    belief = np.linspace(0.0, 1.0, 1001)
    before, after = (1.0 - (1.0 - belief) ** k * 0.8 for k in (2, 1))  # expected payoffs
    told = {
        "bad news, ruined optimists and tighter margins each lower the price": bool(
            min(float(rows["chosen"][part[0]]) for part in PARTS) > 0.0
        ),
        "the price falls by more than anybody's expected payoff": bool(
            fall[-1] > np.max(before - after)
        ),
        "leverage raises the first price": first[0] < first[1] < first[2],
        "leverage deepens the crash": fall[0] < fall[1] < fall[2],
        "nobody gains by another loan on the menu": all(
            each["optimality"].holds for each in run.certificates
        ),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "cycle", "crash"))


STATEMENTS = Published(
    "bad news at date 1", LEVERAGE_CYCLE.name, SOURCE, f"{EXAMPLE}, why the crash",
    expected={
        "bad news, ruined optimists and tighter margins each lower the price": True,
        "the price falls by more than anybody's expected payoff": True,
        "leverage raises the first price": True,
        "leverage deepens the crash": True,
        "nobody gains by another loan on the menu": True,
    },
    kind="proposition",
)  # fmt: skip

PAPERS = (
    Paper(
        "geanakoplos-2010",
        SOURCE,
        (*claims(equilibrium, CASES), Claim(STATEMENTS, crash)),
        ERRATA,
        (
            LeftOut(
                "all other sections", "other models, evidence on margins, what policy should do",
                "here is the example with one asset and finitely many dates of news",
            ),
        ),
    ),
)  # fmt: skip
