r"""Spot markets for securities that may be pledged in repo, and the repo markets beside them.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", equations (12) and
(13). The paper takes the repo rate as given and so can't satisfy (13); here it may be quoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from markets.market import Market
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.variable import Variable

PRICE_REACH = 700.0
"""Largest absolute log of a price that is itself a number in double precision."""

LOG_PRICE_REACH = 1e6
"""Largest absolute log price where orders are bounded. The price itself may be too small or too
large for double precision: nobody needs it, orders and margins depend on its logarithm."""

FREE_REACH = 1e12
"""Largest absolute log price where orders are linear in it, and it is all that is traded on."""


INDIFFERENT = 1e-3
"""Length of the range of a repo market's coordinate in which repo investors are indifferent: short,
so that steps from where pledging pays to where repo is shut seldom end in it."""


class PledgeableMarket(Market[RepoTerms, SpotQuotes, SpotBook]):
    r"""Spot and repo markets for one or more pledgeable securities with independent values.

    The coordinates of the spot markets are the log prices and their residuals the excess demands in
    securities, linear in the log prices as long as no investor is short of cash or securities.

    Where repo rates are quoted too, there is one more coordinate :math:`z` per security, in which
    orders remain linear. Above zero it is :math:`z = \ln(\chi(r)/h)`, what being pledgeable is
    worth, so it *falls* in the repo rate; its residual is the excess supply of loans, the
    securities that lenders want as collateral minus those that are pledged. It has two ends, both
    of which can be attained:

    * at its upper one the repo rate is zero, the return on storing cash: cash that nobody borrows
      is stored;
    * between 0 and :math:`-\epsilon` (``INDIFFERENT``) pledging is worth exactly what selling is,
      repo investors are indifferent, and a share :math:`1 + z/\epsilon` of their orders is
      pledged. At the lower end nobody pledges: repo is shut (Lemma 4), at this rate and at any
      above it.

    Parameters
    ----------
    mean_log_value : float or array of shape (securities,)
        Mean of the log value of each security, from which its log price starts.
    names : sequence of str
        Names of the securities, needed where there are several.
    quotes_rates : bool
        Whether repo rates are quoted, or given by the terms.
    reach : float
        Largest absolute log price.
    """

    excess_variables = (
        Variable("security_excess", "securities", "securities bought less sold"),
        Variable("security_excess_{instrument}", "securities", "{instrument} bought less sold"),
        Variable("loan_supply_excess", "securities", "loans offered less taken, by collateral"),
        Variable(
            "loan_supply_excess_{instrument}",
            "securities",
            "loans offered against {instrument} less taken, by collateral",
        ),
    )

    def __init__(
        self,
        mean_log_value: float | FloatArray,
        names: Sequence[str] = ("",),
        *,
        quotes_rates: bool = False,
        reach: float = LOG_PRICE_REACH,
    ) -> None:
        labels = [f"_{name}" if name else "" for name in names]
        self.mean_log_value = np.broadcast_to(
            np.asarray(mean_log_value, np.float64), len(labels)
        ).copy()
        self.quotes_rates = quotes_rates
        self.reach = reach
        prices = tuple(
            Quote(
                f"log_price{label}",
                "log of cash per security",
                f"logarithm of the price of the security{f' {name}' if name else ''}",
                "log_price_{instrument}",
            )
            for name, label in zip(names, labels, strict=True)
        )
        rates = tuple(
            Quote(
                f"repo_rate{label}",
                "per period",
                f"interest on loans against the security{f' {name}' if name else ''}",
                "repo_rate_{instrument}",
            )
            for name, label in zip(names, labels, strict=True)
        )
        self.quotes = prices + rates if quotes_rates else prices
        self.excess_names = tuple(f"security_excess{label}" for label in labels)
        if quotes_rates:
            self.excess_names += tuple(f"loan_supply_excess{label}" for label in labels)

    @property
    def securities(self) -> int:
        """Number of securities."""
        return len(self.mean_log_value)

    def limits(self, terms: RepoTerms) -> Limits:
        """Log prices within reach; repo rates from zero to where repo shuts."""
        reach = np.full(self.securities, self.reach)
        never = np.zeros(self.securities, np.bool_)
        if not self.quotes_rates:
            return Limits(-reach, reach, never, never)
        highest = terms.at(np.zeros_like(reach)).log_pledge_value
        return Limits(
            np.concatenate([-reach, np.full_like(reach, -INDIFFERENT)]),
            np.concatenate([reach, highest]),
            np.concatenate([never, ~never]),
            np.concatenate([never, ~never]),
        )

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes, from the primitives alone: mean log value, and a repo rate of zero."""
        rates = np.zeros(len(self.quotes) - self.securities)
        return self._by_name(np.concatenate([self.mean_log_value, rates]))

    def locate(self, quotes: Mapping[str, float], terms: RepoTerms) -> FloatArray:
        """Coordinates of quotes by name: the log prices, and what being pledgeable is worth."""
        values = np.array([quotes[quote.name] for quote in self.quotes])
        log_price, rates = values[: self.securities], values[self.securities :]
        if not self.quotes_rates:
            return log_price
        return np.concatenate([log_price, terms.at(rates).log_pledge_value])

    def post(self, coordinates: FloatArray, terms: RepoTerms, moved: FloatArray) -> SpotQuotes:
        """The quotes at some coordinates."""
        log_price, places = coordinates[: self.securities], coordinates[self.securities :]
        if not self.quotes_rates:
            return SpotQuotes.on(log_price, terms)
        priced = terms.worth_of(np.maximum(places, 0.0))
        return SpotQuotes(log_price, priced, np.clip(1.0 + places / INDIFFERENT, 0.0, 1.0))

    def named(self, posted: SpotQuotes) -> dict[str, float]:
        """The log prices by name, and the repo rates that are quoted."""
        rates = posted.terms.repo_rate if self.quotes_rates else np.empty(0)
        return self._by_name(np.concatenate([posted.log_price, rates]))

    def excess(self, posted: SpotQuotes, book: SpotBook) -> Excess:
        """Securities bought minus sold; and cash offered minus borrowed, in securities pledged."""
        units, volume = book.bought - book.sold, book.bought + book.sold
        if self.quotes_rates:
            units = np.concatenate([units, -book.pledged])
            volume = np.concatenate([volume, book.pledges])
        share = np.divide(units, volume, out=np.zeros_like(units), where=volume > 0.0)
        return Excess(residual=units, share=share, units=units)

    def depth(self, posted: SpotQuotes, book: SpotBook, coordinates: FloatArray) -> FloatArray:
        """Derivatives of the residuals: each security's depend on its own coordinates alone."""
        by_price = np.diag(book.by_price)
        if not self.quotes_rates:
            return by_price
        scale = np.where(posted.pledging < 1.0, 1.0 / INDIFFERENT, 1.0)
        return np.block(
            [
                [by_price, np.diag(scale * book.by_repo)],
                [-np.diag(book.pledged_by_price), -np.diag(scale * book.pledged_by_repo)],
            ]
        )

    def _by_name(self, values: FloatArray) -> dict[str, float]:
        return {q.name: float(v) for q, v in zip(self.quotes, values, strict=True)}
