"""One answer of all members to posted quotes, beside general solvers given the same programs.

Whole economies are no linear or quadratic programs: what clears the markets is a fixed point. What
a general solver can be given is what members decide on in every round. HiGHS gets the linear and
quadratic programs, as many in a call as suit it best, IPOPT (in the wheel of CasADi) the quadratic
and the logarithmic ones in one call, its derivatives built before the clock starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import process_time
from typing import Any

import numpy as np

from agents.credit.households import Households
from benchmarks import credit_tree, economies, other_economies
from benchmarks.report import Table
from markets.quote import FloatArray
from scenarios.bankruptcy import bankruptcy_capm
from scenarios.bankruptcy.bond_scenario import state_of
from scenarios.bankruptcy.certificate import solver_gains
from scenarios.bankruptcy.program import plans_by_highs, quadratic_programs
from scenarios.credit.program import program_at
from scenarios.promises import collateral_equilibrium
from scenarios.promises.program import Program, promises_of
from scenarios.repo.holdings import Holdings
from simulator.declared import Declared
from simulator.economy import Economy
from simulator.linear_program import maximise
from simulator.parameters import parse
from simulator.point import at_rest
from simulator.run import simulate

TURNS = 3

TOGETHER = {"margin-hike": 200, "collateral-equilibrium": 1_000, "bankruptcy-capm": 50}
"""Members whose programs HiGHS gets in one call; with more or fewer it takes longer."""

SILENT: dict[str, Any] = {
    "ipopt.print_level": 0,
    "ipopt.sb": "yes",
    "ipopt.tol": 1e-10,
    "print_time": False,
}

COLUMNS = (
    "economy", "program of a member", "members", "ours, ms", "solver", "solver, ms",
    "ours is faster, times", "solver finds more, at most",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The programs of all members at some quotes.

    Attributes
    ----------
    program : str
        What kind.
    ours : callable
        Makes the economy anew, so that no answer begins at an earlier one.
    quotes : mapping
        At which members are asked.
    solvers : mapping
        Each solves all programs, and says what its answers are worth, in any form.
    more : callable
        By how much the best of these answers is better than ours, as a share of wealth; not a
        number where ours is not to be an optimum.
    """

    program: str
    ours: Callable[[], Economy]
    quotes: Mapping[str, float]
    solvers: Mapping[str, Callable[[], Any]]
    more: Callable[[Any], float]


def table(members: int) -> Table:
    """Time our answers and those of the solvers."""
    result = Table("decisions", "One answer of all members, beside general solvers", COLUMNS)
    for name, ask in ASKED.items():
        asked = ask(members)
        ours = _least([partial(answer, asked.ours(), asked.quotes) for _ in range(TURNS)])
        for solver, solve in asked.solvers.items():
            seconds = _least([solve] * TURNS)
            more = asked.more(solve())
            result.rows.append((
                name, asked.program, members, 1e3 * ours, solver, 1e3 * seconds, seconds / ours,
                more if np.isfinite(more) else "another program",
            ))  # fmt: skip
    result.notes += [
        "Processor seconds, the least of a few, from nothing known; quotes are those at which the"
        " markets clear. Our answers are totals with what the rules of the rounds need (in"
        " bankruptcy-capm derivatives too). What the solver finds more is a share of the member's"
        " wealth.",
        "credit-tree: our households answer with the plan that is best after a small cost of moving"
        " from the one that they hold, a program as large with another optimum.",
        "No solver is given a whole economy: quotes that clear all markets are a fixed point of"
        " these programs, not an optimum. pledgeability has its decisions in closed form, and"
        " margin-procyclicality has few traders.",
    ]
    return result


def answer(made: Economy, quotes: Mapping[str, float]) -> object:
    """Orders of all cohorts at given quotes."""
    coordinates = made.market.locate(quotes, made.terms)
    posted = made.market.post(coordinates, made.terms, np.full(coordinates.size, 1e-12))
    return [cohort.respond(posted) for cohort in made.cohorts]


