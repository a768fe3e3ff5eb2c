"""The economy of promises on any number of states, and its parameters."""

from __future__ import annotations

from math import comb
from typing import Annotated, Any

import numpy as np
from pydantic import Field, field_validator, model_validator

from agents.beliefs import Beliefs
from agents.promises.state_believers import StateBelievers
from markets.promises.state_menu import Pledge, StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from markets.quote import FloatArray
from scenarios.promises.economy import Amount, Endowment, trembling_economy
from simulator.economy import Economy
from simulator.parameters import Parameters, Table, about

ADDS_UP = 1e-9
"""How far probabilities may be from adding up to 1."""

Owed = Annotated[float, Field(ge=0.0)]


class PromiseOffered(Table):
    """A promise that may be traded."""

    name: str = about("name of the promise", "", "a name", pattern=r"^[A-Za-z0-9_.-]+$")
    owed: Owed | list[Owed] = about(
        "what is owed on one unit: in every state, or state by state", "cash",
        "a number of at least 0, or a list with one per state",
    )  # fmt: skip
    asset: float = about("assets pledged for one unit", "assets", default=1.0, ge=0.0)
    cash: float = about("cash pledged for one unit", "cash", default=0.0, ge=0.0)


LOANS = [PromiseOffered(name=f"loan_{amount:g}", owed=amount) for amount in (0.2, 0.4, 0.6, 0.8)]


class EndogenousLeverage(Parameters):
    """Parameters of the scenario ``endogenous-leverage``."""

    payoffs: list[Owed] = about(
        "payoff of the asset in every state, from the best to the worst", "cash",
        "a list of at least two numbers of at least 0, not all 0", default=[1.0, 0.5, 0.1],
    )  # fmt: skip
    promises: list[PromiseOffered] = about(
        "promises that may be traded, each with what it owes and what is pledged for it", "",
        "a list of tables with name, owed, asset and cash; or an empty list", default=LOANS,
    )  # fmt: skip
    beliefs: str | list[float] | list[list[float]] = about(
        "probabilities of the states: a row for each trader; or one number h for each, or a"
        " distribution of h, where state k of S has the probability that S - 1 trials, each a"
        " success with probability h, fail k - 1 times", "probability",
        'rows of probabilities, a list of numbers strictly between 0 and 1, "uniform" or'
        ' "beta(a, b)"', default="uniform",
    )  # fmt: skip
    cash: Amount | list[Endowment] = about(
        "cash of each trader", "cash",
        "a positive number, or a list with one number of at least 0 per trader", default=1.0,
    )  # fmt: skip
    asset: Amount | list[Endowment] = about(
        "assets of each trader", "assets",
        "a positive number, or a list with one number of at least 0 per trader", default=1.0,
    )  # fmt: skip
    patience: Endowment | list[Amount] = about(
        "weight of consumption after the news; 0 if consumption now is worth nothing", "",
        "a number of at least 0, or a list with one positive number per trader", default=0.0,
    )  # fmt: skip
    storable: bool = about("whether cash can be kept until the news", default=True)
    traders: int = about("number of traders", "traders", default=100, ge=2, le=1_000)

    @field_validator("beliefs")
    @classmethod
    def _probabilities(cls, given: Any) -> Any:
        """Refuse beliefs that are none."""
        if isinstance(given, str) or not given or not isinstance(given[0], list):
            Beliefs(given)
            return given
        for row in given:
            if min(row, default=-1.0) < 0.0 or abs(sum(row) - 1.0) > ADDS_UP:
                raise ValueError(
                    f"beliefs contains {row}; probabilities are not negative and add up to 1"
                )
        if len(given) < 2:
            raise ValueError("beliefs has one row; at least two traders are needed")
        return given

    @model_validator(mode="after")
    def _together(self) -> EndogenousLeverage:
        """Refuse what does not fit together."""
        states = len(self.payoffs)
        if isinstance(self.beliefs, list):
            for row in self.beliefs:
                if isinstance(row, list) and len(row) != states:
                    raise ValueError(
                        f"beliefs contains {row}; there is one probability for each of the"
                        f" {states} payoffs"
                    )
        for name in ("cash", "asset", "patience"):
            owned = getattr(self, name)
            if isinstance(owned, list) and len(owned) != self.number:
                raise ValueError(
                    f"{name} lists {len(owned)} numbers; there are {self.number} traders"
                )
            if name != "patience" and isinstance(owned, list) and not any(owned):
                raise ValueError(f"{name} is 0 for every trader; somebody must own some")
        if not self.storable and self.patience == 0.0:
            raise ValueError(
                "storable is false and patience 0: cash can neither be kept nor consumed; let it be"
                " storable, or patience positive"
            )
        self.menu()
        return self

    @property
    def number(self) -> int:
        """Number of traders."""
        return self.traders if isinstance(self.beliefs, str) else len(self.beliefs)

    @property
    def chances(self) -> FloatArray:
        """Probability of every state to every trader, (n, S)."""
        if isinstance(self.beliefs, list) and isinstance(self.beliefs[0], list):
            return np.array(self.beliefs, dtype=np.float64)
        given = self.beliefs
        h = Beliefs(given).members(self.number) if isinstance(given, str) else np.array(given)
        trials = len(self.payoffs) - 1
        return np.column_stack(
            [comb(trials, k) * h ** (trials - k) * (1.0 - h) ** k for k in range(trials + 1)]
        )

    @property
    def weights(self) -> FloatArray:
        """Utility of consumption now and in every state to every trader, (n, 1 + S)."""
        patience = np.broadcast_to(np.asarray(self.patience, dtype=np.float64), self.number)
        consumes = float(np.any(patience > 0.0))
        later = patience if consumes else np.ones(self.number)
        return np.column_stack([np.full(self.number, consumes), later[:, None] * self.chances])

    def pledges(self) -> list[Pledge]:
        """The promises, with what is owed state by state."""
        states = len(self.payoffs)
        return [
            Pledge(
                p.name,
                tuple(p.owed) if isinstance(p.owed, list) else (p.owed,) * states,
                p.asset,
                p.cash,
            )
            for p in self.promises
        ]

    def menu(self) -> StateMenu:
        """What may be traded."""
        return StateMenu.of(self.payoffs, self.pledges(), storable=self.storable)


def build_states(
    parameters: EndogenousLeverage, rng: np.random.Generator | int = 0
) -> Economy[StateMenu, StateQuotes, StateBook]:
    """Make the economy."""
    economy = trembling_economy(parameters.menu(), parameters, rng)
    StateBelievers(
        economy,
        chances=parameters.chances,
        cash=parameters.cash,
        asset=parameters.asset,
        patience=None if parameters.patience == 0.0 else parameters.patience,
    )
    return economy
