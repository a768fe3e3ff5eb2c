"""The certificate of the repo market: it holds at the source's equilibria and nowhere near them.

Holdings are built by hand from the slides' formulas, and from their extension to a negative repo
rate, at the quotes of the continuum's closed form.

Source: Bottazzi, Pascoa and Ramirez (slides), short and long market equilibrium.
"""

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from scenarios.repo.closed_form import solve
from simulator.certificate import Certificate, Condition
from tests.calls import calls
from tests.scenarios.repo.equilibria import (
    AMPLE,
    HIGH,
    LOW,
    Edit,
    State,
    equilibrium,
    long_market,
    no_margin,
    short_market,
    special,
)

BY_HAND = 1e-11
"""Largest residual at holdings from closed formulas: rounding at a leverage of a hundred."""

CLEARING = (
    "security market",
    "cash market",
    "repo market",
    "clearing house, date 0",
    "clearing house, state U",
    "clearing house, state D",
    "clearing house, collateral",
)
CONDITIONS = (
    "optimality",
    "budget",
    "box",
    "non-negativity",
    "solvency",
    *CLEARING,
    "repo rate",
    "repo rate, complementarity",
    "price",
)


# ---------------------------------------------------------------------- equilibria
@pytest.mark.parametrize(
    ("market", "haircut"),
    [
        ("short", 0.0),
        ("short", 0.01),
        ("short", 0.03),
        ("short", 0.05),
        ("short", 0.10),
        ("short", 0.30),
        ("long", 0.01),
        ("long", 0.03),
        ("long", 0.05),
        ("long", 0.30),
    ],
)
@pytest.mark.parametrize("rows", [1, 4, 50])
def test_equilibria_of_the_source_are_certified(
    market: Literal["short", "long"], haircut: float, rows: int
) -> None:
    certificate = equilibrium(market, haircut, rows=rows).certified()
    assert certificate.holds, certificate.table().to_string()
    assert tuple(condition.name for condition in certificate.conditions) == CONDITIONS
    assert all(condition.residual <= BY_HAND for condition in certificate.conditions)


def test_printed_equilibrium_of_the_slides() -> None:
    """Caption of the figure for a haircut of 1%: m = 0.881, q = 0.754, x = 1/m."""
    state = short_market()
    longs = state.agents[state.agents["kind"] == "long"]
    m = longs["weight"].sum()
    assert (round(m, 3), round(state.security_price, 3)) == (0.881, 0.754)
    assert state.security_price == pytest.approx(0.75369440151, abs=1e-11)
    assert m == pytest.approx(0.88067910775, abs=1e-11)
    assert state.certified().holds


def test_printed_digits_are_not_an_equilibrium() -> None:
    """The certificate tells the equilibrium from its quotes rounded to three digits."""
    certificate = short_market().but(security_price=0.754).certified()
    assert not certificate.holds
    assert not certificate["budget"].holds