def repo(members: int) -> Asked:
    """Linear programs of four holdings."""

    def make() -> Economy:
        return _opened(economies.economy("heterogeneous", members))

    made = make()
    made.clear()
    agents = at_rest("all", made).agents
    held = Holdings.read(
        agents,
        low_payoff=economies.SECURITY.low_payoff,
        high_payoff=economies.SECURITY.high_payoff,
        haircut=economies.HAIRCUT,
        security_price=made.quotes["security_price"],
        repo_rate=made.quotes["repo_rate"],
    )
    programs = held.programs

    def some(rows: slice) -> FloatArray:
        own = programs[rows]
        found = maximise(
            own.objective.ravel(),
            -own.rows[:4],
            -own.least[:, :4].ravel(),
            low=[0.0, -np.inf, 0.0, 0.0],
            copies=len(own),
            ways=[("primal", False)],
        )
        return own.gains(found.amounts.reshape(len(own), -1))

    def highs() -> FloatArray:
        return np.concatenate([some(rows) for rows in _parts("margin-hike", members)])

    def more(best: FloatArray) -> float:
        return float(np.max((best - programs.gains(held.portfolios)) / held.unit))

    return Asked("linear, 4 variables", make, made.quotes, {"HiGHS": highs}, more)


def promises(members: int) -> Asked:
    """Linear programs of a long menu of promises."""

    def make() -> Economy:
        return _opened(other_economies.economy("collateral-equilibrium", members))

    given = other_economies.given("collateral-equilibrium", members)
    parameters = parse(collateral_equilibrium.SCENARIO.parameters, given)
    point = simulate(collateral_equilibrium.SCENARIO, parameters, studies=False).points[0]
    menu, agents = parameters.menu(point.case, point.date), point.agents
    listed = promises_of(menu)
    prices = np.array([point.quotes[f"price_{one.name}"] for one in listed])
    price = point.quotes["asset_price"]
    program = Program.of(price, prices, np.array(menu.payoff), listed)
    belief = agents["belief"].to_numpy()
    gains = np.column_stack([belief, 1.0 - belief]) @ program.objective.T
    names = ["cash", "asset", *(f"{w}_{p.name}" for w in ("bought", "sold") for p in listed)]
    wealth = (agents["endowed_cash"] + price * agents["endowed_asset"]).to_numpy()
    own = np.sum(gains * agents[names].to_numpy(), axis=1) / wealth

    def some(rows: slice) -> FloatArray:
        own = gains[rows]
        limits = np.tile([1.0, 0.0, 0.0], len(own))
        found = maximise(own.ravel(), program.rows, limits, copies=len(own))
        return np.asarray(np.sum(own * found.amounts.reshape(own.shape), axis=1))

    def highs() -> FloatArray:
        return np.concatenate([some(rows) for rows in _parts("collateral-equilibrium", members)])

    return Asked(
        f"linear, {gains.shape[1]} variables", make, point.quotes, {"HiGHS": highs},
        lambda best: float(np.max(best / own - 1.0)),
    )  # fmt: skip


def bankruptcy(members: int) -> Asked:
    """Quadratic programs of investors."""

    def make() -> Economy:
        return _opened(other_economies.economy("bankruptcy-capm", members))

    made = make()
    made.clear()
    scenario: Declared[Any] = bankruptcy_capm.SCENARIO
    parameters = parse(scenario.parameters, other_economies.given("bankruptcy-capm", members))
    state = state_of(parameters, at_rest("all", made))
    rows = np.arange(state.members)
    model, unit = quadratic_programs(state, rows)
    columns, trades = model.lp_.num_col_ // rows.size, 2 + state.equity_prices.size

    def highs() -> FloatArray:
        parts = [rows[part] for part in _parts("bankruptcy-capm", rows.size)]
        return np.vstack([plans_by_highs(state, part) for part in parts])

    def ipopt() -> FloatArray:
        return np.asarray(solve().reshape(rows.size, columns)[:, :trades] * unit)

    solve = _quadratic(model)
    return Asked(
        f"quadratic, {columns} variables", make, made.quotes, {"HiGHS": highs, "IPOPT": ipopt},
        lambda best: float(np.max(solver_gains(state, rows, best))),
    )  # fmt: skip


