"""Credit on any event tree: the scenario ``credit-tree``, and what all scenarios of it share.

A user writes down tree, goods, contracts and households; the default is a small economy with two
patient and impatient households of logarithmic utility. After Iraola and Torres-Martinez (SDT 364,
2012), section 2; the model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field, model_validator

from agents.call_auction import CallAuction
from agents.credit_pool import CreditPool
from agents.households import INERTIA, Households
from markets.adjustment import SHARE_TOLERANCE
from markets.credit import CreditMarket
from markets.extrapolation import STEP, ExtrapolatedTatonnement
from markets.quote import FloatArray
from scenarios.credit_tree import certificate, exact, figures, published
from scenarios.credit_tree.algebraic import Exact, reader
from scenarios.credit_tree.crossover import prove
from scenarios.credit_tree.propositions import evaluate
from scenarios.credit_tree.reading import CreditEconomy, Household, read
from scenarios.credit_tree.strategy_map import strategy_map
from simulator import Case, Certificate, Economy, Outcome, Resting, Run, Scenario, simulate
from simulator.parameters import Parameters, parse

GOODS = ["good"]

NODES: list[dict[str, Any]] = [
    {"name": "0"},
    {"name": "u", "after": "0", "keeps": "9/10"},
    {"name": "d", "after": "0", "keeps": "1/2"},
    {"name": "u+", "after": "u", "keeps": "4/5"},
    {"name": "d+", "after": "d", "keeps": "4/5"},
]

CONTRACTS: list[dict[str, Any]] = [
    {
        "name": "j0",
        "issued_at": "0",
        "collateral": 1,
        "coupon": {"kind": "real", "pays": dict.fromkeys(("u", "d", "u+", "d+"), "3/10")},
        "prepayment": {"kind": "real", "costs": {"u": "9/20", "d": "9/20"}},
    },
    {
        "name": "ju",
        "issued_at": "u",
        "collateral": 1,
        "coupon": {"kind": "real", "pays": {"u+": "1/2"}},
    },
]

HOUSEHOLDS: list[dict[str, Any]] = [
    {
        "name": "P",
        "endowment": {"0": 2, "u": 1, "d": 1, "u+": "1/2", "d+": "1/2"},
        "weights": {"0": 1, "u": "1/2", "d": "1/2", "u+": "1/2", "d+": "1/2"},
        "risk_aversion": 1,
    },
    {
        "name": "Q",
        "endowment": {"0": 1, "u": "3/2", "d": "4/5", "u+": "3/2", "d+": 1},
        "weights": {"0": 1, "u": "3/10", "d": "3/10", "u+": "3/20", "d+": "3/20"},
        "risk_aversion": 1,
    },
]

Number = Any
"""An exact number, or one in floating point; the two are not mixed."""

MAX_ROUNDS = 5_000
"""Traders with inertia need more rounds than traders without, and each is cheap."""

AUCTION_AFTER = 200
"""Rounds that show where quotes go; from there an auction is quicker."""

FAR = 0.5
"""Move of a quote by an auction, as a share of the collateral's value (of the starting price, for
goods), from which it is told: the rounds might have gone to another equilibrium."""

TRADED = 1e-7
"""Debt as a share of all wealth, in terms of its collateral, and price or payment as a share of the
collateral, from which a contract counts as traded."""


_ABOUT = {
    "goods": (
        "names of the goods; prices are in units of the first",
        "a list of different names",
    ),
    "nodes": (
        "the event tree: name, after (the predecessor), keeps (what a unit becomes)",
        "a list of tables",
    ),
    "contracts": (
        "credit contracts: name, issued_at, collateral, coupon, prepayment",
        "a list of tables",
    ),
    "households": (
        "households: name, endowment and weights by node, risk_aversion",
        "a list of tables",
    ),
}


def given(name: str, default: Any) -> Any:
    """Declaration of one part of an economy, with a scenario's own default."""
    meaning, allowed = _ABOUT[name]
    return Field(default=default, description=meaning, json_schema_extra={"allowed": allowed})


def moving(default: float) -> Any:
    """Declaration of the households' inertia, with a scenario's own default."""
    return Field(
        default=default,
        gt=0.0,
        description="how far a unit of marginal utility moves a household's plan in a round",
        json_schema_extra={"unit": "share of wealth"},
    )


def calling(default: int) -> Any:
    """Declaration of when auctions are called, with a scenario's own default."""
    return Field(
        default=default,
        ge=0,
        description="rounds after which, and again each time their number has doubled, all quotes"
        " are sought at once in a call auction; 0 for never",
        json_schema_extra={"unit": "rounds"},
    )


