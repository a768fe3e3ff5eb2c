r"""A security that is traded spot and in repo, with margin charged to both sides.

The market posts two quotes, the security's price :math:`q` and the repo rate :math:`\rho \le 0`.
Traders see them through two *funded prices*

.. math:: e_1 = q (1 + \rho h), \qquad e_2 = q (1 + \rho (2 - h)), \qquad h = 1 - \text{haircut},

what a security costs a trader who funds it in repo, and what it brings a trader who borrows it to
sell it short. Orders depend on the haircut only through the size of what they can carry, and on
the quotes through :math:`e_1 \ge e_2`; so the market moves two coordinates on the ladder of
reservation prices, from which the quotes follow:

.. math:: q = e_2 + \frac{2 - h}{2 (1 - h)} (e_1 - e_2), \qquad
          \rho = -\frac{e_1 - e_2}{2 q (1 - h)}.

A haircut that follows the posted price by its rule, :math:`1 - h = m(q)`, is a third coordinate
beside these two, with the residual :math:`m(q) - (1 - h)`.

Where collateral is not reused nobody is short, a lender of cash has no use for the collateral, and
the repo rate rests at zero: at a negative one all owners would pledge and nobody would lend, at a
positive one nobody would keep the cash. One coordinate is left, the place of the marginal long.

Source: Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when margins are raised?"
(slides); funded prices and the specialness of the security (:math:`\rho < 0`) are our extension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np

from markets.instruments import Security
from markets.ladder import Ladder
from markets.margin import PostedMargin
from markets.market import Market
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.repo.book import RepoBook
from markets.repo.places import coordinates_of, places, slopes
from markets.repo.quotes import NO_MARGIN, RepoQuotes
from markets.scattered_nodes import PricesElsewhere, ScatteredNodes
from markets.variable import Variable


class RepoTrader(Protocol):
    """What the market learns about a cohort before it opens."""

    population: Literal["individuals", "continuum"]
    supply: float

    def open(self, security: Security) -> None:
        """Learn the payoffs."""
        ...

    def reservation_prices(self) -> FloatArray | PricesElsewhere:
        """Prices at which a member changes its order, or those who hold them."""
        ...


TINY = 1e-12
"""Orders below this share of the supply count as this share, and prices below this share of the
best payoff, so that logarithms and positions stay finite."""

HIGHEST = 0.999_999
"""Largest haircut that a margin which follows the price may reach."""

FEW = 100.0
"""Traders: the repo book is thin if no more than these can be short where the security is special,
each with as many securities as there are per trader; see :mod:`markets.repo.places`."""


class RepoMarket(Market[PostedMargin, RepoQuotes, RepoBook, RepoTrader]):
    r"""The markets for a security and for its repo.

    Coordinates: ``u[0]``, the place between longs and shorts (it rises with the price), in
    (-1, 0); ``u[1]``, a share of traders who hold only cash, in [0, 1): at its lower limit 0 the
    two funded prices are one and the repo rate is zero. Where the repo book is thin they are
    taken in another way, see :mod:`markets.repo.places`.

    Residuals: the logarithm of securities wanted over securities offered (longs over shorts plus
    endowments); and the logarithm of the securities that the clearing house must hold, to
    reinvest the margin, over those that there are. While the second is below zero with
    ``u[1] = 0`` the repo rate rests at zero. Where the repo book is thin, the reinvestment is
    taken at a security market that has cleared: then it exceeds the supply where shorts exceed
    (1-h)/(2h) of the supply (h the haircut), and the second residual is the logarithm of shorts
    over that.

    With ``margin_follows`` there is a third coordinate, the haircut, in [0, 1), whose residual is
    the haircut that the rule asks for at the posted price less the one posted.

    Parameters
    ----------
    security : Security
        What is traded.
    reuse : bool
        Whether a lender may sell what was pledged to it. If not, nobody can be short.
    margin_follows : bool
        Whether the margin rule may be asked in every round at the posted price.
    """

    quotes: tuple[Quote, ...] = (
        Quote("security_price", "cash per security", "price of the security"),
        Quote("repo_rate", "per period", "interest on cash lent against the security"),
    )
    excess_variables = (
        Variable("security_excess", "securities", "demand for the security less supply"),
        Variable(
            "reinvestment_excess",
            "securities",
            "collateral that reinvesting the margin held takes less the supply of securities",
        ),
        Variable(
            "haircut_excess",
            "share of the price",
            "haircut that the rule asks for less the one posted",
        ),
    )

    def __init__(
        self, security: Security, *, reuse: bool = True, margin_follows: bool = False
    ) -> None:
        self.security = security
        self.reuse = reuse
        self.margin_follows = margin_follows
        followed = ("haircut_excess",) if margin_follows else ()
        self.excess_names = ("security_excess", "reinvestment_excess", *followed)
        self._ladder: Ladder | None = None
        self._traders = 0

    def open(self, cohorts: Sequence[RepoTrader]) -> None:
        """Learn the reservation prices of all cohorts and refuse a market without supply."""
        for cohort in cohorts:
            cohort.open(self.security)
        if not sum(cohort.supply for cohort in cohorts) > 0.0:
            raise Refused("securities are 0 for every trader; somebody must own the security")
        top, bottom = self.security.high_payoff, self.security.low_payoff
        rungs: list[FloatArray] = []
        smooth: list[FloatArray] = []
        for cohort in cohorts:
            prices = cohort.reservation_prices()
            self._traders += prices.size
            if isinstance(prices, np.ndarray):
                (rungs if cohort.population == "individuals" else smooth).append(prices)
            elif len(cohorts) > 1:
                raise Refused(
                    f"there are {len(cohorts)} cohorts; one whose members are on several machines"
                    " must be the only one (its parts may differ)"
                )
            else:
                self._ladder = Ladder(ScatteredNodes(prices, top=top, bottom=bottom), True)
                return
        self._ladder = Ladder.of(rungs, smooth, top=top, bottom=bottom)

    @property
    def ladder(self) -> Ladder:
        """The ladder of reservation prices."""
        if self._ladder is None:
            raise RuntimeError("the market has not been opened: it knows no traders yet")
        return self._ladder

    def _can_be_special(self, terms: PostedMargin) -> bool:
        """Whether the repo rate can fall below zero."""
        return self.reuse and (terms.follows or terms.announced > NO_MARGIN)

    def thin(self, haircut: float) -> bool:
        """Whether few traders are short where the security is special, see :data:`FEW`."""
        shorts = min(1.0, (1.0 - haircut) / (2.0 * haircut)) if haircut > NO_MARGIN else np.inf
        return self._traders * shorts <= FEW

    def limits(self, terms: PostedMargin) -> Limits:
        """The box of the coordinates; without margin the repo rate has nothing to ration.

        Nor has it where collateral is not reused.
        """
        if terms.follows and not self.margin_follows:
            raise Refused(
                f"margin rule {type(terms.rule).__name__} follows the posted price; the market must"
                " be made with margin_follows=True"
            )
        count = 3 if self.margin_follows else 2
        special = self._can_be_special(terms)
        highest = HIGHEST if terms.follows else terms.announced
        return Limits(
            lower=np.array([-1.0, 0.0, 0.0 if terms.follows else highest])[:count],
            upper=np.array([0.0, 1.0 if special else 0.0, highest])[:count],
            lower_attained=np.array([False, True, not terms.follows])[:count],
            upper_attained=np.array([False, not special, not terms.follows])[:count],
            grain=self.ladder.grain,
        )

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes from the primitives alone: the mean payoff, and no interest."""
        mean = 0.5 * (self.security.low_payoff + self.security.high_payoff)
        return {"security_price": mean, "repo_rate": 0.0}

    def random_quotes(self, rng: np.random.Generator) -> dict[str, float]:
        """A price between half of the low and four times the high payoff, a rate above -1/2."""
        low, high = max(0.5 * self.security.low_payoff, 1e-3), 4.0 * self.security.high_payoff
        return {
            "security_price": float(np.exp(rng.uniform(np.log(low), np.log(high)))),
            "repo_rate": float(rng.uniform(-0.5, 0.0)),
        }

    def locate(self, quotes: Mapping[str, float], terms: PostedMargin) -> FloatArray:
        """Coordinates of two quotes, moved inside the ladder if they stand off it."""
        price, repo_rate = quotes["security_price"], quotes["repo_rate"]
        haircut = terms.announced
        loan = 1.0 - haircut
        edge = 0.5 / (self.ladder.nodes.size - 1)
        long_at = self.ladder.coordinate(price * (1.0 + repo_rate * loan))
        short_at = self.ladder.coordinate(price * (1.0 + repo_rate * (2.0 - loan)))
        long_at = min(max(long_at, edge), 1.0 - edge)
        short_at = min(max(short_at, long_at), 1.0 - edge)
        if not self._can_be_special(terms):
            short_at = long_at
        at = coordinates_of(long_at, short_at, thin=self.thin(haircut))
        return np.append(at, min(haircut, HIGHEST)) if self.margin_follows else at

    def opening(
        self, quotes: dict[str, float], terms: PostedMargin, rested: FloatArray | None
    ) -> FloatArray:
        """Where the last date rested, if its quotes stand there on the new terms too.

        A place on a rung is more than its price: it says what share of the orders is filled.
        """
        if rested is not None:
            posted = self.post(rested, terms, np.zeros_like(rested))
            if self.named(posted) == quotes:
                return self.limits(terms).clip(rested)
        return self.locate(quotes, terms)

    def post(self, coordinates: FloatArray, terms: PostedMargin, moved: FloatArray) -> RepoQuotes:
        """Quotes at the coordinates; the slope is measured over the distance last moved.

        Raises
        ------
        Infeasible
            If a margin rule that follows the price fails.
        """
        thin, follows = self.thin(terms.announced), terms.follows
        haircut = float(coordinates[2]) if follows else terms.announced
        long_at, short_at = places(coordinates, thin=thin)
        reach = float(np.max(moved[:2]))
        long_rung, short_rung = self.ladder.rung(long_at), self.ladder.rung(short_at)
        spread = long_rung.price - short_rung.price
        if haircut > NO_MARGIN and spread > 0.0:
            price = short_rung.price + (1.0 + haircut) / (2.0 * haircut) * spread
            repo_rate = -spread / (2.0 * price * haircut)
        else:
            price, repo_rate = long_rung.price, 0.0
        # a worst payoff of zero is the ladder's end: approached, and in floating point reached
        price = max(price, TINY * self.security.high_payoff)
        asked = terms.asked(price) if follows else haircut
        return RepoQuotes(
            price=price,
            repo_rate=repo_rate,
            haircut=haircut,
            security=self.security,
            long_rung=long_rung,
            short_rung=short_rung,
            long_band=self.ladder.band(long_at, reach),
            short_band=self.ladder.band(short_at, reach),
            reuse=self.reuse,
            asked=asked,
            asked_slope=terms.asked_slope(price, asked) if follows else 0.0,
            thin=thin,
        )

    def named(self, posted: RepoQuotes) -> dict[str, float]:
        """The quotes by name."""
        return {"security_price": posted.price, "repo_rate": posted.repo_rate}

    def excess(self, posted: RepoQuotes, book: RepoBook) -> Excess:
        """How far the two markets are from clearing."""
        offered = book.shorts + book.supply
        reinvested = posted.haircut * (book.longs + book.shorts)
        dust = TINY * book.supply
        beyond = reinvested - book.supply
        if posted.thin:
            room = (1.0 - posted.haircut) / (2.0 * posted.haircut) * book.supply
            second = (book.shorts + dust) / (room + dust)
            twice = 2.0 * posted.haircut
            share = twice * (book.shorts - room) / (twice * book.shorts + book.supply)
        else:
            second = (reinvested + dust) / book.supply
            share = beyond / (reinvested + book.supply)
        excess = Excess(
            residual=np.log([(book.longs + dust) / offered, second]),
            share=np.array([(book.longs - offered) / (book.longs + offered), share]),
            units=np.array([book.longs - offered, beyond]),
        )
        if not self.margin_follows:
            return excess
        missing = posted.asked - posted.haircut
        return Excess(
            residual=np.append(excess.residual, missing),
            share=np.append(excess.share, missing),
            units=np.append(excess.units, missing),
        )

    def depth(self, posted: RepoQuotes, book: RepoBook, coordinates: FloatArray) -> FloatArray:
        r"""Derivative of the residuals with respect to the coordinates, shape (n, n).

        The chain is coordinates -> places on the ladder :math:`(c_1, c_2)` and haircut -> funded
        prices and price -> longs and shorts -> residuals. What a move along the ladder adds to the
        longs is what waits in the band, and what the change of prices does to orders already there.
        """
        margin = posted.haircut
        e1, e2 = posted.long_band.price_slope, posted.short_band.price_slope
        to_long = (1.0 + margin) / (2.0 * margin) if margin > NO_MARGIN else 1.0
        price = np.array([to_long * e1, (1.0 - to_long) * e2])
        longs, shorts = book.longs_by_price * price, book.shorts_by_price * price
        longs[0] += book.longs_in_band / posted.long_band.length + book.longs_by_long_price * e1
        shorts[1] += book.shorts_by_short_price * e2
        shorts[1] -= book.shorts_in_band / posted.short_band.length
        dust = TINY * book.supply
        wanted, offered = book.longs + dust, book.shorts + book.supply
        reinvested = margin * (book.longs + book.shorts) + dust
        if posted.thin:
            second = shorts / (book.shorts + dust)
        else:
            second = margin * (longs + shorts) / reinvested
        chain = slopes(coordinates, thin=posted.thin)
        by_place = np.array([longs / wanted - shorts / offered, second]) @ chain
        if not self.margin_follows:
            return np.asarray(by_place)
        spread = posted.long_price - posted.short_price
        price_by_haircut = -0.5 * spread / margin**2 if margin > NO_MARGIN else 0.0
        more_longs = book.longs_by_price * price_by_haircut + book.longs_by_haircut
        more_shorts = book.shorts_by_price * price_by_haircut + book.shorts_by_haircut
        if posted.thin:
            room = 1.0 / max(margin * (1.0 - margin), NO_MARGIN)
            more_second = more_shorts / (book.shorts + dust) + room
        else:
            more = margin * (more_longs + more_shorts) + book.longs + book.shorts
            more_second = more / reinvested
        by_haircut = [more_longs / wanted - more_shorts / offered, more_second]
        asked = posted.asked_slope * np.append(price @ chain, price_by_haircut)
        asked[2] -= 1.0
        return np.vstack([np.column_stack([by_place, by_haircut]), asked])