# ---------------------------------------------------------------------- every condition can fail
EDITS: list[tuple[str, Callable[[], State], str, Edit]] = [
    ("an optimist is short", short_market, "optimality", lambda s: s.row("short", belief=0.1)),
    ("a pessimist is long", short_market, "optimality", lambda s: s.row("long", belief=0.95)),
    ("the income rose unnoticed", short_market, "optimality", lambda s: s.row("long", income_up=9)),
    ("a long stays in cash", special, "optimality", lambda s: s.row("cash", belief=0.5)),
    ("the price rose", special, "optimality", lambda s: s.but(security_price=1.1)),
    ("the rate fell", special, "optimality", lambda s: s.but(repo_rate=-0.25)),
    ("an arbitrage", no_margin, "optimality", lambda s: s.but(security_price=0.69)),
    ("cash appears", short_market, "budget", lambda s: s.add("long", cash=1e-7)),
    ("cash is burnt", short_market, "budget", lambda s: s.add("long", cash=-1e-7)),
    ("a security appears", special, "budget", lambda s: s.add("cash", security=1e-7)),
    ("the price rose", short_market, "budget", lambda s: s.but(security_price=0.7537)),
    ("the haircut rose", short_market, "budget", lambda s: s.but(haircut=0.011)),
    ("sold naked", short_market, "box", lambda s: s.add("short", security=-1e-7)),
    ("pledged twice", special, "box", lambda s: s.add("long", repo_borrowing=1e-7)),
    ("cash is owed", short_market, "non-negativity", lambda s: s.add("short", cash=-1e-7)),
    (
        "lends less than nothing",
        special,
        "non-negativity",
        lambda s: s.add("long", repo_lending=-1e-7),
    ),
    (
        "borrows less than nothing",
        special,
        "non-negativity",
        lambda s: s.add("short", repo_borrowing=-1e-7),
    ),
    (
        "a long is ruined",
        short_market,
        "solvency",
        lambda s: s.add("long", security=1e-3, repo_borrowing=1e-3),
    ),
    ("a short is ruined", short_market, "solvency", lambda s: s.row("short", income_down=1.0)),
    ("a security appears", short_market, "security market", lambda s: s.add("long", security=1e-4)),
    ("traders appear", special, "security market", lambda s: s.add("long", weight=1e-4)),
    ("cash appears", short_market, "cash market", lambda s: s.add("long", cash=1e-4)),
    ("somebody owns more cash", special, "cash market", lambda s: s.add("cash", endowed_cash=1e-3)),
    ("repo is lent twice", special, "repo market", lambda s: s.add("short", repo_lending=1e-3)),
    (
        "repo is lent twice",
        short_market,
        "clearing house, date 0",
        lambda s: s.add("short", repo_lending=1e-3),
    ),
    (
        "a long is ruined",
        long_market,
        "clearing house, state U",
        lambda s: s.row("long", income_up=1.0),
    ),
    (
        "a short is ruined",
        short_market,
        "clearing house, state D",
        lambda s: s.row("short", income_down=1.0),
    ),
    (
        "pledged twice",
        special,
        "clearing house, collateral",
        lambda s: s.add("long", repo_borrowing=1e-3),
    ),
    ("the rate is positive", short_market, "repo rate", lambda s: s.but(repo_rate=1e-9)),
    (
        "the rate is negative",
        short_market,
        "repo rate, complementarity",
        lambda s: s.but(repo_rate=-1e-6),
    ),
    (
        "a security lies idle",
        special,
        "repo rate, complementarity",
        lambda s: s.add("long", repo_borrowing=-1e-3),
    ),
    (
        "repo runs in a circle",
        special,
        "repo rate, complementarity",
        lambda s: s.add("cash", repo_borrowing=1e-3, repo_lending=1e-3),
    ),
    ("cheaper than its worst payoff", short_market, "price", lambda s: s.but(security_price=0.69)),
    ("as cheap as its worst payoff", short_market, "price", lambda s: s.but(security_price=LOW)),
    ("as dear as its best payoff", short_market, "price", lambda s: s.but(security_price=HIGH)),
    ("cheap by the repo rate", special, "price", lambda s: s.but(repo_rate=-0.4)),
    ("another security", special, "price", lambda s: s.but(low_payoff=0.1, high_payoff=0.5)),
]


@pytest.mark.parametrize(
    ("start", "name", "edit"),
    [pytest.param(*edit[1:], id=f"{edit[2]}: {edit[0]}") for edit in EDITS],
)
def test_every_condition_can_fail(start: Callable[[], State], name: str, edit: Edit) -> None:
    assert start().certified().holds
    certificate = edit(start()).certified()
    assert not certificate.holds
    assert not certificate[name].holds
    assert certificate[name].residual > 10.0 * certificate[name].tolerance


def test_every_condition_is_made_to_fail() -> None:
    assert {edit[2] for edit in EDITS} == set(CONDITIONS)


@pytest.mark.parametrize(
    ("start", "edit", "failing"),
    [
        (short_market, lambda s: s.row("short", belief=0.1), {"optimality"}),
        (short_market, lambda s: s.row("long", income_up=9.0), {"optimality"}),
        (
            short_market,
            lambda s: s.row("short", income_down=1.0),
            {"solvency", "clearing house, state D"},
        ),
        (
            long_market,
            lambda s: s.row("long", income_up=1.0),
            {"solvency", "clearing house, state U"},
        ),
        (short_market, lambda s: s.row("long", weight=0.0), set(CLEARING)),
    ],
)
def test_nothing_else_fails(start: Callable[[], State], edit: Edit, failing: set[str]) -> None:
    certificate = edit(start()).certified()
    assert {condition.name for condition in certificate.failed()} == failing