def _quadratic(model: Any) -> Callable[[], FloatArray]:
    """A quadratic program of HiGHS with a diagonal Hessian, given to IPOPT."""
    import casadi
    from scipy.sparse import csc_array

    lp = model.lp_
    given = lp.a_matrix_
    rows = csc_array((given.value_, given.index_, given.start_), shape=(lp.num_row_, lp.num_col_))
    x = casadi.SX.sym("x", lp.num_col_)
    cost = casadi.dot(casadi.DM(lp.col_cost_), x)
    cost += 0.5 * casadi.dot(casadi.DM(model.hessian_.value_), x**2)
    solver = casadi.nlpsol(
        "members", "ipopt", {"x": x, "f": cost, "g": casadi.mtimes(casadi.DM(rows), x)}, SILENT
    )

    def solve() -> FloatArray:
        found = solver(
            x0=0.0, lbx=lp.col_lower_, ubx=lp.col_upper_, lbg=lp.row_lower_, ubg=lp.row_upper_
        )
        return np.asarray(found["x"], dtype=np.float64).ravel()

    return solve


def credit(members: int) -> Asked:
    """Logarithmic programs of households on a tree of dates, at the quotes of their scenario."""
    import casadi

    from scenarios.credit.credit_tree import SCENARIO

    def make() -> Economy:
        return _opened(credit_tree.economy(members, alike=False, utility="log"))

    parameters = SCENARIO.parameters()
    described = parameters.economies()["economy"]
    quotes = simulate(SCENARIO, parameters, studies=False).points[0].quotes
    program = program_at(described, quotes)
    (cohort,) = make().cohorts
    assert isinstance(cohort, Households)
    homes = [
        replace(described.households[place % len(described.households)], endowment=endowment)
        for place, endowment in enumerate(cohort.endowment.tolist())
    ]
    limits = np.array([[float(limit) for limit in program.limits(home)] for home in homes]).T
    places = [(node, good) for node in described.tree.names for good in described.tree.goods]
    eats = np.array([[float(one.get(p, 0)) for one in program.consumed.values()] for p in places])
    x = casadi.SX.sym("x", len(program.columns), members)
    weights = cohort.tastes.weights.T
    liked = casadi.DM(np.where(weights > 0.0, weights, 0.0))
    worth = casadi.dot(liked, casadi.log(casadi.mtimes(casadi.DM(eats), x)))
    rows = casadi.mtimes(casadi.sparsify(casadi.DM(program.matrix())), x)
    solver = casadi.nlpsol(
        "households", "ipopt", {"x": casadi.vec(x), "f": -worth, "g": casadi.vec(rows)}, SILENT
    )

    def ipopt() -> FloatArray:
        found = solver(x0=0.1, lbx=0.0, lbg=-np.inf, ubg=limits.T.ravel())
        assert solver.stats()["success"], solver.stats()["return_status"]
        return np.asarray(found["x"], dtype=np.float64)

    return Asked(
        f"logarithmic, {len(program.columns)} variables", make, quotes, {"IPOPT": ipopt},
        lambda _: np.nan,
    )  # fmt: skip


ASKED: Mapping[str, Callable[[int], Asked]] = {
    "margin-hike": repo,
    "collateral-equilibrium": promises,
    "bankruptcy-capm": bankruptcy,
    "credit-tree": credit,
}


def _parts(name: str, members: int) -> list[slice]:
    """Which members HiGHS is given together."""
    size = TOGETHER[name]
    return [slice(start, min(start + size, members)) for start in range(0, members, size)]


def _opened(made: Economy) -> Economy:
    made.open()
    return made


def _least(tasks: Sequence[Callable[[], object]]) -> float:
    """Processor seconds of the quickest of some tasks."""
    times = []
    for task in tasks:
        began = process_time()
        task()
        times.append(process_time() - began)
    return min(times)
