"""How the rounds of a date ended, and how a run did, with advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from markets.refused import Infeasible
from simulator.stopping import INTERRUPTS
from simulator.time_limit import OutOfTime


class Outcome(StrEnum):
    """The ways in which a date, and so a run, may end.

    Only :attr:`CLEARED` is an equilibrium; what a certificate says of the last state is part of the
    record all the same. The last four are no ends of rounds: the run never began, or was stopped
    in between.
    """

    CLEARED = "cleared"
    NOT_CERTIFIED = "not certified"
    OUT_OF_ROUNDS = "ran out of rounds"
    OUT_OF_TIME = "ran out of time"
    CYCLES = "cycles"
    NO_TRADE = "no trade"
    OUT_OF_RANGE = "quote left its range"
    INFEASIBLE = "infeasible problem"
    OUT_OF_MEMORY = "ran out of memory"
    REFUSED = "refused input"
    INTERRUPTED = "interrupted"
    DEFECT = "internal error"

    @property
    def advice(self) -> str:
        """What happened, and what to try."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.CLEARED: "All markets cleared and every condition of the equilibrium was certified.",
    Outcome.NOT_CERTIFIED: "The rounds settled, but a condition of the equilibrium failed its"
    " check. Unless the scenario gives traders a belief that is wrong, please report it as a bug"
    " with the manifest.",
    Outcome.OUT_OF_ROUNDS: "The rounds ended before the markets cleared: allow more of them"
    " (max_rounds), try another rule (rule), or look at the excess demand by round for what does"
    " not settle.",
    Outcome.OUT_OF_TIME: "The time allowed was over before the run was: allow more of it"
    " (--time-limit), try another rule (rule), or leave studies out (--no-studies).",
    Outcome.CYCLES: "The quotes repeat themselves without clearing: take a smaller step (step) or"
    " another rule (rule = safeguarded).",
    Outcome.NO_TRADE: "Nobody trades at these quotes: an equilibrium, but a trivial one; start"
    " from more optimistic expectations to look for another.",
    Outcome.OUT_OF_RANGE: "Look for a side of the market without limits to its orders, or try"
    " another rule (rule).",
    Outcome.INFEASIBLE: "A trader has no choice that meets its constraints, or a margin rule gives"
    " no haircut: check endowments, incomes and the rule.",
    Outcome.OUT_OF_MEMORY: "There was not enough memory: ask for fewer members, dates or starts."
    " What was done before is recorded.",
    Outcome.REFUSED: "These parameters can't be used together; the reason says which and why.",
    Outcome.INTERRUPTED: "The run was interrupted; what was done before is recorded.",
    Outcome.DEFECT: "This is a defect of the program: please report it with the traceback and the"
    " manifest. What was done before is recorded.",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How the rounds of a date ended: the outcome, and in a sentence which condition decided it."""

    outcome: Outcome
    reason: str


def stopped_by(error: BaseException) -> Outcome:
    """What an error that stopped a run, or the certificate of a date, counts as."""
    kinds: dict[type[BaseException], Outcome] = {
        **dict.fromkeys(INTERRUPTS, Outcome.INTERRUPTED),
        OutOfTime: Outcome.OUT_OF_TIME,
        MemoryError: Outcome.OUT_OF_MEMORY,
        Infeasible: Outcome.INFEASIBLE,  # in a study; of dates the end tells
    }
    found = (outcome for kind, outcome in kinds.items() if isinstance(error, kind))
    return next(found, Outcome.DEFECT)


def stopped_in(error: BaseException, place: str) -> Ending:
    """The end that an error made, and in what."""
    outcome = stopped_by(error)
    if outcome is Outcome.INFEASIBLE:
        return Ending(outcome, f"{type(error).__name__}: {error}")
    if outcome is Outcome.INTERRUPTED:
        return Ending(outcome, str(error) or "interrupted by the user")
    if outcome is Outcome.OUT_OF_TIME:
        return Ending(outcome, f"{error} in {place}")
    if outcome is Outcome.OUT_OF_MEMORY:
        return Ending(outcome, f"memory was used up in {place}")
    return Ending(outcome, f"{type(error).__name__} in {place}: {error}")