@pytest.mark.parametrize("column", ["cash", "security", "repo_lending", "repo_borrowing"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_holdings_that_are_no_numbers_certify_nothing(column: str, value: float) -> None:
    certificate = special().row("short", **{column: value}).certified()
    assert not certificate["budget"].holds
    assert not certificate.holds
    assert Certificate.from_json(json.loads(json.dumps(certificate.to_json()))).holds is False


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_residuals_are_free_of_units(side: Literal["long", "short"], unit: float) -> None:
    """Cash in other units: the same equilibrium holds and the same mistake is as large."""
    money = ["endowed_cash", "income_up", "income_down", "cash"]
    for state in (equilibrium(side, 0.01), equilibrium(side, 0.01).add("long", cash=1e-4)):
        agents = state.agents.assign(**{name: state.agents[name] * unit for name in money})
        scaled = dataclasses.replace(
            state,
            agents=agents,
            security_price=state.security_price * unit,
            low_payoff=LOW * unit,
            high_payoff=HIGH * unit,
        ).certified()
        for before, after in zip(state.certified().conditions, scaled.conditions, strict=True):
            assert after.residual == pytest.approx(before.residual, rel=1e-6, abs=BY_HAND)


# ---------------------------------------------------------------------- what is checked
def without_reuse(haircut: float = 0.01) -> State:
    """Longs hold all of the security; the others lend what cash they do not keep."""
    found = solve(
        haircut=haircut, low_payoff=LOW, high_payoff=HIGH, cash=1.0, securities=1.0,
        income_up=AMPLE, income_down=0.0, cdf=lambda belief: belief, quantile=lambda share: share,
        reuse=False,
    )  # fmt: skip
    q, m = found.security_price, found.marginal_long
    kept = 1.0 / (1.0 - m)
    rows = [
        {"kind": "long", "weight": m, "belief": 0.5 * m, "cash": 0.0, "security": 1.0 / m,
         "repo_lending": 0.0, "repo_borrowing": 1.0 / m},
        {"kind": "lender", "weight": 1.0 - m, "belief": 0.5 * (1.0 + m), "cash": kept,
         "security": 0.0, "repo_lending": (1.0 + q - kept) / (q * (1.0 + haircut)),
         "repo_borrowing": 0.0},
    ]  # fmt: skip
    agents = pd.DataFrame(rows).assign(
        cohort="traders", endowed_cash=1.0, endowed_securities=1.0, income_up=AMPLE, income_down=0.0
    )
    return State(haircut, q, 0.0, agents, reuse=False)


def test_an_equilibrium_without_reuse_is_none_with_it_and_the_other_way_round() -> None:
    state = without_reuse()
    assert state.certified().holds
    # pessimists would sell what was pledged to them
    with_reuse = dataclasses.replace(state, reuse=True).certified()
    assert not with_reuse["optimality"].holds
    shorts = dataclasses.replace(short_market(), reuse=False).certified()
    assert not shorts["box"].holds


@pytest.mark.parametrize(
    ("edit", "failing"),
    [
        (lambda s: s.but(security_price=1.001 * s.security_price), "optimality"),
        (lambda s: s.but(repo_rate=-1e-3), "repo rate, complementarity"),
        (lambda s: s.add("long", repo_borrowing=1.0), "box"),
        (lambda s: s.add("lender", security=-0.1, repo_lending=0.1), "box"),
        (lambda s: s.add("lender", repo_lending=0.1), "repo market"),
    ],
)
def test_conditions_without_reuse_can_fail(edit: Edit, failing: str) -> None:
    assert not edit(without_reuse()).certified()[failing].holds


def test_a_sample_leaves_out_what_it_can_not_show() -> None:
    certificate = special().certified(complete=False)
    names = [condition.name for condition in certificate.conditions]
    assert names == [name for name in CONDITIONS if name not in CLEARING]
    assert certificate.holds
    assert certificate["budget"].checked == "the 12 rows of a sample"


@pytest.mark.parametrize("market", ["short", "long"])
@pytest.mark.parametrize("haircut", [0.01, 0.05])
def test_marginal_traders_are_always_among_those_solved(
    market: Literal["short", "long"], haircut: float
) -> None:
    """One trader on the wrong side of the margin, or next to it, is found in any sample."""
    state = equilibrium(market, haircut, rows=2000)
    agents = state.agents.sample(frac=1.0, random_state=5).reset_index(drop=True)
    shuffled = dataclasses.replace(state, agents=agents)
    assert shuffled.certified(sample=1).holds
    holdings = ["cash", "security", "repo_lending", "repo_borrowing"]
    by_belief = agents.sort_values("belief")
    labels = by_belief.index.to_list()
    changes = np.flatnonzero(by_belief["kind"].to_numpy()[1:] != by_belief["kind"].to_numpy()[:-1])
    assert changes.size == agents["kind"].nunique() - 1
    for last in changes:
        wrong, other = labels[last], labels[last + 1]
        for goes, follows in ((wrong, other), (other, wrong)):
            edited = agents.copy()
            edited.loc[goes, holdings] = agents.loc[follows, holdings].to_numpy()
            found = dataclasses.replace(shuffled, agents=edited).certified(sample=1)
            assert not found["optimality"].holds


def test_neighbours_of_the_marginal_traders_are_among_those_solved() -> None:
    """A round trip in repo, at a cost, is found two rows from a change of position as well."""
    state = equilibrium("short", 0.05, rows=1000)
    agents = state.agents.sort_values("belief", ignore_index=True)
    cash = np.flatnonzero(agents["kind"] == "cash")
    for row in (cash[0], cash[1], cash[-2], cash[-1]):
        edited = agents.copy()
        edited.loc[row, ["repo_lending", "repo_borrowing"]] = 0.1
        edited.loc[row, "cash"] -= 2.0 * 0.1 * state.haircut * state.security_price
        certificate = dataclasses.replace(state, agents=edited).certified(sample=2)
        assert certificate["budget"].holds
        assert not certificate["optimality"].holds


def test_traders_without_wealth_do_not_crowd_the_sample() -> None:
    state = equilibrium("short", 0.05, rows=1000)
    nothing = ["cash", "security", "repo_lending", "repo_borrowing"]
    nothing += ["endowed_cash", "endowed_securities"]
    agents = state.agents.copy()
    agents.loc[::2, nothing] = 0.0
    certificate = dataclasses.replace(state, agents=agents).certified(complete=False)
    assert certificate.holds
    assert int(certificate["optimality"].checked.split()[0]) < 220
    poor = agents.assign(**dict.fromkeys(nothing, 0.0))
    assert dataclasses.replace(state, agents=poor).certified(complete=False).holds


def test_an_unbounded_trader_is_an_infinite_violation() -> None:
    certificate = no_margin().but(security_price=0.69).certified()
    assert certificate["optimality"].residual == math.inf


def test_a_part_position_is_always_among_those_solved() -> None:
    state = equilibrium("short", 0.05, rows=1000)
    agents = state.agents.copy()
    row = agents.index[agents["kind"] == "short"][777]
    holdings = ["security", "repo_lending"]
    agents.loc[row, holdings] *= 0.5
    paid = state.security_price * state.haircut * agents.loc[row, "repo_lending"]
    agents.loc[row, "cash"] = 1.0 + state.security_price - paid
    certificate = dataclasses.replace(state, agents=agents).certified(sample=2)
    assert certificate["budget"].holds
    assert not certificate["optimality"].holds


def test_a_marginal_trader_is_filled_in_part() -> None:
    """A trader who is indifferent may hold any share of a position."""
    state = special()
    e2 = state.security_price * (1.0 + state.repo_rate * (1.0 + state.haircut))
    belief = (HIGH - e2) / (HIGH - LOW)
    agents = state.agents
    part = agents[agents["kind"] == "short"].iloc[0].copy()
    wealth = 1.0 + state.security_price
    size = 0.3 * part["repo_lending"]
    part["belief"], part["security"], part["repo_lending"] = belief, -size, size
    part["cash"] = wealth - state.security_price * state.haircut * size
    table = pd.concat([agents, part.to_frame().T], ignore_index=True)
    certificate = dataclasses.replace(state, agents=table).certified(complete=False)
    assert certificate.holds
    assert certificate["optimality"].checked == "13 of 13, with the marginal traders"


def test_rows_that_stand_for_nobody_are_left_out() -> None:
    state = short_market()
    ghost = state.agents.iloc[[0]].assign(weight=0.0, cash=-1.0)
    table = pd.concat([state.agents, ghost], ignore_index=True)
    assert dataclasses.replace(state, agents=table).certified().holds


def test_order_of_rows_can_not_matter() -> None:
    state = equilibrium("long", 0.05, rows=100)
    shuffled = state.agents.sample(frac=1.0, random_state=1)
    for before, after in zip(
        state.certified().conditions,
        dataclasses.replace(state, agents=shuffled).certified().conditions,
        strict=True,
    ):
        assert after.residual == pytest.approx(before.residual, abs=BY_HAND)
        assert after.checked == before.checked


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: dataclasses.replace(s, agents=s.agents.drop(columns="belief")), "lacks belief"),
        (lambda s: dataclasses.replace(s, agents=s.agents.iloc[:0]), "no rows"),
        (lambda s: s.row("long", belief=1.5), "belief in row 0 is 1.5"),
        (lambda s: s.row("long", weight=-1.0), "weight in row 0"),
        (lambda s: s.row("long", endowed_cash=-1.0), "endowed_cash in row 0"),
        (lambda s: s.row("long", income_up=math.nan), "income_up in row 0"),
        (lambda s: s.but(haircut=1.0), "haircut is 1.0"),
        (lambda s: s.but(security_price=-1.0), "security_price is -1.0"),
        (lambda s: s.but(low_payoff=2.0), "payoffs are 2.0 and 1.15"),
    ],
)
def test_tables_that_are_none_are_refused(edit: Edit, message: str) -> None:
    state = edit(short_market())
    with pytest.raises(ValueError, match=message):
        state.certified()
    with pytest.raises(ValueError, match="sample is 0"):
        short_market().certified(sample=0)


