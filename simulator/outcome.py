"""How a run ended, with advice."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The ways in which rounds end.

    Only :attr:`CLEARED` is an equilibrium; what else a certificate says of the last state is part
    of the record all the same.
    """

    CLEARED = "cleared"
    NOT_CERTIFIED = "not certified"
    OUT_OF_ROUNDS = "ran out of rounds"
    CYCLES = "cycles"
    NO_TRADE = "no trade"
    OUT_OF_RANGE = "quote left its no-arbitrage range"
    INFEASIBLE = "infeasible problem"

    @property
    def advice(self) -> str:
        """What happened, and what to try."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.CLEARED: "All markets cleared and every condition of the equilibrium was certified.",
    Outcome.NOT_CERTIFIED: "The rounds settled, but a condition of the equilibrium failed its"
    " check: read the certificate. Unless the scenario gives traders a belief that is wrong, please"
    " report it as a bug with the manifest.",
    Outcome.OUT_OF_ROUNDS: "The rounds ended before the markets cleared: allow more rounds, start"
    " from other quotes, or look at the excess demand by round for what does not settle.",
    Outcome.CYCLES: "The quotes repeat themselves without clearing: take a smaller step or the"
    " safeguarded rule.",
    Outcome.NO_TRADE: "Nobody trades at these quotes: an equilibrium, but a trivial one; start"
    " from more optimistic expectations to look for another.",
    Outcome.OUT_OF_RANGE: "A quote reached the end of the range in which no arbitrage exists:"
    " look for a side of the market without limits to its orders.",
    Outcome.INFEASIBLE: "A trader has no choice that meets its constraints: check endowments and"
    " incomes.",
}
