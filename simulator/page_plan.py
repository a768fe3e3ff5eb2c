"""What of a page in the browser belongs to a scenario; the page itself is written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pandas as pd

from simulator import palette
from simulator.parameters import ParameterHelp, Parameters, declared
from simulator.point import DateEnd, RestingPoint, ScenarioEconomy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_AXES = 3
"""Axes that fit on the card of the quotes."""

WIDEST_SLIDER = 10.0
"""Widest declared range that a slider has by default; of a wider one a number is written."""

SLIDER_STEPS = 100
"""Steps of such a slider."""

RULE = ("rule", "step", "max_rounds")
"""What every page lets a reader choose of the rule that moves the quotes."""

ZERO = ("balance", "unaccounted", "unsecured", "walras")
"""Words in the names of accounts that are zero whatever is traded."""


@dataclass(frozen=True, slots=True)
class Control:
    """A parameter that a reader of the page may set before the market opens.

    Unit, allowed range and meaning are those of the parameter's declaration. With ``low``,
    ``high`` and ``step`` it is a slider, with ``choices`` (or a declaration that names the
    choices) a selector, otherwise a line of text that is read like ``--set`` of the command.

    Parameters
    ----------
    parameter : str
        A field of the scenario's parameters; of a list the control sets the first entry.
    low, high, step : float, optional
        Ends and step of a slider, inside the declared range.
    choices : tuple, optional
        Values of a selector.
    label : str, optional
        What to call it; the parameter's name unless given.
    """

    parameter: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    label: str = ""

    @property
    def slider(self) -> bool:
        """Whether it has a range to slide in."""
        return self.low is not None and self.high is not None and self.step is not None


def controls_of(model: type[Parameters]) -> tuple[Control, ...]:
    """A control for every parameter that is a number, a word, a choice or a list of them.

    A number with a narrow declared range is a slider, a choice a selector, the rest is written.
    Tables and files have none. The rule that moves the quotes comes last.
    """
    fields = model.model_fields
    return tuple(
        _control(item)
        for item in declared(model)
        if item.name not in RULE and _is_plain(fields[item.name].annotation)
    )


def _control(item: ParameterHelp) -> Control:
    """The control that suits a declaration."""
    if isinstance(item.default, bool):
        return Control(item.name, choices=(True, False))
    low, high = item.low, item.high
    if not isinstance(item.default, float) or low is None or high is None:
        return Control(item.name)
    step = round((high - low) / SLIDER_STEPS, 9)
    if high - low > WIDEST_SLIDER or step == 0.0:
        return Control(item.name)
    return Control(item.name, low, high, step)


def _is_plain(annotation: Any) -> bool:
    """Whether a line of text can say what a parameter is: one without tables and files."""
    if annotation in (str, bool, int, float) or get_origin(annotation) is Literal:
        return True
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is list:
        return all(_is_plain(part) for part in parts)
    return get_origin(annotation) is not dict and any(_is_plain(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Announcement:
    """A term that the page lets the clearing house announce in the running market.

    Parameters
    ----------
    parameter : str
        A field of the scenario's parameters that lists the term date by date.
    label : str
        The term in a word or two, for instance ``haircut``.
    low, high, step : float
        Ends and step of its slider, inside the declared range.
    """

    parameter: str
    label: str
    low: float
    high: float
    step: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A quote plotted by round; curves with the same axis share it.

    Parameters
    ----------
    quote : str
        Its name; the closed form of that name is drawn beside it.
    label, unit : str
        Name and unit of the axis.
    colour : str
        One of the palette's.
    scale : float
        What the recorded number is multiplied by, for instance 100 for percent.
    name : str, optional
        What the curve is called beside others on its axis; the label unless given.
    """

    quote: str
    label: str
    unit: str
    colour: str = palette.PRICE
    scale: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A line of the clearing house's balance sheet.

    Parameters
    ----------
    column : str
        Name among the accounts of the settlement.
    label, unit : str
        What the line says.
    kind : {"amount", "balance"}
        An amount is plotted by round; a balance is zero and is checked against the amounts.
    """

    column: str
    label: str
    unit: str
    kind: Literal["amount", "balance"] = "amount"


def accounts_of(accounts: Mapping[str, float]) -> tuple[Account, ...]:
    """A line for every account of a settlement, in the words of its name."""
    return tuple(
        Account(
            name,
            "value of all excess demand" if name == "walras" else name.replace("_", " "),
            "",
            "balance" if any(word in name.split("_") for word in ZERO) else "amount",
        )
        for name in accounts
    )


@dataclass(frozen=True, slots=True)
class Line:
    """Traders along a line, each with what it holds, or a schedule of orders along prices.

    Parameters
    ----------
    along, held : str
        Columns of the table: where a trader stands, and what it holds (negative: short).
    along_label, held_label : str
        Names of the axes with their units.
    traders : callable
        The economy after a round, and the largest number of rows, to the table. Changes nothing.
    marks : callable
        The economy after a round to the places of its marginal traders, by name, from long to
        short.
    names : tuple of str
        What to call those who hold something, nothing, and less than nothing.
    ends : tuple of float, optional
        Ends of the line; those of the table unless given.
    wide : bool
        Whether positions may differ so widely that they are drawn on a logarithmic scale.
    """

    along: str
    held: str
    along_label: str
    held_label: str
    traders: Callable[[ScenarioEconomy, int], pd.DataFrame]
    marks: Callable[[ScenarioEconomy], Mapping[str, float]]
    names: tuple[str, str, str] = ("long", "cash", "short")
    ends: tuple[float, float] | None = (0.0, 1.0)
    wide: bool = True


@dataclass(frozen=True, slots=True)
class SoFar:
    """What has happened in a market that is watched, up to a moment; to be looked at only.

    Attributes
    ----------
    case : str
        Name of the case.
    parameters : Parameters
        Those of the scenario, with what was announced.
    date : int
        The date that is on, from 1.
    rounds : pandas.DataFrame
        Every round so far, at all dates; without rows before the first.
    ends : tuple of DateEnd
        How the dates ended that have ended. Long tables of traders are kept of the last one only.
    point : RestingPoint, optional
        Traders as they stand, where they took positions after the last round; None if they did
        not.
    market : Market
        The markets.
    cohorts : tuple of Cohort
        Who trades, as they stand; of a date that ended and is over, none.
    first_quotes, quotes : mapping
        The quotes before the first round, and those posted last, by name.
    posted, book : object
        What the markets posted in the last round, and its netted orders; None before the first.
    """

    case: str
    parameters: Any
    date: int
    rounds: pd.DataFrame
    ends: tuple[DateEnd, ...]
    point: RestingPoint | None
    market: Any
    cohorts: tuple[Any, ...]
    first_quotes: Mapping[str, float]
    quotes: Mapping[str, float]
    posted: Any
    book: Any

    @property
    def traded(self) -> bool:
        """Whether there has been a round."""
        return self.posted is not None

    @property
    def dates(self) -> pd.DataFrame:
        """Outcome, quotes, closed form and what is told of every date that ended, a row each."""
        return pd.DataFrame(
            [
                {
                    "case": end.point.case,
                    "date": end.point.date,
                    "outcome": str(end.outcome),
                    **end.point.quotes,
                    **{f"closed_{name}": value for name, value in end.closed_form.items()},
                    **{k: v for k, v in end.described.items() if not isinstance(v, Mapping)},
                }
                for end in self.ends
            ]
        )

    @property
    def end(self) -> DateEnd | None:
        """How the date that is on ended; None while its rounds go on."""
        over = bool(self.ends) and self.ends[-1].point.date == self.date
        return self.ends[-1] if over else None

    @property
    def ended(self) -> bool:
        """Whether the date that is on has ended."""
        return self.end is not None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that tells the economy's story on a card of the page.

    Parameters
    ----------
    title : str
        Heading of the card.
    draw : callable
        What has happened so far, to a new figure of a card's size (see :mod:`simulator.card`).
        Changes nothing. Before the first round it is a frame with named axes.
    text : str, or callable
        What the picture shows, in a sentence for those who can't see it; a function of what has
        happened so far where that depends on it.
    """

    title: str
    draw: Callable[[SoFar], Figure]
    text: str | Callable[[SoFar], str]

    def says(self, so_far: SoFar) -> str:
        """The text, as it is true now."""
        return self.text(so_far) if callable(self.text) else self.text