def test_ten_thousand_traders_take_no_more_calls_than_a_thousand() -> None:
    few, many = (equilibrium("short", 0.05, rows=rows) for rows in (334, 3334))
    assert len(many.agents) > 10_000
    assert many.certified().holds
    assert calls(many.certified) < 1.1 * calls(few.certified)


# ---------------------------------------------------------------------- the frame
def test_a_condition_holds_up_to_its_tolerance_and_never_for_nan() -> None:
    def residual(value: float, tolerance: float = 1e-9) -> bool:
        return Condition("budget", value, tolerance, "nobody overspends").holds

    assert residual(0.0)
    assert residual(1e-9)
    assert not residual(1.1e-9)
    assert not residual(math.inf)
    assert not residual(math.nan)
    assert residual(0.0, 0.0)
    assert not residual(5e-324, 0.0)
    with pytest.raises(ValueError, match="residual is -1"):
        residual(-1.0)
    for tolerance in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="tolerance"):
            residual(0.0, tolerance)


def test_an_empty_certificate_proves_nothing() -> None:
    assert not Certificate(()).holds
    assert not Certificate.worst_of([short_market().certified(), Certificate(())]).holds
    assert not Certificate.worst_of([]).holds
    with pytest.raises(ValueError, match="no worst"):
        Certificate(()).worst()


