r"""Markets for cleared securities whose price decides who can pay, and who pays the price.

Quoted are the price p of each security, the share :math:`\gamma` of gains that the house pays, the
share :math:`\alpha` of the cap on assessments that it calls, and, where members owe each other, the
share :math:`r_i` of its debts that each pays. Each is cleared like a price. With A the appetite of
those who buy, S what is sold, v what a security is worth, and U the losses that defaulters' own
margin and contributions leave,

.. math::

   \ln p' &= \ln v - S / A, \\
   \alpha' &= \min\{1, (U - C - F)^+ / \bar A\}, \\
   \gamma' &= 1 - (U - C - F - \bar A)^+ / G, \\
   r_i' &= \min\{1, \text{what } i \text{ can pay} / \text{what } i \text{ owes}\},

C the house's capital, F the survivors' fund contributions, :math:`\bar A` the assessments that
survivors would pay, G the gains. The coordinates are :math:`\ln p, \gamma, \alpha, r`, and the
residual of each is what it implies less what is quoted: the rule ``plain`` at its own step replaces
every quote by what it implies. (Gains are cut only where assessments are called in full, so their
cut can be worked out at the full cap: then every implied rate rises with the others.)

Those steps begin at full payment, or at none. Where nobody has cleared positions (debts and own
securities only) what is implied rises with every quote: from full payment steps go down only, and
end at the greatest equilibrium, from none they go up only, and end at the least (Tarski). The same
holds for the rates where prices do not move. Where members are long and short, a lower price hurts
some and helps others: steps may turn, and what they find is only the equilibrium next to its start.

Sources: Eisenberg and Noe (2001) for r; Cifuentes, Ferrucci and Shin (2005) for p, whose
exponential inverse demand this is; the layers are those of central counterparties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from markets.market import Market
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Infeasible, Refused
from markets.variable import Variable
from markets.waterfall.layers import Layers
from markets.waterfall.quotes import WaterfallBook, WaterfallQuotes, WaterfallTerms

REACH = 30.0
"""Largest distance of a log price from that of what a security is worth."""

DUST = 1e-12
"""Securities to be sold, as a share of all positions, that are rounding of those that net."""


class Exposed(Protocol):
    """What the market learns about a cohort before it opens."""

    def failing(self, terms: WaterfallTerms) -> tuple[FloatArray, FloatArray]:
        """What is sold if all fail who lose by the news or owe anything, and others' appetite."""
        ...