def quoted(economy: ScenarioEconomy) -> tuple[Curve, ...]:
    """A curve for every quote that the markets post, those of the same unit on one axis.

    Of more than ``MOST_AXES`` units all are on one.
    """
    quotes = economy.market.quotes[: len(palette.EXCESS)]
    many = len({quote.unit for quote in quotes}) > MOST_AXES
    return tuple(
        Curve(
            quote.name,
            "quotes",
            "own units" if many else quote.unit,
            colour,
            name=quote.name.replace("_", " "),
        )
        for quote, colour in zip(quotes, palette.EXCESS, strict=False)
    )


@dataclass(frozen=True, slots=True)
class Page:
    """What a scenario shows in the browser.

    Attributes
    ----------
    controls : tuple of Control
        Parameters to set before the market opens; unless given, all that a line of text can say.
        The rule that moves the quotes can be chosen on every page.
    curves : tuple of Curve, or callable
        Quotes to plot by round; a function of the economy where what is quoted depends on it;
        all quotes unless given.
    line : Line, optional
        Positions to plot.
    accounts : tuple of Account
        The clearing house's balance sheet; all accounts of the settlement unless given.
    announcement : Announcement, optional
        What can be announced; without one, the announcements that the case declares.
    case_label : str
        What the cases of a scenario with several of them differ in.
    certify_rounds : bool
        Whether traders' positions may be taken, and certified, after every round and not only at
        rest. True where taking them changes nothing that later rounds depend on.
    pictures : tuple of Picture
        What tells the economy's story, in the order of the cards.
    day_by_day : bool
        Whether the next date begins by itself when markets rest, for scenarios of many dates.
    """

    controls: tuple[Control, ...] = ()
    curves: tuple[Curve, ...] | Callable[[ScenarioEconomy], tuple[Curve, ...]] = quoted
    line: Line | None = None
    accounts: tuple[Account, ...] = ()
    announcement: Announcement | None = None
    case_label: str = "case"
    certify_rounds: bool = False
    pictures: tuple[Picture, ...] = ()
    day_by_day: bool = False

    def controls_for(self, model: type[Parameters]) -> tuple[Control, ...]:
        """The controls, those of the rule last."""
        shown = self.controls or controls_of(model)
        there = {control.parameter for control in shown}
        return (*shown, *(Control(name) for name in RULE if name not in there))
