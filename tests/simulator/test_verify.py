"""Checking exported runs from their files alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from markets.refused import Refused
from scenarios.repo.margin_hike import SCENARIO
from simulator.declared import Declared
from simulator.export import MANIFEST, seal
from simulator.exported import runs_in
from simulator.verify import verify


def find(name: str) -> Declared[Any]:
    """The one scenario of these tests."""
    assert name == SCENARIO.name
    return SCENARIO


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = SCENARIO.run(traders=60)
    return run.export(tmp_path_factory.mktemp("runs"), plots=False)


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / exported.name))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest and seal it again."""
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    manifest["seal"] = seal(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_whole_run_is_certified_again(exported: Path) -> None:
    verification = verify(exported, find)
    assert verification.certified
    assert verification.altered == ()
    assert verification.unchecked == ()
    assert verification.scenario == SCENARIO.name
    assert verification.dates["certified"].tolist() == [True, True]
    assert len(verification.certificates) == 2


def test_altered_missing_and_foreign_files_are_named(copy: Path) -> None:
    (copy / "rounds.csv").write_text("", encoding="utf-8")
    (copy / "dates.csv").unlink()
    (copy / "notes.txt").write_text("", encoding="utf-8")
    assert verify(copy, find).altered == (
        "dates.csv: missing",
        "notes.txt: not part of the run",
        "rounds.csv: its content has changed",
    )


def test_a_manifest_that_was_changed_is_noticed_by_its_seal(copy: Path) -> None:
    path = copy / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["seed"] += 1
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert verify(copy, find).altered == (f"{MANIFEST}: its content is not what was sealed",)


def test_holdings_that_were_changed_are_not_certified(copy: Path) -> None:
    path = copy / "agents.parquet"
    agents = pd.read_parquet(path)
    agents["security"] += agents.index == 0
    agents.to_parquet(path)
    verification = verify(copy, find)
    assert verification.dates["certified"].tolist() == [False, True]
    assert not verification.certified


def test_the_certificates_of_the_manifest_are_not_believed(copy: Path) -> None:
    def worsen(manifest: dict[str, Any]) -> None:
        for condition in manifest["dates"][0]["certificate"]["conditions"]:
            condition["residual"] = 1e9

    rewrite(copy, worsen)
    assert verify(copy, find).certified


def test_what_was_not_exported_is_said_to_be_unchecked(copy: Path) -> None:
    agents = pd.read_parquet(copy / "agents.parquet")
    agents[agents["date"] == 2].to_parquet(copy / "agents.parquet")
    rewrite(copy, lambda manifest: manifest.update(finished=False, complete=False))
    unchecked = verify(copy, find).unchecked
    assert unchecked[0] == "the run was stopped before its end"
    assert unchecked[1] == "traders of 1 of 2 dates were exported"
    assert unchecked[2].startswith("only 60 rows of a larger number of traders were exported")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda manifest: manifest.pop("files"), "lacks files"),
        (lambda manifest: manifest.update(format=0), "not the manifest of a run of this version"),
        (lambda manifest: manifest["parameters"].update(traders=0), "traders is 0"),
        (lambda manifest: manifest["dates"].pop(), "does not hold together"),
    ],
)
def test_manifests_that_cannot_be_are_refused(
    change: Callable[[dict[str, Any]], object], words: str, copy: Path
) -> None:
    rewrite(copy, change)
    with pytest.raises(Refused, match=words):
        verify(copy, find)


@pytest.mark.parametrize("name", [MANIFEST, "dates.parquet", "agents.parquet"])
def test_truncated_files_are_refused(name: str, copy: Path) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refused, match=r"truncated|can't be read"):
        verify(copy, find)


def test_a_column_that_is_missing_is_refused(copy: Path) -> None:
    pd.read_parquet(copy / "agents.parquet").drop(columns="belief").to_parquet(
        copy / "agents.parquet"
    )
    with pytest.raises(Refused, match="does not hold together"):
        verify(copy, find)


def test_runs_are_found_in_a_folder(exported: Path, tmp_path: Path) -> None:
    assert runs_in(exported) == [exported]
    assert runs_in(exported.parent) == [exported]
    with pytest.raises(Refused, match="it has no"):
        runs_in(tmp_path)
    with pytest.raises(Refused, match="is not a folder"):
        runs_in(tmp_path / "nowhere")
