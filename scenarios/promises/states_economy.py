"""The economy of promises on any number of states, and its parameters."""

from __future__ import annotations

from math import comb
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from agents.beliefs import Beliefs
from agents.promises.state_believers import StateBelievers
from markets.promises.state_menu import Pledge, StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.promises.economy import trembling_economy
from simulator.data_file import written
from simulator.economy import Economy
from simulator.parameters import Parameters, Table, about
from simulator.population.believers import ENDOWMENT, Amount, Endowment, GivenEndowment
from simulator.population.members import (
    TABLE,
    GivenMembers,
    Value,
    correlation_parameter,
    drawable,
    is_drawn,
    populate,
    table_of,
)
from simulator.population.table import Column

MOST = 1_000
"""Traders that there may be."""

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
    beliefs: Annotated[
        str | list[float] | list[list[float]], PlainSerializer(written)
    ] = about(
        "probabilities of the states: a row for each trader; or one number h for each, or a"
        " distribution of h, where state k of S has the probability that S - 1 trials, each a"
        " success with probability h, fail k - 1 times", "probability",
        'rows of probabilities, a list of numbers strictly between 0 and 1, "uniform" or'
        ' "beta(a, b)", spread over the traders, or a distribution to draw h from, such as'
        ' "beta(a=2, b=3)"', default="uniform",
    )  # fmt: skip
    cash: GivenEndowment = about("cash of each trader", "cash", ENDOWMENT, default=1.0)
    asset: GivenEndowment = about("assets of each trader", "assets", ENDOWMENT, default=1.0)
    patience: Annotated[
        Endowment | list[Amount] | str, AfterValidator(drawable), PlainSerializer(written)
    ] = about(
        "weight of consumption after the news; 0 if consumption now is worth nothing", "",
        "a number of at least 0, a list with one positive number per trader, or a distribution",
        default=0.0,
    )  # fmt: skip
    members: GivenMembers = about(
        "traders one by one; a column that is missing takes the parameter's value. Columns: name;"
        " belief (h), or belief_state_1, belief_state_2 and so on for all states (probability);"
        " cash (cash); asset (assets); patience",
        "", TABLE, default=None,
    )  # fmt: skip
    correlation: dict[str, float] = correlation_parameter()
    storable: bool = about("whether cash can be kept until the news", default=True)
    traders: int = about(
        "number of traders; that of the members if these are given", "traders", default=100,
        ge=2, le=MOST,
    )  # fmt: skip

    @field_validator("beliefs")
    @classmethod
    def _probabilities(cls, given: Any, info: ValidationInfo) -> Any:
        """Refuse beliefs that are none."""
        if is_drawn(given):
            return drawable(given, info)
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

    @field_validator("traders")
    @classmethod
    def _counted(cls, traders: int, info: ValidationInfo) -> int:
        """As many as there are members."""
        states = len(info.data.get("payoffs", ()))
        table = table_of(info.data.get("members"), columns(states))
        if table is not None and not 2 <= len(table) <= MOST:
            raise ValueError(f"members has {len(table)} rows; it must have from 2 to {MOST:,}")
        return traders if table is None else len(table)

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
        for name in ("cash", "asset", "patience") if self.members is None else ():
            owned = getattr(self, name)
            if isinstance(owned, list) and len(owned) != self.number:
                raise ValueError(
                    f"{name} lists {len(owned)} numbers; there are {self.number} traders"
                )
            if name != "patience" and isinstance(owned, list) and not any(owned):
                raise ValueError(f"{name} is 0 for every trader; somebody must own some")
        if not self.storable and self.patience == 0.0 and self.members is None:
            raise ValueError(
                "storable is false and patience 0: cash can neither be kept nor consumed; let it be"
                " storable, or patience positive"
            )
        self.menu()
        return self

    @property
    def number(self) -> int:
        """Number of traders."""
        listed = isinstance(self.beliefs, list) and self.members is None
        return len(self.beliefs) if listed else self.traders

    @property
    def one_by_one(self) -> bool:
        """Whether traders are given in a table, or something of them is drawn."""
        fields = (self.beliefs, self.cash, self.asset, self.patience)
        return self.members is not None or any(is_drawn(value) for value in fields)

    def chances(self, h: FloatArray) -> FloatArray:
        """Probability of every state to traders of one number h each, (n, S)."""
        trials = len(self.payoffs) - 1
        return np.column_stack(
            [comb(trials, k) * h ** (trials - k) * (1.0 - h) ** k for k in range(trials + 1)]
        )

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


