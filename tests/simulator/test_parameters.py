"""Parameters: declarations, help, TOML there and back, and refusals in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, model_validator

from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rules import RuleName
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.refused import Refused
from simulator.parameters import (
    Parameters,
    Table,
    about,
    allowed,
    declared,
    parse,
    parse_assignment,
    read_toml,
    rule_parameter,
    to_toml,
)
from simulator.population.members import DrawnBeliefs


class Bank(Table):
    """A table inside."""

    cash: float = about("cash of the bank", "cash", ge=0.0)


class Sample(Parameters):
    """Parameters of every kind."""

    haircut: float = about("haircut", "share of the value", default=0.1, ge=0.0, lt=1.0)
    traders: int = about("number of traders", default=10, gt=1)
    market: Literal["long", "short"] = about("kind of market", default="long")
    weights: list[Annotated[float, Field(gt=0.0)]] = about("weights", default=[1.0])
    beliefs: DrawnBeliefs = about("beliefs", default="uniform")
    cap: float | None = about("cap", allowed="a number, or nothing", default=None)
    open: bool = about("whether the market is open", default=True)
    banks: list[Bank] = about("banks", allowed="a list of banks", default=[])

    @model_validator(mode="after")
    def _together(self) -> Sample:
        if self.cap is not None and self.cap < self.haircut:
            raise ValueError(f"cap is {self.cap}, below the haircut of {self.haircut}")
        return self


class Implicit(Parameters):
    """Another default rule."""

    rule: RuleName = rule_parameter("implicit")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"haircut": 1.0}, r"haircut is 1\.0; it must be a number in \[0\.0, 1\.0\)"),
        ({"haircut": float("nan")}, "haircut is nan; it must be"),
        ({"traders": 1}, r"traders is 1; it must be a whole number in \(1, inf\)"),
        ({"traders": 2.5}, r"traders is 2\.5"),
        ({"market": "wide"}, 'market is "wide"; it must be "long" or "short"'),
        ({"weights": [1.0, 0.0]}, r"weights\[1\] is 0\.0"),
        ({"beliefs": "normal"}, 'beliefs is "normal"; known are'),
        ({"banks": [{"cash": -1.0}]}, r"banks\[0\]\.cash is -1\.0; it must be a number in \[0"),
        ({"banks": [{}]}, r"banks\[0\]\.cash is missing"),
        ({"banks": [{"money": 1.0}]}, 'no parameter "money"|money'),
        ({"cap": 0.05}, r"cap is 0\.05, below the haircut of 0\.1"),
        ({"hairct": 0.1}, "haircut"),
        ({"rule": "fast"}, 'rule is "fast"; it must be "safeguarded" or "plain"'),
        ({"step": 0.0}, "step is 0"),
        ({"max_rounds": 0}, "max_rounds is 0"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(bad: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        parse(Sample, bad)
    assert "\n" not in str(refused.value)


def test_parameters_do_not_change() -> None:
    parameters = parse(Sample, {"haircut": 0.2})
    with pytest.raises(ValueError, match="frozen"):
        parameters.haircut = 0.3


def test_the_rule_is_the_one_named_with_the_market_s_own_step() -> None:
    assert isinstance(Sample().adjuster(0.1), SafeguardedTatonnement)
    assert isinstance(Implicit().adjuster(0.1), ImplicitTatonnement)
    plain = Sample(rule="plain", step=3.0).adjuster(0.02)
    assert isinstance(plain, PlainTatonnement)
    assert plain.step == pytest.approx(0.06)


def test_help_has_a_scenario_s_own_parameters_first_and_the_common_ones_last() -> None:
    items = {item.name: item for item in declared(Sample)}
    assert list(items)[:2] == ["haircut", "traders"]
    assert list(items)[-4:] == ["rule", "step", "start", "max_rounds"]
    assert items["haircut"].unit == "share of the value"
    assert items["market"].choices == ("long", "short")
    assert items["cap"].allowed == "a number, or nothing"
    assert items["haircut"].default == 0.1
    assert declared(Implicit)[0].default == "implicit"
    assert allowed(Sample.model_fields["traders"]) == "a whole number in (1, inf)"
    assert allowed(Sample.model_fields["open"]) == "true or false"


@pytest.mark.parametrize("comments", [True, False])
def test_toml_is_read_back(comments: bool, tmp_path: Path) -> None:
    parameters = Sample(haircut=0.25, weights=[1.0, 2.0], banks=[Bank(cash=3.0), Bank(cash=4.0)])
    file = tmp_path / "run.toml"
    file.write_text(to_toml("sample", parameters, comments=comments), encoding="utf-8")
    name, given = read_toml(file)
    assert name == "sample"
    assert parse(Sample, given) == parameters
    assert ("# haircut [share of the value]" in file.read_text(encoding="utf-8")) is comments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("haircut = 0.1", "names no scenario"),
        ('scenario = "s"\nhaircut = 0.1', 'has "haircut" outside'),
        ('scenario = "s"\nparameters = 3', 'has "parameters" outside'),
        ('scenario = "s"\n[parameters]\nhaircut = ', "is not TOML: .*line 3"),
        ('scenario = "s"\n[parameters]\nbanks = 1\n[banks]\ncash = 1.0', "has banks twice"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        read_toml(file)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        read_toml(tmp_path / "nowhere.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="it is not text"):
        read_toml(binary)


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=1", 1), ("a = 0.5", 0.5), ("a=[1, 2]", [1, 2]), ("a=long", "long"), ('a="1"', "1"),
     ("a=x=y", "x=y")],
)  # fmt: skip
def test_an_assignment_is_toml_or_text(text: str, value: Any) -> None:
    assert parse_assignment(text) == ("a", value)


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="write --set key=value"):
        parse_assignment(text)


@pytest.mark.parametrize("text", ["a={file=own.py}", "a=[1, long]", "a=[1,"])
def test_a_table_or_a_list_that_is_not_toml_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not TOML; texts in a table or list stand in quotes"):
        parse_assignment(text)
