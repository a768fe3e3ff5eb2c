"""The journey of a case through its dates; the command, the page and sweeps all drive this one."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
import pandas as pd

from simulator.certificate import Certificate, Condition
from simulator.declared import Declared
from simulator.outcome import Ending, Outcome, stopped_in
from simulator.point import Case, DateEnd, RestingPoint, ScenarioEconomy, at_rest
from simulator.results import P
from simulator.time_limit import NO_LIMIT, OutOfTime, TimeLimit

REDUNDANT = 1e-8
"""Largest excess demand, as a share of what there is, in a market that Walras' law leaves over. It
adds up the errors of all other markets, each of which may be 1e-10 of what is traded there."""


CHARGED = 1e-9
"""Largest difference, as a share of the price, of a margin from what its rule asks for."""

REDUNDANT_NAME = "redundant market: "
CHARGED_NAME = "charged: "
"""How the names of conditions begin that the clearing house works out, from the orders."""

UNSETTLED_WORDS = "the rounds had not settled after"
"""How the reason of a date begins to tell that it is proved although its rounds went on."""

SAME_POINT = 1e-6
"""Largest distance of a refined quote from the quote of the last round whose orders still count."""

USED_UP = (Outcome.OUT_OF_TIME, Outcome.OUT_OF_MEMORY)
"""Ends after which there is nothing left to go on with."""

UNSETTLED = (Outcome.OUT_OF_ROUNDS, Outcome.OUT_OF_TIME, Outcome.CYCLES)
"""Ends of rounds near which there may be an equilibrium all the same, if it is proved."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The economy has opened on the terms of a date; the first event of each."""

    economy: ScenarioEconomy


@dataclass(frozen=True, slots=True)
class Round:
    """A round was traded.

    Attributes
    ----------
    case : str
        Name of the case.
    date, dates : int
        Date from 1, and the number of dates announced.
    round : int
        Round of this date, from 1.
    share : float
        Largest excess demand as a share of what is traded.
    """

    case: str
    date: int
    dates: int
    round: int
    share: float


@dataclass(frozen=True, slots=True)
class Announced(Generic[P]):
    """What to do next, sent into a journey: new terms, and the parameters of a run with them."""

    parameters: P
    terms: Mapping[str, object]


Event = Opened | Round | DateEnd


def travel(
    scenario: Declared[P],
    parameters: P,
    case: Case,
    rng: np.random.Generator,
    time_limit: TimeLimit = NO_LIMIT,
) -> Generator[Event, Announced[P] | None, ScenarioEconomy]:
    """Take a case through its dates: announce, rounds, refine, certify, judge.

    Yields ``Opened`` where a date begins, then an event per round: ``Round``, and ``DateEnd`` after
    the last. Who drives it may send an :class:`Announced` in answer to any event: the date is then
    over, and the announced one begins. Otherwise the case's own announcements follow until there
    are none; a journey that is sent announcements goes on as long as they come.

    After a ``time_limit``, rounds go on no longer, and the date at which that happens is the last.
    It is looked at after every round. Where dates are linked, one whose rounds did not settle is
    the last too: it leaves nothing to start from.

    Returns
    -------
    Economy
        As it stands at the end; the driver closes it.

    Raises
    ------
    Refused
        If the economy can't be built from the parameters.
    """
    economy = case.build(rng)
    while True:
        economy.open()
        sent: Announced[P] | None = yield Opened(economy)
        ending: Ending | None = None
        while sent is None and ending is None:
            economy.step()
            ending = economy.ended(parameters.max_rounds) or _late(economy, time_limit)
            if ending is None:
                sent = yield _round(case, economy)
            else:
                end = end_of_date(scenario, parameters, case, economy, ending)
                sent = yield end
                broken = economy.linked and ending.outcome is not Outcome.CLEARED
                if sent is None and (broken or end.outcome in USED_UP):
                    return economy
        if sent is not None:
            parameters = sent.parameters
            economy.announce(**sent.terms)
        elif economy.date < len(case.announcements):
            economy.announce(**case.announcements[economy.date])
        else:
            return economy


