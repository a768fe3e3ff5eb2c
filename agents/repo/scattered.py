"""Traders of the repo market who are too many for one process: their arrays stay on workers."""

from __future__ import annotations

from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.clearing_house import total
from agents.cohort import Cohort, Population
from agents.repo.holders import Holders
from agents.repo.parts import Draw, Held, Recipe
from agents.repo.positions import VARIABLES
from markets.instruments import Security
from markets.margin import PostedMargin
from markets.quote import FloatArray
from markets.refused import Refused
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes

if TYPE_CHECKING:
    from distributed import Client

SUMS = ("cash", "security", "borrowed", "pledged")
"""What of :class:`agents.repo.parts.Held` is added up over parts; of the rest the worst counts."""


class ScatteredTraders(Cohort[PostedMargin, RepoQuotes, RepoBook, float]):
    """Traders who solve the problem of :mod:`agents.repo.traders`, in parts on several workers.

    Quotes go out, the totals of every part's orders come back, and the sum over parts is exactly
    rounded: it is the same to the last bit for any number of workers. Reservation prices stay
    where they are, see :mod:`markets.scattered_nodes`. It must be the only cohort of its market.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    draw : callable
        ``draw(stream, members)`` makes the members of a part where they are held, see
        :data:`agents.repo.parts.Draw`. Each part has a random stream of its own, spawned from the
        model's, so members don't depend on the number of workers.
    members : int
        Number of members.
    parts : int
        Parts to make them in; at least one for each worker, and two members in each.
    compiled : bool
        Whether to add up orders with numba.
    client : distributed.Client, optional
        Whose workers hold the members (extra ``cluster``); this process unless given. Made with
        ``direct_to_workers=True`` it asks them without the scheduler between.

    Raises
    ------
    Refused
        If there are too few members for the parts or too few parts for the workers, if a part can't
        be made, or later if a worker is lost.
    """

    variables = VARIABLES

    def __init__(
        self,
        model: mesa.Model,
        name: str = "traders",
        *,
        draw: Draw,
        members: int,
        parts: int = 16,
        compiled: bool = False,
        client: Client | None = None,
    ) -> None:
        if not 1 <= parts <= members // 2:
            raise Refused(
                f"parts is {parts}; it must be between 1 and half the number of members ({members})"
            )
        super().__init__(model, name, members)
        self.population: Population = "individuals"
        sizes = np.diff([members * k // parts for k in range(parts + 1)]).tolist()
        recipes = [
            Recipe(draw, size, stream)
            for size, stream in zip(sizes, model.rng.spawn(parts), strict=True)
        ]
        self._starts = np.cumsum([0, *sizes[:-1]]).tolist()
        self.holders = Holders(name, recipes, compiled, client)
        self.supply = float(np.sum(list(chain(*self.holders.ask("supplies")))))
        self.taken: tuple[RepoQuotes, float] | None = None

    # ------------------------------------------------------------------ what the market learns
    def open(self, security: Security) -> None:
        """Have the reservation prices worked out at the payoffs of ``security``."""
        self.holders.ask("open", security)

    def reservation_prices(self) -> ScatteredTraders:
        """The cohort itself, which answers for them."""
        return self

    @property
    def size(self) -> int:
        """Number of reservation prices."""
        return self.members

    def counts(self, levels: FloatArray) -> NDArray[np.int64]:
        """Number of reservation prices at each level or above."""
        return np.asarray(np.sum(self.holders.ask("counts", levels), axis=0), dtype=np.int64)

    def between(self, low: float, high: float) -> FloatArray:
        """Reservation prices at ``low`` or above and below ``high``, in falling order."""
        found = np.concatenate(self.holders.ask("between", low, high))
        return np.sort(found)[::-1]

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: RepoQuotes) -> RepoBook:
        """Best response of every member to the posted quotes, as totals; changes nothing."""
        book = total(list(chain(*self.holders.ask("orders", posted))))
        assert isinstance(book, RepoBook)
        return book

    def hold(self, posted: RepoQuotes, placed: float) -> None:
        """Remember at what quotes positions are taken; workers make them from these when asked."""
        self.taken = posted, placed

    # ------------------------------------------------------------------ the record
    def held(self) -> Held:
        """What all positions come to, and how far the worst member is from its constraints.

        Worked out for every member where it is held. It shows that budgets, solvency and the box
        hold and what is held in all; that orders are the best there are is shown for members of
        :meth:`table` only.
        """
        parts: list[Held] = list(chain(*self.holders.ask("held", *self._taken())))
        each = asdict(total(parts))  # type: ignore[call-overload]
        worst = {
            name: max(getattr(part, name) for part in parts) for name in each if name not in SUMS
        }
        return Held(**{**each, **worst})

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, about ``limit`` rows, spread evenly over the parts.

        Members are counted through the parts, by rising belief in each; quantiles are those of the
        part. Without a limit every member has a row, and the table must fit here.
        """
        posted, placed = self._taken()
        each = None if limit is None else max(limit // len(self._starts), 1)
        shown: list[pd.DataFrame] = list(
            chain(*self.holders.ask("tables", self.name, posted, placed, each))
        )
        for part, start in zip(shown, self._starts, strict=True):
            part["member"] += start
        return pd.concat(shown, ignore_index=True)

    def _taken(self) -> tuple[RepoQuotes, float]:
        if self.taken is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        return self.taken