class StateTraders(NamedTuple):
    """Traders: probabilities (n, S), cash, assets and patience (n,), None if 0; and names."""

    chances: FloatArray
    cash: FloatArray
    asset: FloatArray
    patience: FloatArray | None
    names: list[str] | None

    @property
    def weights(self) -> FloatArray:
        """Utility of consumption now and in every state, (n, 1 + S)."""
        now = np.full(len(self.chances), float(self.patience is not None))
        later = self.chances if self.patience is None else self.patience[:, None] * self.chances
        return np.column_stack([now, later])

    @classmethod
    def shown(cls, agents: pd.DataFrame, states: int) -> StateTraders:
        """The traders as a table of positions shows them."""

        def column(name: str) -> FloatArray:
            return agents[name].to_numpy(dtype=np.float64)

        first = column("belief")
        chances = np.column_stack([first, 1.0 - first])
        if states > 2:
            chances = np.column_stack([column(name) for name in beliefs_by_state(states)])
        patience = column("patience") if "patience" in agents else None
        return cls(chances, column("endowed_cash"), column("endowed_asset"), patience, None)


def columns(states: int) -> tuple[Column, ...]:
    """What sets traders apart; a table of members may have these columns."""
    return (
        Column("belief", "probability", "h", 0.0, 1.0, open_low=True, open_high=True),
        *(Column(name, "probability", "", 0.0, 1.0) for name in beliefs_by_state(states)),
        Column("cash", "cash", "cash owned", 0.0),
        Column("asset", "assets", "assets owned", 0.0),
        Column("patience", "", "weight of consumption after the news", 0.0, open_low=True),
    )


def beliefs_by_state(states: int) -> list[str]:
    """Columns of the probabilities of the states."""
    return [f"belief_state_{k}" for k in range(1, states + 1)]


def traders_of(parameters: EndogenousLeverage, rng: np.random.Generator) -> StateTraders:
    """The traders: given one by one, by the parameters, or drawn.

    Raises
    ------
    Refused
        If they can't be used, or nobody owns any cash or any of the asset.
    """
    states, beliefs = len(parameters.payoffs), parameters.beliefs
    rows = beliefs_by_state(states)
    known = {column.name: column for column in columns(states)}
    table = table_of(parameters.members, tuple(known.values()))
    by_state = [name for name in rows if table is not None and name in table]
    if table is not None and by_state and ("belief" in table or len(by_state) < states):
        raise Refused(
            f"members has the columns {', '.join(n for n in table if n.startswith('belief'))};"
            f" it must have belief alone, or {', '.join(rows)}"
        )
    values: dict[str, Value] = {"cash": parameters.cash, "asset": parameters.asset}
    if parameters.patience != 0.0 or (table is not None and "patience" in table):
        values["patience"] = parameters.patience
    chances: FloatArray | None = None
    if by_state:
        values |= dict.fromkeys(rows, 0.0)
    elif table is not None and "belief" in table:
        values["belief"] = 0.5
    elif isinstance(beliefs, list) and isinstance(beliefs[0], list):
        chances = np.array(beliefs, dtype=np.float64)
    elif isinstance(beliefs, str) and not is_drawn(beliefs):
        chances = parameters.chances(Beliefs(beliefs).members(parameters.number))
    else:
        values["belief"] = beliefs
    made = populate(
        table,
        values,
        parameters.number,
        [known[name] for name in values],
        parameters.correlation,
        rng,
    )
    if by_state:
        chances = made.several(rows)
        wrong = np.abs(chances.sum(axis=1) - 1.0) > ADDS_UP
        if wrong.any():
            row = int(np.argmax(wrong))
            raise Refused(
                f"members, row {row + 1}: {', '.join(rows)} add up to {chances[row].sum():g}; they"
                " must add up to 1"
            )
    elif chances is None:
        chances = parameters.chances(made.each("belief"))
    for name in ("cash", "asset"):
        if not np.any(made.fields[name]):
            raise Refused(f"{name} is 0 for every trader; somebody must own some")
    patience = made.each("patience") if "patience" in values else None
    if patience is None and not parameters.storable:
        raise Refused("storable is false and patience 0: cash can neither be kept nor consumed")
    return StateTraders(chances, made.each("cash"), made.each("asset"), patience, made.names)


def build_states(
    parameters: EndogenousLeverage, rng: np.random.Generator | int = 0
) -> Economy[StateMenu, StateQuotes, StateBook]:
    """Make the economy.

    Raises
    ------
    Refused
        If given or drawn traders can't be used.
    """
    rng = np.random.default_rng(rng)
    traders = traders_of(parameters, rng)
    economy = trembling_economy(parameters.menu(), parameters, rng)
    StateBelievers(economy, **traders._asdict())
    return economy
