"""Markets with collateral, margins and default: the public API.

Everything that users and authors need can be imported from here; nothing is loaded before it is
asked for.

>>> import walras
>>> run = walras.run("margin-hike", traders=100, haircuts=[0.01, 0.03])
>>> run
<Run margin-hike, seed 0: cleared, 2 dates, 17 rounds>
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from simulator.time_limit import SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from agents.bankruptcy.clearing_house import BankruptcyClearingHouse as BankruptcyClearingHouse
    from agents.bankruptcy.defaulters import Defaulters as Defaulters
    from agents.bankruptcy.investors import Investors as Investors
    from agents.bankruptcy.utility import ConstantRiskAversion as ConstantRiskAversion
    from agents.bankruptcy.utility import LinearQuadratic as LinearQuadratic
    from agents.bankruptcy.utility import QuadraticAtBothDates as QuadraticAtBothDates
    from agents.beliefs import Beliefs as Beliefs
    from agents.clearing_house import ClearingHouse as ClearingHouse
    from agents.clearing_house import Settlement as Settlement
    from agents.cohort import Cohort as Cohort
    from agents.credit.clearing_house import CreditPool as CreditPool
    from agents.credit.households import Households as Households
    from agents.credit.plan import Plan as Plan
    from agents.exchange.consumers import Consumers as Consumers
    from agents.exchange.consumers import ExchangeHouse as ExchangeHouse
    from agents.exchange.consumers import Primitives as Primitives
    from agents.funding.clearing_house import MarginClearingHouse as MarginClearingHouse
    from agents.funding.customers import Customers as Customers
    from agents.funding.experts import Experts as Experts
    from agents.leverage.clearing_house import LeverageClearingHouse as LeverageClearingHouse
    from agents.leverage.levered_traders import LeveredTraders as LeveredTraders
    from agents.pledge.clearing_house import PledgeClearingHouse as PledgeClearingHouse
    from agents.pledge.forecast import Information as Information
    from agents.pledge.forecast import PriceFunction as PriceFunction
    from agents.pledge.investors import InformedInvestors as InformedInvestors
    from agents.pledge.learner import Learner as Learner
    from agents.pledge.nature import Lognormal as Lognormal
    from agents.pledge.nature import Nature as Nature
    from agents.pledge.noise_traders import NoiseTraders as NoiseTraders
    from agents.promises.believers import Believers as Believers
    from agents.promises.clearing_house import CollateralClearingHouse as CollateralClearingHouse
    from agents.promises.state_believers import StateBelievers as StateBelievers
    from agents.promises.state_continuum import StateContinuum as StateContinuum
    from agents.repo.clearing_house import RepoClearingHouse as RepoClearingHouse
    from agents.repo.scattered import ScatteredTraders as ScatteredTraders
    from agents.repo.traders import Traders as Traders
    from agents.waterfall.clearing_house import WaterfallHouse as WaterfallHouse
    from agents.waterfall.members import Members as Members
    from agents.waterfall.outside_investors import OutsideInvestors as OutsideInvestors
    from markets.adjustment.rule import Adjuster as Adjuster
    from markets.adjustment.rules import rule as rule
    from markets.bankruptcy.default_market import DefaultMarket as DefaultMarket
    from markets.bankruptcy.instruments import BondAndEquities as BondAndEquities
    from markets.bankruptcy.market import BondMarket as BondMarket
    from markets.credit.contract import Contract as Contract
    from markets.credit.contract import RealCoupon as RealCoupon
    from markets.credit.contract import RealPrepayment as RealPrepayment
    from markets.credit.event_tree import EventTree as EventTree
    from markets.credit.event_tree import Node as Node
    from markets.credit.market import CreditMarket as CreditMarket
    from markets.exchange.market import ExchangeMarket as ExchangeMarket
    from markets.funding.market import FundedMarket as FundedMarket
    from markets.instruments import Security as Security
    from markets.leverage.market import LeverageMarket as LeverageMarket
    from markets.leverage.news_tree import NewsTree as NewsTree
    from markets.margin import ExpectedShortfall as ExpectedShortfall
    from markets.margin import FilteredValueAtRisk as FilteredValueAtRisk
    from markets.margin import FlatMargin as FlatMargin
    from markets.margin import Known as Known
    from markets.margin import LinearMargin as LinearMargin
    from markets.margin import MarginRule as MarginRule
    from markets.margin import NormalValueAtRisk as NormalValueAtRisk
    from markets.margin import SidedMargin as SidedMargin
    from markets.margin import ValueAtRisk as ValueAtRisk
    from markets.market import Market as Market
    from markets.pledge.market import PledgeableMarket as PledgeableMarket
    from markets.promises.market import CollateralMarket as CollateralMarket
    from markets.promises.menu import Menu as Menu
    from markets.promises.menu import default_swap as default_swap
    from markets.promises.menu import down_tranche as down_tranche
    from markets.promises.menu import loan as loan
    from markets.promises.narrowing import Narrowing as Narrowing
    from markets.promises.state_market import StateMarket as StateMarket
    from markets.promises.state_menu import Pledge as Pledge
    from markets.promises.state_menu import StateMenu as StateMenu
    from markets.quote import Excess as Excess
    from markets.quote import Limits as Limits
    from markets.quote import Quote as Quote
    from markets.refused import Infeasible as Infeasible
    from markets.refused import Refused as Refused
    from markets.repo.market import RepoMarket as RepoMarket
    from markets.waterfall.market import WaterfallMarket as WaterfallMarket
    from simulator.certificate import Certificate as Certificate
    from simulator.certificate import Condition as Condition
    from simulator.continuation.trace import Trace as Trace
    from simulator.fit.fit import Fit as Fit
    from simulator.outcome import Ending as Ending
    from simulator.outcome import Outcome as Outcome
    from simulator.page_plan import Account as Account
    from simulator.page_plan import Announcement as Announcement
    from simulator.page_plan import Control as Control
    from simulator.page_plan import Curve as Curve
    from simulator.page_plan import Line as Line
    from simulator.page_plan import Page as Page
    from simulator.parameters import Parameters as Parameters
    from simulator.parameters import about as about
    from simulator.point import Case as Case
    from simulator.point import RestingPoint as RestingPoint
    from simulator.published import Published as Published
    from simulator.rehearsal import rehearse as rehearse
    from simulator.results import Results as Results
    from simulator.run import Run as Run
    from simulator.scenario import Scenario as Scenario
    from simulator.sensitivity.derivatives import Sensitivities as Sensitivities
    from simulator.sweep.sweep import Sweep as Sweep
    from simulator.title import Title as Title
    from walras.composed import Economy as Economy

_HOMES = {
    "agents.bankruptcy.clearing_house": ["BankruptcyClearingHouse"],
    "agents.bankruptcy.defaulters": ["Defaulters"],
    "agents.bankruptcy.investors": ["Investors"],
    "agents.bankruptcy.utility": [
        "ConstantRiskAversion",
        "LinearQuadratic",
        "QuadraticAtBothDates",
    ],
    "agents.beliefs": ["Beliefs"],
    "agents.clearing_house": ["ClearingHouse", "Settlement"],
    "agents.cohort": ["Cohort"],
    "agents.credit.clearing_house": ["CreditPool"],
    "agents.credit.households": ["Households"],
    "agents.credit.plan": ["Plan"],
    "agents.exchange.consumers": ["Consumers", "ExchangeHouse", "Primitives"],
    "agents.funding.clearing_house": ["MarginClearingHouse"],
    "agents.funding.customers": ["Customers"],
    "agents.funding.experts": ["Experts"],
    "agents.leverage.clearing_house": ["LeverageClearingHouse"],
    "agents.leverage.levered_traders": ["LeveredTraders"],
    "agents.pledge.clearing_house": ["PledgeClearingHouse"],
    "agents.pledge.forecast": ["Information", "PriceFunction"],
    "agents.pledge.investors": ["InformedInvestors"],
    "agents.pledge.learner": ["Learner"],
    "agents.pledge.nature": ["Lognormal", "Nature"],
    "agents.pledge.noise_traders": ["NoiseTraders"],
    "agents.promises.believers": ["Believers"],
    "agents.promises.clearing_house": ["CollateralClearingHouse"],
    "agents.promises.state_believers": ["StateBelievers"],
    "agents.promises.state_continuum": ["StateContinuum"],
    "agents.repo.clearing_house": ["RepoClearingHouse"],
    "agents.repo.scattered": ["ScatteredTraders"],
    "agents.repo.traders": ["Traders"],
    "agents.waterfall.clearing_house": ["WaterfallHouse"],
    "agents.waterfall.members": ["Members"],
    "agents.waterfall.outside_investors": ["OutsideInvestors"],
    "markets.adjustment.rule": ["Adjuster"],
    "markets.adjustment.rules": ["rule"],
    "markets.bankruptcy.default_market": ["DefaultMarket"],
    "markets.bankruptcy.instruments": ["BondAndEquities"],
    "markets.bankruptcy.market": ["BondMarket"],
    "markets.credit.contract": ["Contract", "RealCoupon", "RealPrepayment"],
    "markets.credit.event_tree": ["EventTree", "Node"],
    "markets.credit.market": ["CreditMarket"],
    "markets.exchange.market": ["ExchangeMarket"],
    "markets.funding.market": ["FundedMarket"],
    "markets.instruments": ["Security"],
    "markets.leverage.market": ["LeverageMarket"],
    "markets.leverage.news_tree": ["NewsTree"],
    "markets.margin": [
        "ExpectedShortfall",
        "FilteredValueAtRisk",
        "FlatMargin",
        "Known",
        "LinearMargin",
        "MarginRule",
        "NormalValueAtRisk",
        "SidedMargin",
        "ValueAtRisk",
    ],
    "markets.market": ["Market"],
    "markets.pledge.market": ["PledgeableMarket"],
    "markets.promises.market": ["CollateralMarket"],
    "markets.promises.menu": ["Menu", "default_swap", "down_tranche", "loan"],
    "markets.promises.narrowing": ["Narrowing"],
    "markets.promises.state_market": ["StateMarket"],
    "markets.promises.state_menu": ["Pledge", "StateMenu"],
    "markets.quote": ["Excess", "Limits", "Quote"],
    "markets.refused": ["Infeasible", "Refused"],
    "markets.repo.market": ["RepoMarket"],
    "markets.waterfall.market": ["WaterfallMarket"],
    "simulator.certificate": ["Certificate", "Condition"],
    "simulator.continuation.trace": ["Trace"],
    "simulator.fit.fit": ["Fit"],
    "simulator.outcome": ["Ending", "Outcome"],
    "simulator.page_plan": ["Account", "Announcement", "Control", "Curve", "Line", "Page"],
    "simulator.parameters": ["Parameters", "about"],
    "simulator.point": ["Case", "RestingPoint"],
    "simulator.published": ["Published"],
    "simulator.rehearsal": ["rehearse"],
    "simulator.results": ["Results"],
    "simulator.run": ["Run"],
    "simulator.scenario": ["Scenario"],
    "simulator.sensitivity.derivatives": ["Sensitivities"],
    "simulator.sweep.sweep": ["Sweep"],
    "simulator.title": ["Title"],
    "walras.composed": ["Economy"],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "__version__",
    "find",
    "fit",
    "run",
    "scenarios",
    "sensitivities",
    "sweep",
    "trace",
    *_HOME,
]


def run(
    name: str,
    *,
    seed: int = 0,
    studies: bool = True,
    starts: int = 1,
    time_limit: float | None = SECONDS,
    **parameters: object,
) -> Run[Any]:
    """Run a scenario.

    Parameters
    ----------
    name : str
        Its name, for instance ``margin-hike``; :func:`scenarios` lists them. Or a Python file
        with a scenario of your own, ``my_market.py``, which is executed.
    seed : int
        Seed of the one random generator; the same seed gives the same run.
    studies : bool
        Whether to work out the scenario's tables over a range of a parameter, too.
    starts : int
        With more than one, ``run.studies["equilibria"]`` lists the resting points found from so
        many starts: how often, and whether each is stable under the textbook rule.
    time_limit : float, optional
        Seconds after which the run ends as ``ran out of time``, with what was done so far; no limit
        if it is 0 or None.
    **parameters
        Its parameters where they differ from their defaults.

    Returns
    -------
    Run
        Tables ``rounds``, ``dates`` and ``agents``, certificates and outcome; see
        :class:`simulator.run.Run`.

    Raises
    ------
    Refused
        If the scenario or a parameter is unknown, or a value is not allowed.
    """
    return find(name).run(
        seed=seed, studies=studies, starts=starts, time_limit=time_limit, **parameters
    )


def sweep(
    name: str,
    *,
    seeds: Sequence[int] | str = (0,),
    sample: str | None = None,
    folder: str | Path | None = None,
    workers: int = 0,
    scheduler: str | None = None,
    follow: str | None = None,
    tables: Sequence[str] = (),
    time_limit: float | None = None,
    starts: int = 1,
    anyway: bool = False,
    **parameters: object,
) -> Sweep:
    """Run a scenario many times, over values of its parameters and seeds, into one table.

    The same call goes on where it was stopped, however that was; more values extend the sweep.

    Parameters
    ----------
    name : str
        A scenario, or a Python file with one of your own, which is executed.
    seeds : sequence of int, or str
        Each combination of values is run with every one; as text ``0:20`` or ``0,3,7``. Random
        numbers of different runs are independent; the column ``run_seed`` repeats one of them.
    sample : str, optional
        ``sobol:4096`` or ``latin:500``: points of the ranges instead of all combinations.
    folder : str or Path, optional
        Where the sweep is, or is to be; ``sweeps/NAME`` unless given.
    workers : int
        Processes; with none the runs are done in this one. A script that asks for some stands
        below ``if __name__ == "__main__":``.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:8786``, whose workers do the runs instead.
    follow : str, optional
        Parameter along which runs start from each other's resting quotes.
    tables : sequence of str
        Any of ``rounds`` and ``members``: tables to keep beside that of dates.
    time_limit : float, optional
        Seconds after which each run ends as ``ran out of time``; none unless given.
    starts : int
        With more than one, the column ``equilibria`` counts what is found from so many starts.
    anyway : bool
        Whether to go on though versions or parameters differ from those of the sweep so far.
    **parameters
        Of each parameter a list of values, one value, or text as in the command:
        ``"0:1:11"`` for a range, ``"0:1"`` for one to sample.

    Returns
    -------
    Sweep
        Its ``table``, counts by outcome, ``plot`` and ``heat``.

    Raises
    ------
    Refused
        If something asked for is not allowed, the folder holds another sweep, workers can't be
        used, or the disk is full; what was done is kept.
    """
    from simulator.sweep.handing_out import Options
    from simulator.sweep.one_run import Asking
    from walras.sweeping import from_python

    asking = Asking(tuple(tables), time_limit, starts)
    return from_python(
        find(name),
        parameters,
        seeds=seeds,
        sample=sample,
        folder=folder,
        options=Options(workers, scheduler, follow, asking, anyway),
    )


def fit(
    name: str,
    to: str | Path | pd.DataFrame,
    free: Mapping[str, tuple[float, float]],
    /,
    *,
    starts: int = 16,
    seeds: int = 1,
    seed: int = 0,
    **parameters: object,
) -> Fit[Any]:
    """Find the parameters whose simulated moments are nearest to observed ones.

    Parameters
    ----------
    name : str
        The scenario.
    to : str, Path or pandas.DataFrame
        Observed moments, see :func:`simulator.fit.moments.read_moments`.
    free : mapping
        Lowest and highest value by free parameter.
    starts, seeds, seed
        As in :func:`simulator.fit.fit.fit`.
    **parameters
        All other parameters where they differ from their defaults.

    Raises
    ------
    Refused
        If something is unknown or not allowed, or there are fewer moments than parameters.
    """
    from pathlib import Path

    from simulator.fit.fit import fit as find_nearest
    from simulator.fit.moments import read_moments
    from simulator.parameters import parse

    scenario = find(name)
    given = parse(scenario.parameters, parameters)
    moments = read_moments(Path(to) if isinstance(to, str) else to)
    return find_nearest(scenario, given, moments, free, starts=starts, seeds=seeds, seed=seed)


def trace(
    name: str,
    key: str,
    start: float,
    end: float,
    /,
    *,
    case: str | None = None,
    date: int = 1,
    seed: int = 0,
    starts: int = 1,
    **parameters: object,
) -> Trace[Any]:
    """Follow the equilibrium as a parameter moves, see :func:`simulator.continuation.trace.trace`.

    Raises
    ------
    Refused
        If the scenario, the key or a parameter is unknown, or a value is not allowed.
    NotCleared
        If rounds find no equilibrium at the start.
    """
    from simulator.continuation.trace import trace as follow
    from simulator.parameters import parse

    scenario = find(name)
    given = parse(scenario.parameters, parameters)
    return follow(scenario, given, key, start, end, case=case, date=date, seed=seed, starts=starts)


def sensitivities(
    name: str,
    /,
    *,
    keys: list[str] | None = None,
    case: str | None = None,
    date: int | None = None,
    seed: int = 0,
    **parameters: object,
) -> Sensitivities[Any]:
    """Derivatives of quotes and read-outs by parameters at a resting point.

    See :func:`simulator.sensitivity.derivatives.sensitivities`.

    Raises
    ------
    Refused
        If the scenario, a key or a parameter is unknown, or a value is not allowed.
    NotCleared
        If the date does not come to rest.
    """
    from simulator.parameters import parse
    from simulator.sensitivity.derivatives import sensitivities as derive

    scenario = find(name)
    given = parse(scenario.parameters, parameters)
    return derive(scenario, given, keys=keys, case=case, date=date, seed=seed)


def find(name: str) -> Scenario[Any]:
    """The scenario of a name, or of a Python file, which is executed.

    Raises
    ------
    Refused
        If there is none, with the nearest name, or the file can't be used, with the line.
    """
    from walras import catalogue

    return catalogue.find_or_load(name)


def scenarios() -> dict[str, Title]:
    """Every scenario, of walras and of installed packages: name, summary and source, by name."""
    from walras import catalogue

    return catalogue.titles()


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name == "__version__":
        from importlib import metadata

        return metadata.version("walras")
    if name in _HOME:
        value: object = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'walras' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
