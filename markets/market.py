r"""What a round asks of the markets of an economy.

The markets of an economy move their quotes together. They have :math:`n` *coordinates*, numbers of
their own choosing from which the quotes follow (log prices, shares, places on a ladder of
reservation prices), and one excess demand per coordinate. A rule of :mod:`markets.adjustment` moves
the coordinates; it knows nothing else about the market.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic

import numpy as np
from typing_extensions import TypeVar

from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

SPREAD = 4.0
"""Largest factor between a first quote and a random one."""

Terms = TypeVar("Terms", default=None)
"""What the clearing house announces before a date's rounds: a haircut, a short limit, a menu."""

Quotes = TypeVar("Quotes", default=FloatArray)
"""What every trader sees in a round."""

Book = TypeVar("Book", default=FloatArray)
"""The orders of all cohorts, netted: a dataclass that lives beside its market."""

Trader = TypeVar("Trader", contravariant=True, default=object)
"""What the market must know of a cohort before it opens; nothing unless overridden."""


Start = str | Sequence[float] | Mapping[str, float]
"""Quotes to start from, see :meth:`Market.starting_quotes`."""


class Market(ABC, Generic[Terms, Quotes, Book, Trader]):
    """The markets of an economy; subclass it and say what they post and when they clear.

    Attributes
    ----------
    quotes : tuple of Quote
        Name, unit and meaning of every number that is posted; :meth:`named` has these names.
    excess_names : tuple of str
        Name of the excess demand of each coordinate, for instance ``security_excess``.
    excess_variables : tuple of Variable
        Unit and meaning of each of these.
    pace : float or array of shape (n,)
        Step of the textbook rule in each coordinate: how far it moves for a residual of one.
    """

    quotes: tuple[Quote, ...]
    excess_names: tuple[str, ...]
    excess_variables: tuple[Variable, ...] = ()
    pace: float | FloatArray = 0.1

    def open(self, cohorts: Sequence[Trader]) -> None:
        """Learn who trades, once, before the first date; nothing unless overridden.

        Raises
        ------
        Refused
            If these cohorts can't trade here, for instance because nobody owns anything.
        """

    @abstractmethod
    def first_quotes(self) -> dict[str, float]:
        """Starting quotes by name, from the primitives alone; asked for after :meth:`open`."""

    def random_quotes(self, rng: np.random.Generator) -> dict[str, float]:
        """Starting quotes drawn from a wide range.

        Each first quote times or divided by a factor of up to ``SPREAD``, unless overridden.
        """
        return {
            name: quote * float(np.exp(rng.uniform(-np.log(SPREAD), np.log(SPREAD))))
            for name, quote in self.first_quotes().items()
        }

    def starting_quotes(self, start: Start, rng: np.random.Generator) -> dict[str, float]:
        """Quotes to start from; asked for after :meth:`open`.

        Parameters
        ----------
        start : str, sequence or mapping
            ``primitives``: the first quotes; ``random``: drawn; quotes in their order; or by name,
            where those that are left out are the first quotes.
        rng : numpy.random.Generator
            The one source of randomness.

        Raises
        ------
        Refused
            If a name is not that of a quote, one is missing, or the start is neither word.
        """
        if start == "random":
            return self.random_quotes(rng)
        first = self.first_quotes()
        if start == "primitives":
            return first
        if isinstance(start, str):
            raise Refused(f'start is "{start}"; it must be "primitives", "random" or quotes')
        if not isinstance(start, Mapping):
            if len(start) != len(first):
                raise Refused(f"start lists {len(start)} quotes; there are {', '.join(first)}")
            start = dict(zip(first, start, strict=True))
        for name in start:
            if name not in first:
                raise Refused(f'start names "{name}"; the quotes are {", ".join(first)}')
        return first | {name: float(quote) for name, quote in start.items()}

    @abstractmethod
    def limits(self, terms: Terms) -> Limits:
        """The box of the coordinates: finite numbers, shape (n,)."""

    @abstractmethod
    def locate(self, quotes: Mapping[str, float], terms: Terms) -> FloatArray:
        """Coordinates of quotes by name, shape (n,); the inverse of posting where there is one."""

    def opening(
        self, quotes: dict[str, float], terms: Terms, rested: FloatArray | None
    ) -> FloatArray:
        """Coordinates from which the rounds of a date begin, once its terms are announced.

        Those of the quotes at which the last date ended (at the first, of :meth:`first_quotes`),
        unless overridden. Not asked where quotes were drawn or given.

        Parameters
        ----------
        quotes : dict
            The quotes by name.
        terms
            What the clearing house announced.
        rested : array of shape (n,), optional
            Where the last date rested, if dates are linked and it came to rest: on new terms these
            coordinates may mean something else.
        """
        return self.locate(quotes, terms)

    @abstractmethod
    def post(self, coordinates: FloatArray, terms: Terms, moved: FloatArray) -> Quotes:
        """The quotes at some coordinates.

        Parameters
        ----------
        coordinates : array of shape (n,)
            Where the markets stand.
        terms
            What the clearing house announced.
        moved : array of shape (n,)
            How far the coordinates moved last, for markets that report their depth over a distance.
        """

    @abstractmethod
    def named(self, posted: Quotes) -> dict[str, float]:
        """The posted quotes by the names of :attr:`quotes`, in their order."""

    @abstractmethod
    def excess(self, posted: Quotes, book: Book) -> Excess:
        """How far every coordinate's market is from clearing."""

    def depth(self, posted: Quotes, book: Book, coordinates: FloatArray) -> FloatArray | None:
        """Derivative of each residual (row) with respect to each coordinate (column), (n, n).

        None, unless overridden: then a round measures it by finite differences if its rule asks.
        """
        return None
