"""A margin rule as a parameter: by its name, from a file, or from an installed package."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from importlib.metadata import entry_points
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError, model_validator

from markets.margin import (
    ExpectedShortfall,
    FilteredValueAtRisk,
    FlatMargin,
    LinearMargin,
    MarginRule,
    NormalValueAtRisk,
    ValueAtRisk,
)
from markets.quote import FloatArray
from markets.refused import Refused, first_line
from simulator.code_file import CodeFile
from simulator.data_file import DataFile
from simulator.names import unknown
from simulator.parameters import Table, about
from simulator.price_series import read_prices

GROUP = "walras.margin_rules"
"""Entry points of installed packages that announce margin rules: the object is the class."""

BUILT_IN: Mapping[str, type[MarginRule]] = {
    "flat": FlatMargin,
    "linear": LinearMargin,
    "value-at-risk": ValueAtRisk,
    "expected-shortfall": ExpectedShortfall,
    "filtered-value-at-risk": FilteredValueAtRisk,
    "normal-value-at-risk": NormalValueAtRisk,
}
"""Rules by name."""

MARGIN = (
    "a table: rule (" + ", ".join(f'"{name}"' for name in BUILT_IN) + ", a class in file, or one"
    " that an installed package announces), every_round, prices, stressed, and the rule's own"
    " settings"
)
"""What a margin rule may be as a parameter, in words."""


class MarginSettings(Table):
    """A margin rule and its settings; see :mod:`markets.margin` for those of each rule."""

    model_config = ConfigDict(
        frozen=True, extra="allow", allow_inf_nan=False, validate_default=True
    )

    rule: str = about(
        "name of a built-in rule, of a class in file, or of an announced one", "",
        "the name of a rule",
    )  # fmt: skip
    file: CodeFile | None = about(
        "Python file with a subclass of walras.MarginRule; it is executed", default=None
    )
    label: str = about("what tables call it; the rule's name unless given", default="")
    every_round: bool | None = about(
        "whether the rule is asked in every round at the posted price, or once per date at the last"
        " close; as the rule says unless given", default=None,
    )  # fmt: skip
    prices: DataFile | None = about(
        "past closing prices of one security: a CSV or Parquet file with a column date; they are"
        " scaled so that the last is the price from which the rounds start", default=None,
    )  # fmt: skip
    stressed: DataFile | None = about(
        "closing prices of a stressed period, whose log returns get stress_weight", default=None
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Nothing is refused here: what a rule does not know, the rule refuses."""
        return given

    @model_validator(mode="after")
    def _makes_a_rule(self) -> MarginSettings:
        """Refuse settings that the rule does not know, or that make no sense."""
        if self.file is None or self.file.named:
            self.make()
        return self

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.label or self.rule

    @property
    def can_be_made(self) -> bool:
        """Whether the rule needs no code, or only code that may be executed."""
        return self.file is None or self.file.named

    def make(self, **defaults: object) -> MarginRule:
        """The rule.

        Parameters
        ----------
        **defaults
            Settings that are used where the rule knows them and none was given.

        Raises
        ------
        Refused
            If there is no such rule, or it refuses its settings.
        """
        kind = self._kind()
        settings: dict[str, Any] = dict(self.model_extra or {})
        if self.stressed is not None:
            stressed = np.diff(np.log(_one_series(self.stressed, "stressed")))
            settings["stressed"] = tuple(stressed.tolist())
        known = _settings_of(kind)
        for name in settings:
            if known is not None and name not in known:
                raise Refused(unknown(name, sorted(known), f"setting of margin rule {self.rule}"))
        for name, value in defaults.items():
            if known is not None and name in known:
                settings.setdefault(name, value)
        try:
            if is_dataclass(kind):
                return TypeAdapter(kind).validate_python(settings)
            return kind(**settings)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in problem["loc"])
            said = str(problem["msg"]).removeprefix("Value error, ")
            raise Refused(
                said
                if problem["type"] == "value_error"
                else f"{where} of margin rule {self.rule}: {said[:1].lower()}{said[1:]}"
            ) from None
        except Refused:
            raise
        except Exception as error:
            raise Refused(
                f"margin rule {self.rule} can't be made: {type(error).__name__}:"
                f" {first_line(error)}"
            ) from error

    def past(self) -> FloatArray:
        """Closing prices before the first date, shape (n,); empty if none are given.

        Raises
        ------
        Refused
            If the file can't be used, or holds several securities.
        """
        return np.empty(0) if self.prices is None else _one_series(self.prices, "prices")

    def _kind(self) -> type[MarginRule]:
        if self.file is not None:
            kind = getattr(self.file.module(), self.rule, None)
            where = str(self.file.path)
        elif self.rule in BUILT_IN:
            return BUILT_IN[self.rule]
        else:
            points = {point.name: point for point in entry_points(group=GROUP)}
            if self.rule not in points:
                raise Refused(
                    f"{unknown(self.rule, [*BUILT_IN, *points], 'margin rule')}; one of your own"
                    ' is named with its file: {file = "my_rule.py", rule = "MyRule"}'
                )
            where = points[self.rule].value
            try:
                kind = points[self.rule].load()
            except Exception as error:
                raise Refused(
                    f"{where} fails to import: {type(error).__name__}: {first_line(error)}"
                ) from error
        if not (isinstance(kind, type) and issubclass(kind, MarginRule)):
            raise Refused(
                f"{where} has no margin rule {self.rule}; it must be a subclass of"
                " walras.MarginRule with a method haircut(self, known)"
            )
        return kind


def _settings_of(kind: type[MarginRule]) -> set[str] | None:
    """Names of the settings that a rule takes; None if it takes any."""
    asked = inspect.signature(kind).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in asked):
        return None
    return {one.name for one in asked}


def _one_series(file: DataFile, field: str) -> FloatArray:
    """Prices of the one security in a file."""
    series = read_prices(file.path)
    if len(series.names) > 1:
        raise Refused(
            f"{field}: {file.path} has prices of {', '.join(series.names)}; a margin rule reads one"
            " security"
        )
    return series.prices[:, 0]