class WaterfallMarket(Market[WaterfallTerms, WaterfallQuotes, WaterfallBook, Exposed]):
    """The markets for K securities and the rates of payment, which move their quotes together.

    Parameters
    ----------
    securities : sequence of str
        Their names.
    value : array of shape (K,)
        What each is worth before the first date; positive.
    indebted : sequence of str
        Names of the members who owe each other; empty where none does.
    paid : bool
        Whether the rounds of a date begin at full payment, which leads to the greatest equilibrium,
        or at none, which leads to the least.

    Raises
    ------
    Refused
        If a value is not positive.
    """

    pace = 1.0

    excess_variables = (
        Variable("excess[{instrument}]", "securities", "wanted by buyers minus sold"),
        Variable("gains_error", "share", "share of gains that losses allow minus what is quoted"),
        Variable("assessed_error", "share", "share of the cap that losses need minus quoted"),
        Variable("repaid_error[{member}]", "share", "what {member} can pay minus what is quoted"),
    )

    def __init__(
        self,
        securities: Sequence[str],
        value: FloatArray,
        indebted: Sequence[str] = (),
        *,
        paid: bool = True,
    ) -> None:
        self.securities = tuple(securities)
        self.value = np.asarray(value, dtype=np.float64)
        if not np.all(self.value > 0.0):
            raise Refused(f"value is {self.value.tolist()}; prices must be positive")
        self.indebted, self.paid = tuple(indebted), paid
        self._cohorts: tuple[Exposed, ...] = ()
        self.quotes = (
            *(
                Quote(f"price[{name}]", "cash per security", f"price of {name}")
                for name in self.securities
            ),
            Quote("gains_paid", "share", "share of variation margin on gains that the house pays"),
            Quote("assessed", "share", "share of the cap on assessments that the house calls"),
            *(
                Quote(f"repaid[{name}]", "share", f"share of what it owes that {name} pays")
                for name in self.indebted
            ),
        )
        self.excess_names = (
            *(f"excess[{name}]" for name in self.securities),
            "gains_error",
            "assessed_error",
            *(f"repaid_error[{name}]" for name in self.indebted),
        )

    def first_quotes(self) -> dict[str, float]:
        """What securities are worth, and full payment, or none."""
        return dict(zip(self._names, [*self.value.tolist(), *self._rates], strict=True))

    def random_quotes(self, rng: np.random.Generator) -> dict[str, float]:
        """Prices within a wide range of what securities are worth; any rates."""
        drawn = super().random_quotes(rng)
        rates = self._names[len(self.securities) :]
        return drawn | dict(zip(rates, rng.uniform(size=len(rates)).tolist(), strict=True))

    def open(self, cohorts: Sequence[Exposed]) -> None:
        """Learn who may have to sell."""
        self._cohorts = tuple(cohorts)

    def opening(
        self, quotes: dict[str, float], terms: WaterfallTerms, rested: FloatArray | None
    ) -> FloatArray:
        """Full payment, at what securities are worth if nobody has to sell; or no payment.

        Then at prices at which everybody who loses by the news, or owes something, has failed.
        """
        start = np.append(np.log(terms.value), self._rates)
        if self.paid:
            return start
        failing = [cohort.failing(terms) for cohort in self._cohorts]
        sold, appetite = (np.sum(parts, axis=0) for parts in zip(*failing, strict=True))
        fall = np.divide(sold, appetite, out=np.zeros_like(sold), where=appetite > 0.0)
        start[: fall.size] -= np.clip(fall, -REACH / 2, REACH / 2)
        return start

    def limits(self, terms: WaterfallTerms) -> Limits:
        """Rates lie in [0, 1] and may rest at either end; log prices are free."""
        logs, count = np.log(terms.value), 2 + len(self.indebted)
        lower = np.concatenate([logs - REACH, np.zeros(count)])
        upper = np.concatenate([logs + REACH, np.ones(count)])
        rates = np.arange(lower.size) >= logs.size
        return Limits(lower, upper, rates, rates)

    def locate(self, quotes: Mapping[str, float], terms: WaterfallTerms) -> FloatArray:
        """Logarithms of prices, and the rates."""
        given = np.array([quotes[name] for name in self._names])
        count = len(self.securities)
        given[:count] = np.log(given[:count])
        return given

    def post(
        self, coordinates: FloatArray, terms: WaterfallTerms, moved: FloatArray
    ) -> WaterfallQuotes:
        """Prices and rates."""
        count = len(self.securities)
        return WaterfallQuotes(
            terms=terms,
            securities=self.securities,
            price=np.exp(coordinates[:count]),
            gains_paid=float(coordinates[count]),
            assessed=float(coordinates[count + 1]),
            repaid=coordinates[count + 2 :],
        )

    def named(self, posted: WaterfallQuotes) -> dict[str, float]:
        """The quotes by name."""
        rates = [posted.gains_paid, posted.assessed, *posted.repaid.tolist()]
        return dict(zip(self._names, [*posted.price.tolist(), *rates], strict=True))

    def excess(self, posted: WaterfallQuotes, book: WaterfallBook) -> Excess:
        """What each quote implies less what is quoted.

        Raises
        ------
        Infeasible
            If something is sold and nobody is left to buy it.
        """
        alone = (book.appetite <= 0.0) & (np.abs(book.sold) > DUST * book.open_interest)
        for k in np.flatnonzero(alone):
            raise Infeasible(
                f"{book.sold[k]:g} of {self.securities[k]} have to be sold and nobody is left to"
                " buy them: give more members cash, or some an appetite, or name outside investors"
            )
        logs = np.log(posted.price / posted.terms.value)
        pressure = np.divide(
            book.sold, book.appetite, out=np.zeros_like(logs), where=book.appetite > 0.0
        )
        units = -book.appetite * logs - book.sold
        size = book.appetite + book.open_interest
        left = max(book.uncovered - posted.terms.capital - book.fund, 0.0)
        called = min(1.0, left / book.assessable) if book.assessable > 0.0 else float(left > 0.0)
        cut = max(left - book.assessable, 0.0)
        paid = 1.0 - min(1.0, cut / book.gains) if book.gains > 0.0 else 1.0
        errors = np.concatenate(
            [[paid - posted.gains_paid, called - posted.assessed], book.repaid - posted.repaid]
        )
        share = np.divide(units, size, out=np.zeros_like(units), where=size > 0.0)
        return Excess(
            residual=np.concatenate([-pressure - logs, errors]),
            share=np.concatenate([share, errors]),
            units=np.concatenate([units, errors]),
        )

    @property
    def _rates(self) -> list[float]:
        """Rates of full payment, or of none: gains paid, assessed, debts repaid."""
        paid = float(self.paid)
        return [paid, 1.0 - paid, *[paid] * len(self.indebted)]

    @property
    def _names(self) -> list[str]:
        return [quote.name for quote in self.quotes]


def layers(posted: WaterfallQuotes, book: WaterfallBook) -> Layers:
    """What each layer can bear at the posted quotes."""
    return Layers(
        capital=posted.terms.capital,
        fund=book.fund,
        assessments=posted.assessed * book.assessable,
        gains=book.gains,
    )