def test_worst_is_the_most_strained() -> None:
    def named(name: str, residual: float, tolerance: float) -> Condition:
        return Condition(name, residual, tolerance, "")

    small, large = named("a", 1e-3, 1.0), named("b", 1e-10, 1e-11)
    nan, strict = named("c", math.nan, 1.0), named("d", 0.0, 0.0)
    assert Certificate((small, strict)).worst() is small
    assert Certificate((small, large, strict)).worst() is large
    assert Certificate((small, nan, large)).worst() is nan
    assert Certificate((small, large)).failed() == (large,)
    with pytest.raises(ValueError, match="two conditions are named a"):
        Certificate((small, small))
    with pytest.raises(KeyError):
        Certificate((small,))["z"]
    together = Certificate.worst_of(
        [Certificate((small, named("b", 0.0, 1e-11))), Certificate((named("a", 0.0, 1.0), large))]
    )
    assert together.conditions == (small, large)


def test_certificates_survive_json() -> None:
    condition = Condition("c", math.nan, 1.0, "no number")
    infinite = Condition("d", math.inf, 1.0, "no end")
    for certificate in (special().certified(), Certificate((condition, infinite)), Certificate(())):
        text = json.dumps(certificate.to_json(), allow_nan=False)
        back = Certificate.from_json(json.loads(text))
        assert back.holds == certificate.holds
        assert json.dumps(back.to_json(), allow_nan=False) == text
    table = special().certified().table()
    assert list(table) == ["name", "residual", "tolerance", "holds", "meaning", "checked"]
    assert list(table["name"]) == list(CONDITIONS)
    assert table["holds"].all()