class CreditTree(Parameters):
    """Parameters of every scenario with credit on an event tree."""

    max_rounds: int = Field(
        default=MAX_ROUNDS,
        ge=1,
        description="rounds at one date before the run gives up",
        json_schema_extra={"unit": "rounds"},
    )
    pools: Literal["trusted", "distrusted"] = Field(
        default="trusted",
        description="what holders expect of an empty pool: what a vanishing borrower would"
        " deliver, or what they expected before",
    )
    start: Literal["collateral", "random", "pessimistic"] = Field(
        default="collateral",
        description="first quotes: half of the collateral's value is lent and coupons are paid;"
        " drawn from a wide range by the seed; or nobody lends or expects any payment",
    )
    inertia: float = moving(INERTIA)
    step: float = Field(
        default=STEP,
        gt=0.0,
        description="how far excess demand of all wealth moves a quote in a round",
        json_schema_extra={"unit": "share of the collateral's value"},
    )
    auction_after: int = calling(AUCTION_AFTER)
    goods: list[str] = given("goods", GOODS)
    nodes: list[dict[str, Any]] = given("nodes", NODES)
    contracts: list[dict[str, Any]] = given("contracts", CONTRACTS)
    households: list[dict[str, Any]] = given("households", HOUSEHOLDS)

    @model_validator(mode="after")
    def _economy(self) -> CreditTree:
        """Refuse what is no economy."""
        self.economies()
        return self

    def economies(self) -> dict[str, CreditEconomy]:
        """The economies that the parameters describe, by case."""
        parts = {name: getattr(self, name) for name in _ABOUT}
        return {"economy": read(parts)}


def starting_prices(economy: CreditEconomy) -> FloatArray:
    """Prices that would clear goods if nothing lasted and utility were logarithmic, (D, L).

    Each household spends on every good in proportion to its weight; prices are in units of the
    first good, which somebody must like at every node.
    """
    weights = np.array([h.weights for h in economy.households], dtype=np.float64)
    shares = weights / np.max(weights, axis=(1, 2), keepdims=True)
    liked = np.maximum(np.sum(shares, axis=0), 1e-3)
    supply = np.sum(wealth(economy), axis=0)
    prices = liked / supply
    return np.asarray(prices / prices[:, :1])


def wealth(economy: CreditEconomy) -> FloatArray:
    """What each household has at each node if nobody trades, (H, D, L)."""
    tree = economy.tree
    own = np.array([h.endowment for h in economy.households], dtype=np.float64)
    for place, before in enumerate(tree.predecessors):
        if before >= 0:
            own[:, place] += own[:, before] @ tree.carried[place].T
    return own


def build(economy: CreditEconomy, parameters: CreditTree, rng: np.random.Generator) -> Economy:
    """Make the economy with its market, its households and its clearing house."""
    market = CreditMarket(economy.tree, economy.contracts, starting_prices(economy))
    model = Economy(
        market,
        adjuster=ExtrapolatedTatonnement(step=parameters.step),
        rng=rng,
        first_quotes=_first(market, parameters.start, rng),
        auction=_auction(parameters),
    )
    households = Households(
        model,
        "households",
        households=[household.name for household in economy.households],
        endowment=np.array([h.endowment for h in economy.households], dtype=np.float64),
        weights=np.array([h.weights for h in economy.households], dtype=np.float64),
        aversion=np.array([float(h.risk_aversion) for h in economy.households]),
        inertia=parameters.inertia,
    )
    CreditPool(model, households.plan, tremble=parameters.pools == "trusted")
    return model


def _auction(parameters: CreditTree) -> CallAuction | None:
    """The auction, unless it is not wanted.

    In an auction everybody borrows a little for the sake of caution, and holders see what such a
    borrower delivers; that would end any distrust of an empty pool.
    """
    if parameters.auction_after == 0 or parameters.pools == "distrusted":
        return None
    return CallAuction(parameters.auction_after)


def _first(market: CreditMarket, start: str, rng: np.random.Generator) -> dict[str, float] | None:
    """Quotes to start from, or None for the market's own."""
    if start == "random":
        return market.far_quotes(rng)
    if start == "pessimistic":
        usual = market.first_quotes()
        lent = {f"price[{c.name}@{c.issued_at}]" for c in market.contracts}
        return {
            name: 0.0 if name in lent or not name.startswith("price") else value
            for name, value in usual.items()
        }
    return None


def refined(economy: CreditEconomy, resting: Resting) -> Resting:
    """The exact equilibrium that the rounds approach, where it can be proved; else as it is."""
    resting = replace(resting, quotes=_without_dust(economy, resting))
    proof = prove(economy, resting.quotes, certificate.plans_of(resting.agents))
    if not exact.proved(proof):
        return replace(resting, proof=proof)
    number = reader(proof)
    agents = resting.agents.copy()
    amounts = []
    for household, part, node, name in zip(
        agents["household"], agents["part"], agents["node"], agents["instrument"], strict=True
    ):
        plan = {key: number(value) for key, value in proof["plans"][household].items()}
        amounts.append(float(_amount(plan, part, node, name, economy)))
    agents["amount"] = amounts
    quotes = {name: float(number(value)) for name, value in proof["quotes"].items()}
    return replace(resting, quotes=quotes, agents=agents, proof=proof)


