"""Traders on a line of beliefs who own cash and an asset, as parameters of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from agents.beliefs import Beliefs
from agents.cohort import Population
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.data_file import written
from simulator.parameters import Parameters, about
from simulator.population.members import (
    DrawnBeliefs,
    GivenMembers,
    correlation_parameter,
    drawable,
    is_drawn,
    members_parameter,
    populate,
    table_of,
)
from simulator.population.table import Column

Amount = Annotated[float, Field(gt=0.0)]
Endowment = Annotated[float, Field(ge=0.0)]


GivenEndowment = Annotated[
    Amount | list[Endowment] | str, AfterValidator(drawable), PlainSerializer(written)
]
"""What traders own, as a parameter: the same, one per trader, or a distribution."""

ENDOWMENT = (
    "a positive number, a list with one number of at least 0 per trader, or a distribution such as"
    " lognormal(mean=2, sd=1)"
)

COLUMNS = (
    Column("belief", "probability", "probability given to good news", 0.0, 1.0,
           open_low=True, open_high=True),
    Column("cash", "cash", "cash owned", 0.0),
    Column("asset", "assets", "assets owned", 0.0),
)  # fmt: skip
"""What sets traders apart; a table of members may have these columns."""


class BelieverParameters(Parameters):
    """Parameters of a scenario whose traders differ in belief and endowment."""

    beliefs: DrawnBeliefs = about(
        "probabilities that traders give to good news", "probability",
        '"uniform" or "beta(a, b)", spread over the traders; a distribution to draw from, such as'
        ' "beta(a=2, b=3)"; or a list of probabilities strictly between 0 and 1',
        default="uniform",
    )  # fmt: skip
    cash: GivenEndowment = about("cash of each trader", "cash", ENDOWMENT, default=1.0)
    asset: GivenEndowment = about("assets of each trader", "assets", ENDOWMENT, default=1.0)
    members: GivenMembers = members_parameter(COLUMNS)
    correlation: dict[str, float] = correlation_parameter()
    traders: int = about(
        "number of traders; that of the members if these are given", "traders", default=100_000,
        ge=2, le=1_000_000,
    )  # fmt: skip
    population: Population = about(
        "whether traders are finitely many, or a continuum: finitely many if not given and members"
        " are given or something is drawn",
        allowed='"individuals" or "continuum"', default="continuum",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _individuals(cls, given: Any) -> Any:
        """Members who are given or drawn are individuals, unless something else is asked for."""
        if not isinstance(given, Mapping) or "population" in given:
            return given
        drawn = any(is_drawn(given.get(name)) for name in ("beliefs", "cash", "asset"))
        alone = drawn or given.get("members") is not None
        return {**given, "population": "individuals"} if alone else given

    @field_validator("traders")
    @classmethod
    def _counted(cls, traders: int, info: ValidationInfo) -> int:
        """As many as there are members."""
        table = table_of(info.data.get("members"), COLUMNS)
        return traders if table is None else len(table)

    @model_validator(mode="after")
    def _believers_together(self) -> Self:
        """Refuse traders who can't be what the population says."""
        if self.population == "continuum":
            if self.members is not None or self.drawn:
                raise ValueError(
                    'population is "continuum", whose traders own the same and lie on a line of'
                    ' beliefs; set it to "individuals" where members are given or drawn'
                )
            Beliefs(self.beliefs).refuse_ties()
        if self.members is None:
            for name in ("cash", "asset"):
                self._one_each(name, getattr(self, name))
        return self

    def _one_each(self, name: str, owned: float | list[float]) -> None:
        """Refuse lists of endowments that do not fit the traders."""
        if not isinstance(owned, list):
            return
        if self.population == "continuum":
            raise ValueError(
                f'{name} is a list, one number per trader; set population to "individuals", since'
                " traders of a continuum all own the same"
            )
        if len(owned) != self.number:
            raise ValueError(f"{name} lists {len(owned)} numbers; there are {self.number} traders")
        if not any(owned):
            raise ValueError(f"{name} is 0 for every trader; somebody must own some")

    @property
    def drawn(self) -> bool:
        """Whether something of the traders is drawn at random."""
        return any(is_drawn(value) for value in (self.beliefs, self.cash, self.asset))

    @property
    def spread(self) -> bool:
        """Whether beliefs are surely spread over the traders, as their distribution says."""
        return isinstance(self.beliefs, str) and not is_drawn(self.beliefs) and self.members is None

    @property
    def number(self) -> int:
        """Number of traders."""
        listed = isinstance(self.beliefs, list) and self.members is None
        return len(self.beliefs) if listed else self.traders


class Traders(NamedTuple):
    """Traders as the economy is made from them; cash and assets are one number or one each."""

    beliefs: Beliefs
    cash: float | FloatArray
    asset: float | FloatArray
    members: int
    names: list[str] | None


def traders_of(parameters: BelieverParameters, rng: np.random.Generator) -> Traders:
    """The traders: given one by one, by the parameters, or drawn.

    Raises
    ------
    Refused
        If they can't be used, or nobody owns any cash or any of the asset.
    """
    table = table_of(parameters.members, COLUMNS)
    beliefs: str | list[float] | FloatArray = parameters.beliefs
    spread = isinstance(beliefs, str) and not is_drawn(beliefs)
    given = table is not None and "belief" in table
    values = {"belief": beliefs, "cash": parameters.cash, "asset": parameters.asset}
    known = COLUMNS[1:] if spread and not given else COLUMNS
    made = populate(table, values, parameters.number, known, parameters.correlation, rng)
    if "belief" in made.fields:
        beliefs = made.each("belief")
    for name in ("cash", "asset"):
        if not np.any(made.fields[name]):
            raise Refused(f"{name} is 0 for every trader; somebody must own some")
    return Traders(
        Beliefs(beliefs), made.fields["cash"], made.fields["asset"], made.count, made.names
    )
