"""What a run of a composed economy says of its composition, and of points it refined."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.certificate import Certificate
from simulator.composed import NEAR, Composed, Composition
from simulator.export import name_of
from simulator.outcome import Outcome
from simulator.point import RestingPoint
from simulator.run import Run
from walras import Economy, FlatMargin, RepoClearingHouse, RepoMarket, Security, Traders
from walras.command import app


def economy(haircut: float = 0.02, seed: int = 7) -> Economy[Any, Any, Any]:
    made = Economy(RepoMarket(Security(0.70, 1.15)), rng=seed)
    RepoClearingHouse(made, FlatMargin(haircut))
    Traders(made, "funds", members=40, income_down=1000.0)
    return made


def composed(haircut: float = 0.02) -> Run[Composition]:
    return economy(haircut).run(dates=[{}, {"margin": FlatMargin(0.05)}])


def test_the_manifest_tells_what_was_composed(tmp_path: Path) -> None:
    folder = composed().export(tmp_path, plots=False)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["parameters"]
    assert (told["market"], told["house"]) == ("RepoMarket", "RepoClearingHouse")
    assert told["cohorts"] == {"funds": "Traders, 40"}
    assert told["announced"] == [[], ["margin"]]
    assert manifest["seed"] == 7
    assert "rule" not in told
    assert manifest["repeat"] == "run the program again that composed it"


def test_compositions_of_the_same_kinds_have_folders_of_their_own() -> None:
    names = [name_of(composed(haircut)) for haircut in (0.02, 0.02, 0.03)]
    assert names[0] == names[1] != names[2]


def test_an_altered_file_of_a_composed_run_is_found(tmp_path: Path) -> None:
    folder = composed().export(tmp_path, plots=False)
    with (folder / "dates.csv").open("a") as file:
        file.write("1,2,3\n")
    said = CliRunner().invoke(app, ["verify", str(folder)])
    assert said.exit_code == 2
    assert "dates.csv: its content has changed" in " ".join(said.output.split())


class Moved(Composed):
    """Refined to a price that is higher by a share."""

    parts = (object,)
    by = 0.0

    def refine(self, parameters: Composition, point: RestingPoint) -> RestingPoint:
        price = point.quotes["security_price"] * (1.0 + self.by)
        return replace(point, quotes={**point.quotes, "security_price": price})

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        return Certificate((self.approached(point),))


@pytest.mark.parametrize(("share", "holds"), [(0.9, True), (1.1, False)])
def test_a_refined_point_must_be_where_the_rounds_led(share: float, holds: bool) -> None:
    moved = Moved(economy(), [])
    moved.by = share * NEAR
    run = moved.through_dates()
    assert run.certificate["rounds"].holds is holds
    assert run.outcome is (Outcome.CLEARED if holds else Outcome.NOT_CERTIFIED)
