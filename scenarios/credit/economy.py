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
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from agents.credit.auction import CallAuction
from agents.credit.clearing_house import CreditPool
from agents.credit.households import Households
from markets.adjustment.extrapolated import ExtrapolatedTatonnement
from markets.adjustment.rule import SHARE_TOLERANCE
from markets.credit.market import CreditMarket
from markets.quote import FloatArray
from scenarios.credit import certificate, exact, figures, published
from scenarios.credit.crossover import prove
from scenarios.credit.parameters import CreditTree
from scenarios.credit.propositions import evaluate
from scenarios.credit.read_out import described, judged, rates, untraded
from scenarios.credit.reading import CreditEconomy, wealth
from scenarios.credit.strategy_map import strategy_map
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import parse
from simulator.point import Case, RestingPoint
from simulator.proof.algebraic import Exact, reader
from simulator.run import Run, simulate
from simulator.scenario import Scenario


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


def refined(economy: CreditEconomy, resting: RestingPoint) -> RestingPoint:
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


def _without_dust(economy: CreditEconomy, resting: RestingPoint) -> dict[str, float]:
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


def certified(economy: CreditEconomy, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point, from its proof or its tables."""
    return certificate.certify(economy, resting.quotes, resting.agents, resting.proof)


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

    def economy(given: CreditTree, resting: RestingPoint) -> CreditEconomy:
        return given.economies()[resting.case]

    def cases(given: CreditTree) -> list[Case]:
        return [
            Case(case, partial(build, found, given), [{}])
            for case, found in given.economies().items()
        ]

    def compare(given: CreditTree, resting: RestingPoint) -> Mapping[str, float] | None:
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


def resting_points(run: Run) -> list[tuple[CreditEconomy, RestingPoint]]:
    """The resting points of a run, each with its economy."""
    economies = run.parameters.economies()  # type: ignore[attr-defined]
    points = []
    for row, case in enumerate(run.dates["case"]):
        agents = run.agents[run.agents["case"] == case].reset_index(drop=True)
        resting = RestingPoint(case, 1, run.quotes(row), agents, run.complete, run.proofs[row])
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
