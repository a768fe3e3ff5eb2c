"""Every shipped market can be composed anew, and is certified by the parts of the composition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from markets.quote import FloatArray
from walras import (
    BankruptcyClearingHouse,
    Beliefs,
    Believers,
    BondAndEquities,
    BondMarket,
    CollateralClearingHouse,
    CollateralMarket,
    Consumers,
    Contract,
    CreditMarket,
    CreditPool,
    Customers,
    Defaulters,
    DefaultMarket,
    Economy,
    EventTree,
    ExchangeHouse,
    ExchangeMarket,
    Experts,
    FlatMargin,
    FundedMarket,
    Households,
    Information,
    InformedInvestors,
    Investors,
    Learner,
    LeverageClearingHouse,
    LeverageMarket,
    LeveredTraders,
    LinearMargin,
    LinearQuadratic,
    Lognormal,
    MarginClearingHouse,
    Members,
    Menu,
    Narrowing,
    Nature,
    NewsTree,
    Node,
    NoiseTraders,
    Outcome,
    OutsideInvestors,
    Plan,
    Pledge,
    PledgeableMarket,
    PledgeClearingHouse,
    PriceFunction,
    Primitives,
    RealCoupon,
    RealPrepayment,
    Refused,
    RepoClearingHouse,
    RepoMarket,
    Security,
    StateBelievers,
    StateContinuum,
    StateMarket,
    StateMenu,
    Traders,
    WaterfallHouse,
    WaterfallMarket,
    default_swap,
    loan,
    rule,
)
from walras.command import app

Terms = Mapping[str, object]
Made = tuple[Economy[Any, Any, Any], Terms]
"""An economy, and what is announced at its second date."""


# ---------------------------------------------------------------------- compositions
def repo(funds: type = Traders) -> Made:
    economy = Economy(RepoMarket(Security(0.70, 1.15)))
    RepoClearingHouse(economy, FlatMargin(0.02))
    funds(economy, "funds", beliefs="beta(2, 3)", members=300, cash=0.5, income_up=50)
    Traders(economy, "dealers", beliefs="uniform", members=50, cash=4.0, income_down=200)
    return economy, {"margin": FlatMargin(0.10)}


def carried_repo() -> Made:
    economy = Economy(RepoMarket(Security(0.70, 1.15)), linked=True)
    RepoClearingHouse(economy, FlatMargin(0.02))
    Traders(economy, "funds", beliefs="beta(2, 3)", members=300, cash=0.5, income_up=50)
    Traders(economy, "dealers", beliefs="uniform", members=50, cash=4.0, income_down=200)
    return economy, {"margin": FlatMargin(0.10)}


def funding(insurers: type = Customers) -> Made:
    economy = Economy(FundedMarket(["north", "south"], np.array([10.0, 8.0])))
    MarginClearingHouse(economy, {"north": LinearMargin(2.0, 0.2, 10.0), "south": FlatMargin(0.3)})
    volatility = np.array([1.0, 1.5])
    hedged = np.array([[3.0, 1.0], [-0.5, 0.4]])
    Customers(economy, "pensions", exposures=hedged, risk_aversion=1.0, volatility=volatility)
    hedged = np.array([[1.0, 0.5]])
    insurers(economy, "insurers", exposures=hedged, risk_aversion=3.0, volatility=volatility)
    Experts(economy, "banks", cash=np.array([1.0, 0.5]), endowment=np.zeros((2, 2)))
    Experts(economy, "funds", cash=np.array([0.5, 0.2, 0.3]), endowment=np.full((3, 2), 0.05))
    margins = {"north": LinearMargin(3.0, 0.2, 10.0), "south": FlatMargin(0.5)}
    return economy, {"margins": margins}


def exchange(makers: type = Consumers) -> Made:
    goods = ["bread", "wine", "cloth"]
    economy = Economy(ExchangeMarket(goods))
    ExchangeHouse(economy)
    wanted = np.array([[1.0, 2.0, 1.0], [2.0, 1.0, 1.0]])
    owned = np.array([[6.0, 0.0, 1.0], [0.0, 4.0, 0.0]])
    two = Primitives(wanted, owned, np.array([1.0, 0.5]), np.array([3.0, 1.0]))
    makers(economy, goods, ["baker", "vintner"], two, "makers")
    one = Primitives(np.ones((1, 3)), np.array([[0.0, 1.0, 5.0]]), np.zeros(1), np.full(1, 2.0))
    Consumers(economy, goods, ["tailor"], one, "tailors")
    return economy, {}


def pledge(funds: type = InformedInvestors) -> Made:
    known = Information(Lognormal(1.0, 4.0), Lognormal(1.0, 4.0), signal_precision=2.0)
    economy = Economy(PledgeableMarket(known.value.log_mean), adjuster=rule("newton", 0.1), rng=5)
    nature = Nature(economy.rng, known.value, known.noise)
    PledgeClearingHouse(economy, [FlatMargin(0.3)], repo_rate=0.02, nature=nature)
    NoiseTraders(economy, "noise", nature=nature)
    first = PriceFunction(*np.array([[-0.2], [0.8], [0.5], [0.1]]))
    for kind, name, role, members, share in (
        (InformedInvestors, "banks", "repo", 40, 0.1),
        (InformedInvestors, "savers", "spot", 300, 0.3),
        (funds, "funds", "spot", 50, 0.6),
    ):
        kind(
            economy, name, role=role, members=members, share=share, nature=nature, known=known,
            belief=lambda terms: first, risk_aversion=2.0, wealth=1.0,
            learner=Learner("reasoning"),
        )  # fmt: skip
    return economy, {"margins": (FlatMargin(0.5),)}


def bankruptcy(firms: type = Investors) -> Made:
    instruments = BondAndEquities(np.array([0.6, 0.4]), np.array([[1.0], [0.2]]))
    market = BondMarket(instruments)
    economy = Economy(market, adjuster=rule("implicit", market.pace))
    BankruptcyClearingHouse(economy, instruments, 2.0)
    for kind, name, now, later in (
        (firms, "firms", [1.0, 0.8], [[0.5, 0.2], [0.6, 0.3]]),
        (Investors, "savers", [3.0, 2.5, 2.0], [[1.0, 0.8], [1.0, 0.9], [0.7, 0.9]]),
    ):
        members = len(now)
        weight = np.full(members, 2.0 if name == "firms" else 1.0)
        kind(
            economy, name, utility=LinearQuadratic(weight, np.full(members, 5.0)),
            now=np.array(now), later=np.array(later), equities=np.full((members, 1), 0.2),
        )  # fmt: skip
    return economy, {"short_limit": 0.1}


def default(firms: type = Defaulters) -> Made:
    instruments = BondAndEquities(np.ones(1), np.zeros((1, 0)))
    market = DefaultMarket(instruments)
    economy = Economy(market, adjuster=rule("implicit", market.pace))
    BankruptcyClearingHouse(economy, instruments, 2.0)
    for kind, name, members, weight, satiation, now, later in (
        (firms, "firms", 2, 2.0, 2.5, 1.0, 0.5),
        (Defaulters, "savers", 3, 1.0, 4.0, 3.0, 1.0),
    ):
        kind(
            economy, name,
            utility=LinearQuadratic(np.full(members, weight), np.full(members, satiation)),
            now=now + 0.1 * np.arange(members), later=np.full((members, 1), later),
            equities=np.zeros((members, 0)), penalty=np.full((members, 1), 2.2),
        )  # fmt: skip
    return economy, {"short_limit": 0.1}


def one_loan(low_payoff: float) -> Menu:
    return Menu.of(Security(low_payoff, 1.0), [loan(low_payoff, "loan")])


def promises(banks: type = Believers) -> Made:
    economy = Economy(CollateralMarket(one_loan(0.2)))
    CollateralClearingHouse(economy, one_loan(0.2))
    Believers(economy, "savers", beliefs="beta(2, 3)", members=800, cash=0.5, asset=1.0)
    banks(economy, "banks", beliefs="uniform", members=200, cash=3.0, asset=0.5)
    Believers(economy, "listed", beliefs=[0.3, 0.9, 0.9], cash=3.0, asset=[0.5, 1.0, 2.0])
    return economy, {"menu": one_loan(0.1)}


def promises_of_a_mass() -> Made:
    economy = Economy(CollateralMarket(one_loan(0.2)))
    CollateralClearingHouse(economy, one_loan(0.2))
    for name, beliefs, cash in (("savers", "uniform", 1.0), ("banks", "beta(2, 3)", 3.0)):
        Believers(economy, name, beliefs=beliefs, members=500, cash=cash, population="continuum")
    return economy, {"menu": one_loan(0.1)}


def leverage(banks: type = LeveredTraders) -> Made:
    tree = NewsTree.of([1.0, 0.8, 0.2])
    economy = Economy(LeverageMarket(tree), linked=True)
    LeverageClearingHouse(economy, tree, [3.0])
    LeveredTraders(economy, "savers", beliefs="beta(2, 3)", members=80, cash=0.5)
    banks(economy, "banks", beliefs="uniform", members=20, cash=3.0, asset=0.5)
    LeveredTraders(economy, "listed", beliefs=[0.3, 0.9, 0.9], cash=3.0, asset=[0.5, 1.0, 2.0])
    return economy, {"news": "bad"}


def leverage_of_a_mass() -> Made:
    tree = NewsTree.of([1.0, 1.0, 0.2])
    economy = Economy(LeverageMarket(tree), linked=True)
    LeverageClearingHouse(economy, tree)
    for name, beliefs, cash in (("savers", "uniform", 1.0), ("banks", "beta(2, 3)", 3.0)):
        LeveredTraders(
            economy, name, beliefs=beliefs, members=500, cash=cash, population="continuum"
        )
    return economy, {"news": "bad"}


def states_menu(worst: float) -> StateMenu:
    offered = [Pledge("safe", (worst,) * 3, asset=1.0), Pledge("risky", (0.5,) * 3, asset=1.0)]
    return StateMenu.of([1.0, 0.5, worst], offered)


def promises_on_states(savers: type = StateBelievers) -> Made:
    economy = Economy(StateMarket(states_menu(0.1)), adjuster=Narrowing())
    CollateralClearingHouse(economy, states_menu(0.1))
    rng = np.random.default_rng(0)
    savers(economy, "savers", chances=rng.dirichlet([2.0, 2.0, 2.0], 8))
    chances = rng.dirichlet([4.0, 2.0, 1.0], 3)
    StateBelievers(economy, "banks", chances=chances, cash=3.0, asset=0.0, patience=0.9)
    return economy, {"menu": states_menu(0.05)}


def with_swaps(low_payoff: float) -> StateMenu:
    security = Security(low_payoff, 1.0)
    return StateMenu.after_news(Menu.of(security, [default_swap(security)]))


def swaps() -> Made:
    economy = Economy(StateMarket(with_swaps(0.2)), adjuster=Narrowing())
    CollateralClearingHouse(economy, with_swaps(0.2))
    StateContinuum(economy, beliefs=Beliefs("beta(2, 2)"), members=500, cash=1.0, asset=1.5)
    return economy, {"menu": with_swaps(0.1)}


def by_node(*rows: list[float]) -> FloatArray:
    """One good at every node, a row per household."""
    return np.array(rows)[:, :, None]


def credit(owners: type = Households, aversion: float = 1.0) -> Made:
    nodes = [Node("0", None)]
    nodes += [Node(n, n[:-1] or "0", ((Fraction(k),),)) for n, k in (("1", "0.9"), ("11", "0.8"))]
    coupon = RealCoupon({n: (Fraction("0.3"),) for n in ("1", "11")})
    prepayment = RealPrepayment({"1": (Fraction("0.45"),)})
    mortgage = Contract("mortgage", "0", (Fraction(1),), coupon, prepayment)
    market = CreditMarket(EventTree(tuple(nodes), ("house",)), [mortgage])
    economy = Economy(market, adjuster=rule("extrapolated", market.pace))
    plan = Plan(market)
    CreditPool(economy, plan)
    owners(
        economy, "owners", plan, households=["old", "rich"], aversion=np.full(2, aversion),
        endowment=by_node([2.0, 1.0, 0.5], [3.0, 1.0, 1.0]),
        weights=by_node([1.0, 0.5, 0.5], [1.0, 0.4, 0.6]),
    )  # fmt: skip
    Households(
        economy, "young", plan, households=["first"], aversion=np.full(1, 2.0 * aversion),
        endowment=by_node([1.0, 1.5, 1.5]), weights=by_node([1.0, 0.3, 0.15]), inertia=3.0,
    )  # fmt: skip
    return economy, {"tremble": False}


def waterfall(members: type[Members] = Members) -> Made:
    market = WaterfallMarket(["bond"], np.array([100.0]))
    economy = Economy(market, adjuster=rule("plain", market.pace), linked=True)
    banks = members(
        economy, "banks", position=np.array([[10.0], [4.0], [-14.0]]),
        cash=np.array([40.0, 90.0, 200.0]), income=np.zeros(3), appetite=np.full((3, 1), 50.0),
    )  # fmt: skip
    OutsideInvestors(economy, np.array([200.0]), "funds")
    WaterfallHouse(
        economy, banks, np.array([100.0]), [FlatMargin(0.05)], stress=np.array([[-0.1], [0.1]]),
        path=np.array([[94.0]]),
    )  # fmt: skip
    return economy, {"value": np.array([88.0])}


def linear_credit() -> Made:
    return credit(aversion=0.0)


EVERY = (
    repo,
    carried_repo,
    funding,
    exchange,
    pledge,
    bankruptcy,
    default,
    promises,
    promises_of_a_mass,
    leverage,
    leverage_of_a_mass,
    promises_on_states,
    pytest.param(swaps, marks=pytest.mark.slow),
    credit,
    waterfall,
    pytest.param(linear_credit, marks=pytest.mark.slow),
)


@pytest.mark.parametrize("make", EVERY, ids=lambda make: make.__name__)
def test_a_composition_is_certified_at_both_dates_and_exported(
    make: Callable[..., Made], tmp_path: Path
) -> None:
    economy, announced = make()
    names = {cohort.name for cohort in economy.cohorts}
    run = economy.run(dates=[{}, announced])
    assert run.outcome is Outcome.CLEARED, run.reason
    assert [certificate.holds for certificate in run.certificates] == [True, True]
    assert set(run.agents["cohort"]) == names
    folder = run.export(tmp_path, plots=False)
    assert {"rounds.csv", "dates.csv", "agents.csv"} <= {path.name for path in folder.iterdir()}
    said = CliRunner().invoke(app, ["verify", str(folder)])
    assert said.exit_code == 3
    assert "composed in Python" in said.stdout
    assert "certified at 2 of 2 dates" in " ".join(said.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("make", EVERY, ids=lambda make: make.__name__)
def test_figures_of_a_composition_are_drawn(make: Callable[..., Made]) -> None:
    economy, announced = make()
    figures = economy.run(dates=[{}, announced]).plot()
    assert set(figures) == {"quotes_by_round", "excess_demand_by_round"}
    plt.close("all")


# ---------------------------------------------------------------------- who orders wrongly
class Pretending(Traders):
    """Traders who order by other beliefs than they hold."""

    def table(self, limit: int | None = None) -> pd.DataFrame:
        table = super().table(limit)
        return table.assign(belief=1.0 - table["belief"])


class Timid(Customers):
    """Customers who hedge less than they should."""

    def positions(self, posted: Any) -> FloatArray:
        return 0.9 * super().positions(posted)


class Thrifty(Consumers):
    """Consumers who keep half of what they own."""

    def demand(self, prices: FloatArray) -> FloatArray:
        return 0.5 * (super().demand(prices) + self.primitives.endowment)


class Doubting(InformedInvestors):
    """Investors who act on part of their forecast."""

    def _loglinear(self, posted: Any, rows: slice) -> FloatArray:
        return 0.9 * super()._loglinear(posted, rows)


class Misreading(Investors):
    """Investors who take bonds to be dearer than they are."""

    def trades(self, posted: Any) -> Any:
        return super().trades(replace(posted, bond_price=1.05 * posted.bond_price))


class Impatient(Defaulters):
    """Debtors who order by another utility than they have."""

    def table(self, limit: int | None = None) -> pd.DataFrame:
        table = super().table(limit)
        return table.assign(weight=0.9 * table["weight"])


class Contrary(Believers):
    """Believers who order by the beliefs of others."""

    def table(self, limit: int | None = None) -> pd.DataFrame:
        table = super().table(limit)
        return table.assign(belief_low=1.0 - table["belief"], belief_high=1.0 - table["belief"])


class Hesitant(LeveredTraders):
    """Traders who plan by the beliefs of others."""

    def table(self, limit: int | None = None) -> pd.DataFrame:
        table = super().table(limit)
        return table.assign(belief_low=1.0 - table["belief"], belief_high=1.0 - table["belief"])


class Swayed(StateBelievers):
    """Traders who order by the beliefs of others: trembles and Newton's steps don't hide it."""

    def _traders(self, ventures: Any, cost: FloatArray) -> Any:
        weights, cash, asset = super()._traders(ventures, cost)
        return weights[::-1] @ np.diag([1.0, 1.0, 0.5, 1.5]), cash, asset


class Forgetful(Households):
    """Households who have changed their tastes and order by the old ones."""

    def __init__(self, *given: Any, **fields: Any) -> None:
        super().__init__(*given, **fields)
        self.tastes = replace(self.tastes, weights=self.tastes.weights[:, ::-1].copy())


class Reluctant(Members):
    """Members who pay less than they could."""

    def pay(self, posted: Any) -> Any:
        paid = super().pay(posted)
        return paid._replace(repaid=np.where(paid.default, 0.9, 1.0) * paid.repaid)


@pytest.mark.parametrize(
    ("make", "wrong", "fails"),
    [
        (repo, Pretending, "optimality"),
        (funding, Timid, "customers"),
        (exchange, Thrifty, "optimality"),
        (pledge, Doubting, "best orders"),
        (bankruptcy, Misreading, "optimal_choice"),
        (default, Impatient, "optimal_choice"),
        (promises, Contrary, "optimality"),
        (leverage, Hesitant, "optimality"),
        (promises_on_states, Swayed, "rounds"),
        (credit, Forgetful, "optimality"),
        (waterfall, Reluctant, "payments"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_cohort_that_orders_wrongly_is_not_certified(
    make: Callable[..., Made], wrong: type, fails: str
) -> None:
    economy, _ = make(wrong)
    run = economy.run()
    assert run.outcome is Outcome.NOT_CERTIFIED, run.reason
    assert not run.certificate[fails].holds


# ---------------------------------------------------------------------- what can't be certified
def test_a_part_that_no_certificate_knows_is_refused_before_anybody_trades() -> None:
    economy, _ = funding()
    Traders(economy, "strangers")
    with pytest.raises(Refused, match="nothing says what an equilibrium with Traders is"):
        economy.run()
    assert economy.record is None


def test_two_cohorts_of_members_of_one_house_are_refused() -> None:
    economy, _ = waterfall()
    one = np.ones(1)
    Members(
        economy, "more", position=np.zeros((1, 1)), cash=one, income=one, appetite=np.ones((1, 1))
    )
    with pytest.raises(Refused, match="one cohort of members; this one has banks, more"):
        economy.run()


def test_goods_that_are_not_the_markets_are_refused() -> None:
    economy, _ = exchange()
    cohort = next(c for c in economy.cohorts if c.name == "tailors")
    cohort.goods = ["wine", "bread", "cloth"]  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="goods of tailors are wine, bread, cloth; the market has"):
        economy.run()


def test_investors_of_a_pledgeable_security_must_agree_and_add_up() -> None:
    economy, _ = pledge()
    cohort = next(c for c in economy.cohorts if c.name == "funds")
    cohort.limits = "imposed"  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="limits differs between cohorts of investors"):
        economy.run()
    economy, _ = pledge()
    cohort = next(c for c in economy.cohorts if c.name == "funds")
    cohort.share = 0.5  # type: ignore[attr-defined]
    with pytest.raises(Refused, match=r"share adds up to 0\.9 over cohorts"):
        economy.run()


def test_a_trembling_continuum_beside_others_is_refused() -> None:
    economy, _ = swaps()
    StateBelievers(economy, "few", chances=np.full((2, 2), 0.5))
    with pytest.raises(Refused, match="a continuum that trembles beside other cohorts"):
        economy.run()


def test_news_of_two_kinds_and_dates_that_are_not_linked_are_refused() -> None:
    tree, other = NewsTree.of([1.0, 1.0, 0.2]), NewsTree.of([1.0, 0.8, 0.2])
    for house, linked, message in (
        (other, True, "different trees of news"),
        (tree, False, "linked=True"),
    ):
        economy = Economy(LeverageMarket(tree), linked=linked)
        LeverageClearingHouse(economy, house)
        LeveredTraders(economy, members=10)
        with pytest.raises(Refused, match=message):
            economy.run(dates=[{}, {"news": "bad"}])


def test_two_households_of_one_name_are_refused() -> None:
    economy, _ = credit()
    next(c for c in economy.cohorts if c.name == "young").households = ("old",)  # type: ignore[attr-defined]
    with pytest.raises(Refused, match='household "old" is named twice'):
        economy.run()
    assert economy.record is None
