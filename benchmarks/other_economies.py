"""Rounds of the other economies: time and memory per member, and SciPy's root beside them.

Run as ``python -m benchmarks.other_economies NAME MEMBERS`` it measures one size and prints JSON:
every size has a process to itself, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any

import numpy as np

from benchmarks import credit_tree
from benchmarks.report import Table
from benchmarks.scaling import apart, exponent, peak
from benchmarks.solvers import METHODS, Problem, attempt
from scenarios.bankruptcy import bankruptcy_capm
from scenarios.funding import margin_procyclicality
from scenarios.leverage import leverage_cycle
from scenarios.pledge import pledgeability
from scenarios.promises import collateral_equilibrium
from simulator.economy import Economy
from simulator.parameters import parse

MENU = [*np.linspace(0.02, 0.2, 10).round(2).tolist(), *np.linspace(0.25, 0.7, 10).tolist()]
"""Promises of the long menu, half of them safe."""

SCENARIOS: Mapping[str, Any] = {
    "collateral-equilibrium": collateral_equilibrium.SCENARIO,
    "leverage-cycle": leverage_cycle.SCENARIO,
    "pledgeability": pledgeability.SCENARIO,
    "bankruptcy-capm": bankruptcy_capm.SCENARIO,
    "margin-procyclicality": margin_procyclicality.SCENARIO,
}

NAMES = ("credit-tree", *SCENARIOS)

FEW = "margin-procyclicality"
"""Its customers and experts are few, whatever the size."""

INERTIA = "credit-tree"
"""Its orders depend on the plans held, so excess demand is no function of quotes alone."""

SCALE = {"bankruptcy-capm": 10, "credit-tree": 100}
"""How many times fewer members these have: each decides on a program of its own."""

COLUMNS = (
    "economy", "members", "quotes", "rounds", "cleared", "asked", "a round, ms",
    "a round and member, ns", "exponent", "bytes per member", "to the end, s",
    "root, s", "root asked", "root cleared",
)  # fmt: skip

TIMED = 100
"""Rounds of ``credit-tree`` that are timed: households who differ clear in its auction only."""

MOST = 1_000
"""Rounds of the others, at most."""

LARGE = 10_000
"""The scaling exponent is taken from here on, if two sizes are; below, fixed costs rule."""


def economy(name: str, members: int) -> Economy:
    """One economy before its first date, its members all different where they are many."""
    if name == INERTIA:
        return credit_tree.economy(members, alike=False, utility="log")
    scenario = SCENARIOS[name]
    case = scenario.cases(parse(scenario.parameters, given(name, members)))[0]
    made: Economy = case.build(np.random.default_rng(0))
    return made


def given(name: str, members: int) -> dict[str, Any]:
    """Parameters of an economy of so many members."""
    if name == "collateral-equilibrium":
        spread = "uniform(low=0.2, high=1.8)"
        return {
            "assets": "borrowing", "low_payoff": 0.2, "promises": MENU, "traders": members,
            "population": "individuals", "cash": spread, "asset": spread,
            "beliefs": "beta(a=2, b=3)",
        }  # fmt: skip
    if name == "leverage-cycle":
        spread = "uniform(low=0.2, high=1.8)"
        return {
            "leverage": "chosen", "payoffs": [1.0, 0.8, 0.5, 0.2], "traders": members,
            "cash": spread, "asset": spread, "beliefs": "beta(a=2, b=3)",
        }  # fmt: skip
    if name == "pledgeability":
        return {"investors": members}
    if name == "bankruptcy-capm":
        kinds = bankruptcy_capm.SCENARIO.parameters().cohorts
        each = max(members // len(kinds), 1)
        return {
            "cohorts": [{**kind.model_dump(), "members": each, "spread": 0.1} for kind in kinds]
        }
    return {"rules": ["volatility"]}


def measure(name: str, members: int) -> dict[str, float]:
    """Run the first date of an economy, and give the same excess demand to SciPy's root.

    Returns
    -------
    dict
        How many ``members`` and ``quotes``; processor seconds of the rounds (``clearing``); how
        many ``rounds``, and how often all members were ``asked``; whether the markets ``cleared``;
        MiB at the ``peak`` of the rounds; and of the root finder ``root``, its seconds, how often
        members were asked (``root_asked``), and whether what it found clears (``root_cleared``);
        not a number where it can't be asked.
    """
    made = economy(name, members)
    made.open()
    most = TIMED if name == INERTIA else MOST
    start = process_time()
    while made.running and made.round < most:
        made.step()
    found = {
        "members": made.members,
        "quotes": len(made.quotes),
        "clearing": process_time() - start,
        "rounds": made.round,
        "asked": made.evaluations,
        "cleared": float(not made.running),
        "peak": peak(),
        "root": np.nan,
        "root_asked": np.nan,
        "root_cleared": np.nan,
    }
    made.close()
    if name != INERTIA:
        problem = Problem.of(economy(name, members))
        start = process_time()
        tried = attempt(METHODS["root, hybr"], problem)
        found["root"] = process_time() - start
        found["root_asked"], found["root_cleared"] = tried.evaluations, tried.true
    return found


def table(sizes: Sequence[int]) -> Table:
    """Measure all economies at all sizes, each in a fresh process; a row shows the largest."""
    result = Table(
        "other_economies",
        "Rounds of the other economies, and SciPy's root on the same excess demand",
        COLUMNS,
    )
    for name in NAMES:
        own = sizes[-1:] if name == FEW else [size // SCALE.get(name, 1) for size in sizes]
        found = [apart("benchmarks.other_economies", name, str(members)) for members in own]
        result.rows.append(row(name, found))
    result.notes += [
        "Processor seconds. The exponent is that of the time of one answer of all members: a rule"
        " that measures depth by differences asks them several times in a round. Bytes are those of"
        " peak memory, from the smallest to the largest size.",
        f"collateral-equilibrium has {len(MENU)} promises, and traders who differ in all.",
        "leverage-cycle has three dates of news, so seven markets, and traders who differ in all.",
        f"{INERTIA}: the first {TIMED} rounds. Orders depend on the plans held, so no root finder"
        " can be given its excess demand; nor is it a linear or quadratic program.",
        f"{FEW} has few traders whatever the size: fixed costs are all there is.",
        "Decisions of members given to HiGHS and IPOPT are in the next table.",
    ]
    return result


def row(name: str, found: Sequence[Mapping[str, float]]) -> list[str | int | float]:
    """The row of an economy that was measured at some sizes, in rising order."""
    first, last = found[0], found[-1]
    times = [(one["members"], one["clearing"] / one["asked"]) for one in found]
    large = [time for time in times if time[0] >= LARGE]
    times = large if len(large) > 1 else times
    more = last["members"] - first["members"]
    per_round = last["clearing"] / last["rounds"]
    asked = name != INERTIA
    return [
        name,
        int(last["members"]),
        int(last["quotes"]),
        int(last["rounds"]),
        _yes(last["cleared"]),
        int(last["asked"]),
        1e3 * per_round,
        1e9 * per_round / last["members"],
        exponent(times) if more else "none",
        2**20 * (last["peak"] - first["peak"]) / more if more else "none",
        last["clearing"],
        last["root"] if asked else "none",
        int(last["root_asked"]) if asked else "none",
        _yes(last["root_cleared"]) if asked else "none",
    ]


def _yes(flag: float) -> str:
    return "yes" if flag else "no"


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