def _without_dust(economy: CreditEconomy, resting: Resting) -> dict[str, float]:
    """The quotes, with those of contracts that nobody trades and nobody trusts set to zero.

    They approach zero round by round, and at a price of a billionth a solver could still buy
    billions.
    """
    empty = tuple(f"[{name}@" for name in untraded(economy, resting))
    return {
        name: 0.0 if any(mark in name for mark in empty) else value
        for name, value in resting.quotes.items()
    }


def _amount(
    plan: Mapping[str, Exact], part: str, node: str, name: str, economy: CreditEconomy
) -> Exact:
    """One number of a proved plan; what is defaulted on is what is neither kept nor prepaid."""
    zero = Fraction(0)
    if part != "defaulted":
        return plan.get(f"{part}[{name}@{node}]", zero)
    return (
        plan.get(f"borrowed[{name}@{economy.tree.root}]", zero)
        - plan.get(f"kept[{name}@{node}]", zero)
        - plan.get(f"prepaid[{name}@{node}]", zero)
    )


def certified(economy: CreditEconomy, resting: Resting) -> Certificate:
    """The certificate of a resting point, from its proof or its tables."""
    return certificate.certify(economy, resting.quotes, resting.agents, resting.proof)


def untraded(economy: CreditEconomy, resting: Resting) -> list[str]:
    """Contracts of which nothing is expected, and that nobody trades or that cost nothing."""
    found = []
    totals = resting.agents.groupby(["part", "node", "instrument"])["amount"].sum()
    worth = wealth(economy).sum()
    for contract in economy.contracts:
        size = float(sum(contract.collateral))
        debt = totals["borrowed", contract.issued_at, contract.name] * size
        price = resting.quotes[f"price[{contract.name}@{contract.issued_at}]"]
        payments = [
            resting.quotes[f"unit_payment[{contract.name}@{node}]"]
            for node in exact.later_nodes(economy, contract)
        ]
        idle = debt <= TRADED * worth or price <= TRADED * size
        if idle and max(payments) <= TRADED * size:
            found.append(contract.name)
    return found


def judged(economy: CreditEconomy, resting: Resting) -> Outcome:
    """No trade, where an empty pool is distrusted; cleared otherwise."""
    return Outcome.NO_TRADE if untraded(economy, resting) else Outcome.CLEARED


def described(economy: CreditEconomy, model: Economy, resting: Resting) -> dict[str, Any]:
    """Utilities, payment rates, auctions, and what is said of trade at a resting point."""
    plans = plans_at(economy, resting)
    told: dict[str, Any] = {
        f"utility[{household.name}]": float(utility(economy, household, plans[household.name]))
        for household in economy.households
    }
    told |= rates(economy, resting.agents)
    empty = untraded(economy, resting)
    remarks = [f"no trade in {', '.join(empty)}: trivial"] if empty else []
    if model.auction_move > FAR:
        remarks.append(f"an auction moved a quote by {model.auction_move:.2f}: far from the rounds")
    told |= {"auction_steps": model.auction_steps, "auction_move": model.auction_move}
    told["remark"] = "; ".join([*remarks, *exact.remarks(resting.proof)])
    told["exact"] = exact.proved(resting.proof)
    return told


def plans_at(
    economy: CreditEconomy, resting: Resting
) -> Mapping[str, Mapping[exact.Variable, Number]]:
    """Plans by household: in exact numbers where they are proved, in floating point elsewhere."""
    if not exact.proved(resting.proof):
        return certificate.plans_of(resting.agents)
    return exact.proved_plans(economy, resting.proof)


def utility(
    economy: CreditEconomy, household: Household, plan: Mapping[exact.Variable, Number]
) -> Number:
    """Utility of a household at its plan; exact if utility is linear and the plan is."""
    total: Number = Fraction(0)
    aversion = float(household.risk_aversion)
    for (node, good), amount in consumption(economy, plan).items():
        weight = household.weights[economy.tree.places[node]][economy.tree.goods.index(good)]
        if household.linear:
            total += weight * amount
        elif weight > 0:
            power = float(amount) ** (1.0 - aversion) / (1.0 - aversion) if aversion != 1 else None
            total += float(weight) * (float(np.log(float(amount))) if power is None else power)
    return total


