"""Margin rules as parameters: by name, from a file, from an installed package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from markets.margin import FlatMargin, Known, MarginRule, ValueAtRisk
from markets.refused import Refused
from simulator import margin_settings
from simulator.margin_settings import BUILT_IN, MarginSettings
from simulator.parameters import Parameters, parse

OWN = """
from dataclasses import dataclass
import walras

@dataclass(frozen=True)
class Steep(walras.MarginRule):
    rise: float = 0.5
    def haircut(self, known):
        return 0.1 + self.rise * max(0.0, 1.0 - known.price)

class Plain(walras.MarginRule):
    def __init__(self, level=0.2):
        self.level = 1.0 / level
    def haircut(self, known):
        return 1.0 / self.level

class Nothing:
    pass
"""


class Sample(Parameters):
    margin: MarginSettings | None = None


def asked(given: dict[str, Any], **context: Any) -> MarginSettings:
    margin = parse(Sample, {"margin": given}, **context).margin
    assert margin is not None
    return margin


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_every_built_in_rule_can_be_made_by_name(name: str) -> None:
    needed = {
        "flat": {"rate": 0.1},
        "linear": {"base": 0.1, "rise": 0.2, "reference": 1.0},
    }
    made = asked({"rule": name, **needed.get(name, {})}).make()
    assert type(made) is BUILT_IN[name]


def test_settings_reach_the_rule_and_survive_a_manifest() -> None:
    given = asked({"rule": "value-at-risk", "confidence": 0.95, "horizon": 10, "label": "ours"})
    assert given.make() == ValueAtRisk(confidence=0.95, horizon=10)
    assert given.name == "ours"
    again = asked(given.model_dump(mode="json", exclude_none=True))
    assert again.make() == given.make()
    assert given.make(side="short", rate=3) == ValueAtRisk(
        confidence=0.95, horizon=10, side="short"
    )


def prices(folder: Path, name: str, values: list[float]) -> Path:
    path = folder / name
    rows = [f"2024-01-{day:02d},{value}" for day, value in enumerate(values, start=1)]
    path.write_text("date,bond\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_past_prices_and_stressed_returns_come_from_files(tmp_path: Path) -> None:
    past = prices(tmp_path, "past.csv", [1.0, 2.0, 4.0])
    bad = prices(tmp_path, "bad.csv", [1.0, 0.5, 0.25, 0.125])
    given = asked(
        {
            "rule": "value-at-risk", "confidence": 0.6, "prices": str(past), "stressed": str(bad),
            "stress_weight": 0.25, "side": "long",
        }
    )  # fmt: skip
    assert given.past().tolist() == [1.0, 2.0, 4.0]
    rule = given.make()
    assert isinstance(rule, ValueAtRisk)
    assert rule.stressed == pytest.approx([-np.log(2.0)] * 3)
    two = tmp_path / "two.csv"
    two.write_text("date,a,b\n2024-01-01,1,2\n2024-01-02,1,2\n", encoding="utf-8")
    with pytest.raises(Refused, match="prices of a, b; a margin rule reads one"):
        asked({"rule": "value-at-risk", "prices": str(two)}).past()


def test_a_rule_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    steep = asked({"file": str(path), "rule": "Steep", "rise": 1.0}).make()
    assert steep.haircut(Known(0.8)) == pytest.approx(0.3)
    plain = asked({"file": str(path), "rule": "Plain"}).make()
    assert plain.haircut(Known(0.8)) == pytest.approx(0.2)
    for given, said in (
        ({"rule": "Steep", "rize": 1.0}, '"rize" is not a setting of margin rule Steep'),
        ({"rule": "Nothing"}, "must be a subclass of walras.MarginRule"),
        ({"rule": "Missing"}, "must be a subclass of walras.MarginRule"),
        ({"rule": "Plain", "level": 0.0}, "can't be made: ZeroDivisionError"),
    ):
        with pytest.raises(Refused, match=said):
            asked({"file": str(path), **given})


def test_code_runs_only_where_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN + "\nopen(__file__ + '.ran', 'w').close()\n", encoding="utf-8")
    given = asked({"file": str(path), "rule": "Steep", "anything": 1}, code=[])
    assert not given.can_be_made
    with pytest.raises(Refused, match="is code, which a file of parameters can't have executed"):
        given.make()
    assert not path.with_name("own.py.ran").exists()
    assert asked({"file": str(path), "rule": "Steep"}, code=[path]).can_be_made
    assert path.with_name("own.py.ran").exists()


@dataclass(frozen=True)
class Announced(MarginRule):
    level: float = 0.25

    def haircut(self, known: Known) -> float:
        return self.level


def test_installed_packages_announce_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("ours", f"{__name__}:Announced", margin_settings.GROUP),
        EntryPoint("gone", "no_such_module:Rule", margin_settings.GROUP),
    ]
    monkeypatch.setattr(margin_settings, "entry_points", lambda group: points)
    monkeypatch.setitem(__import__("sys").modules, __name__, __import__("sys").modules[__name__])
    assert asked({"rule": "ours", "level": 0.5}).make() == Announced(0.5)
    with pytest.raises(Refused, match="no_such_module:Rule fails to import"):
        asked({"rule": "gone"})
    with pytest.raises(Refused, match='did you mean "ours"'):
        asked({"rule": "our"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rule": "flat"}, "rate of margin rule flat: field required"),
        ({"rule": "flat", "rate": 1.0}, "haircut is 1.0"),
        ({"rule": "value-at-rsk"}, 'did you mean "value-at-risk"'),
        ({"rule": "value-at-risk", "windw": 3}, 'did you mean "window"'),
        ({"rule": "value-at-risk", "window": "x"}, "window of margin rule value-at-risk"),
        ({"rule": "value-at-risk", "confidence": float("nan")}, "confidence"),
        ({}, "rule is missing; it must be the name of a rule"),
        ({"rule": "flat", "rate": 0.1, "prices": "nowhere.csv"}, 'prices is "nowhere.csv"'),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(given)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_defaults_are_given_only_where_the_rule_knows_them() -> None:
    assert asked({"rule": "flat", "rate": 0.1}).make(side="long") == FlatMargin(0.1)