def end_of_date(
    scenario: Declared[P],
    parameters: P,
    case: Case,
    economy: ScenarioEconomy,
    ending: Ending,
) -> DateEnd:
    """Let traders take their positions; refine, certify and judge where they rest.

    A complete proof needs no rounds that have settled: where the certificate checked one, the
    refined point is judged, and the reason says how far it is from where the rounds ended.
    """
    certificate = Certificate(())
    closed_form: Mapping[str, float] = {}
    described: Mapping[str, object] = {}
    intervals: Mapping[str, tuple[float, float]] = {}
    stopped: BaseException | None = None
    try:
        point, certificate = look(scenario, parameters, case, economy)
        if ending.outcome is Outcome.CLEARED:
            if certificate.holds:
                ending = scenario.judge(parameters, point)
            else:
                ending = Ending(Outcome.NOT_CERTIFIED, certificate.complaint())
        elif ending.outcome in UNSETTLED and point.proved and certificate.holds:
            ending = _proved(scenario.judge(parameters, point), economy, point)
        if len(point.agents):
            closed_form = scenario.closed_form(parameters, point) or {}
            described = scenario.describe(parameters, economy, point)
            intervals = scenario.intervals(parameters, point)
    except (Exception, OutOfTime) as error:  # noqa: BLE001 - the end of the date has it
        stopped = error
        point = at_rest(case.name, economy)
        ending = stopped_in(
            error, "what is told of the date" if certificate.conditions else "the certificate"
        )
    return DateEnd(
        # a copy, since pandas keeps notes of 20 kB with a table whose columns were asked for
        point=replace(point, agents=point.agents.copy()),
        outcome=ending.outcome,
        reason=ending.reason,
        certificate=certificate,
        closed_form=closed_form,
        described=described,
        rounds=economy.round,
        evaluations=economy.evaluations,
        knew=economy.knew,
        intervals=intervals,
        stopped=stopped,
    )


def cut_short(case: Case, economy: ScenarioEconomy | None, error: BaseException) -> DateEnd:
    """The end of a date that was stopped before its rounds had ended, or even before it opened.

    What traders hold in the middle of a round is not known, so there is nothing to certify.
    """
    date, rounds = (1, 0) if economy is None else (economy.date, economy.round)
    ending = stopped_in(error, f"round {rounds + 1}")
    quotes = {} if economy is None else dict(economy.quotes)
    return DateEnd(
        point=RestingPoint(case.name, date, quotes, pd.DataFrame(), complete=True),
        outcome=ending.outcome,
        reason=ending.reason,
        certificate=Certificate(()),
        closed_form={},
        described={},
        rounds=rounds,
        evaluations=0 if economy is None else economy.evaluations,
        stopped=error,
    )


def look(
    scenario: Declared[P], parameters: P, case: Case, economy: ScenarioEconomy
) -> tuple[RestingPoint, Certificate]:
    """Where the economy stands, as if it were at rest, and the certificate of that.

    Beside the scenario's own conditions the certificate has one for every margin that a rule asks
    for, and one for every market that Walras' law leaves over, recomputed from the netted orders,
    unless refining led away from those, or orders had not settled and the point is proved without
    them.
    """
    economy.rest()
    point = scenario.refine(parameters, at_rest(case.name, economy))
    if not len(point.agents):
        return point, Certificate(())
    conditions = scenario.certify(parameters, point).conditions
    orders_count = _moved(economy, point) <= SAME_POINT and not (point.proved and economy.running)
    redundant = economy.redundant() if orders_count else {}
    left_over = tuple(
        Condition(
            f"{REDUNDANT_NAME}{name}",
            abs(share),
            REDUNDANT,
            f"the market for {name}, which Walras' law leaves over, clears in value",
        )
        for name, share in redundant.items()
    )
    misses = {} if economy.infeasible else economy.house.misses(economy.posted)
    charged = tuple(
        Condition(
            f"{CHARGED_NAME}{name}",
            abs(missed),
            CHARGED,
            f"the {name} is what its rule asks for (share of the price)",
        )
        for name, missed in misses.items()
    )
    return point, Certificate((*conditions, *charged, *left_over))


def _moved(economy: ScenarioEconomy, point: RestingPoint) -> float:
    """Largest distance of a refined quote from where the rounds ended."""
    return max((abs(point.quotes[n] - quote) for n, quote in economy.quotes.items()), default=0.0)


def _proved(judged: Ending, economy: ScenarioEconomy, point: RestingPoint) -> Ending:
    """What a proved point counts as where the rounds had not settled."""
    unsettled = (
        f"{UNSETTLED_WORDS} {economy.round}; the equilibrium is proved, and no quote"
        f" of it is further than {_moved(economy, point):.1e} from where they ended"
    )
    return replace(judged, reason="; ".join(filter(None, (judged.reason, unsettled))))


def without_traders(end: DateEnd) -> DateEnd:
    """The same end without its table of traders."""
    return replace(end, point=replace(end.point, agents=pd.DataFrame()))


def _late(economy: ScenarioEconomy, time_limit: TimeLimit) -> Ending | None:
    """Whether the time allowed is over."""
    if not time_limit.over:
        return None
    assert economy.adjustment is not None
    return Ending(
        Outcome.OUT_OF_TIME,
        f"when the time allowed was over, in round {economy.round}, the largest excess demand was"
        f" {economy.adjustment.share:.1e} of what is traded",
    )


def _round(case: Case, economy: ScenarioEconomy) -> Round:
    assert economy.adjustment is not None
    return Round(
        case.name, economy.date, len(case.announcements), economy.round, economy.adjustment.share
    )