def consumption(
    economy: CreditEconomy, plan: Mapping[exact.Variable, Number]
) -> dict[tuple[str, str], Number]:
    """Goods consumed at every node, collateral included, by (node, good)."""
    consumed: dict[tuple[str, str], Number] = dict.fromkeys(
        ((node, good) for node in economy.tree.names for good in economy.tree.goods), Fraction(0)
    )
    for variable, goods in exact.consumed(economy).items():
        for place, each in goods.items():
            consumed[place] += each * plan[variable]
    return consumed


def rates(economy: CreditEconomy, agents: pd.DataFrame) -> dict[str, float]:
    """Shares of debt that is paid, prepaid and defaulted on, by contract and node of date 1.

    Not a number where nobody owes anything.
    """
    totals = agents.groupby(["part", "node", "instrument"])["amount"].sum()
    found = {}
    for contract in economy.contracts:
        if contract.issued_at != economy.tree.root:
            continue
        debt = totals["borrowed", economy.tree.root, contract.name]
        for node in economy.tree.middle:
            for told, part in (("paid", "kept"), ("prepaid", "prepaid"), ("defaulted",) * 2):
                amount = totals[part, node, contract.name]
                traded = debt * float(sum(contract.collateral)) > TRADED
                found[f"{told}[{contract.name}@{node}]"] = amount / debt if traded else np.nan
    return found


# ---------------------------------------------------------------------- the scenario
def scenario_of(
    name: str,
    summary: str,
    parameters: type[CreditTree],
    reference: published.Published | None,
) -> Scenario:
    """A scenario whose cases are the economies of its parameters.

    Parameters
    ----------
    name, summary : str
        As the command shows them.
    parameters : type
        Its parameters; what they default to is the economy of ``reference``.
    reference : Published or None
        Numbers to compare with as long as the economy is the default one.
    """
    default = parameters().economies()

    def economy(given: CreditTree, resting: Resting) -> CreditEconomy:
        return given.economies()[resting.case]

    def cases(given: CreditTree) -> list[Case]:
        return [
            Case(case, partial(build, found, given), [{}])
            for case, found in given.economies().items()
        ]

    def compare(given: CreditTree, resting: Resting) -> Mapping[str, float] | None:
        found = economy(given, resting)
        if reference is None or found != default[resting.case] or untraded(found, resting):
            return None
        return {key: float(value) for key, value in reference.values.items()}

    return Scenario(
        name=name,
        summary=summary,
        source=published.CITATION,
        parameters=parameters,
        cases=cases,
        describe=lambda given, model, resting: described(economy(given, resting), model, resting),
        closed_form=compare,
        certify=lambda given, resting: certified(economy(given, resting), resting),
        figures=drawn,
        tables=tables,
        refine=lambda given, resting: refined(economy(given, resting), resting),
        judge=lambda given, resting: judged(economy(given, resting), resting),
        headline=("exact", "remark"),
    )


def resting_points(run: Run) -> list[tuple[CreditEconomy, Resting]]:
    """The resting points of a run, each with its economy."""
    economies = run.parameters.economies()  # type: ignore[attr-defined]
    points = []
    for row, case in enumerate(run.dates["case"]):
        agents = run.agents[run.agents["case"] == case].reset_index(drop=True)
        resting = Resting(case, 1, run.quotes(row), agents, run.complete, run.proofs[row])
        points.append((economies[case], resting))
    return points


def tables(run: Run) -> Mapping[str, pd.DataFrame]:
    """The propositions for every borrower and node."""
    found = [evaluate(economy, resting) for economy, resting in resting_points(run)]
    return {"propositions": pd.concat(found, ignore_index=True)}


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run; those of several cases are numbered."""
    drawings = {"excess_demand_by_round": figures.excess_by_round(run.rounds, SHARE_TOLERANCE)}
    points = resting_points(run)
    for row, (economy, resting) in enumerate(points):
        ending = f"_{row + 1}" if len(points) > 1 else ""
        rounds = run.rounds[run.rounds["case"] == resting.case]
        drawings |= {
            f"event_tree{ending}": figures.event_tree(
                economy, resting, rates(economy, resting.agents)
            ),
            f"flows{ending}": figures.flows(economy, resting),
        }
        if resting.quotes:
            drawings[f"quotes_by_round{ending}"] = figures.quotes_by_round(
                rounds, list(resting.quotes), run.closed_forms(row)
            )
        found = evaluate(economy, resting)
        if len(found):
            drawings[f"strategy_map{ending}"] = strategy_map(found, economy, resting)
    return drawings


SCENARIO = scenario_of(
    "credit-tree",
    "your own tree, goods, contracts and households; by default a patient and an impatient one",
    CreditTree,
    published.LOGARITHMIC,
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python.

    Parameters
    ----------
    seed : int
        Seed of the one random generator.
    **parameters
        Any of the fields of :class:`CreditTree`.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed, with its place.
    """
    return simulate(SCENARIO, parse(CreditTree, parameters), seed=seed)
