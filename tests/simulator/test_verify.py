"""Checking exported runs from their files alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from markets.refused import Refused
from scenarios.repo.margin_hike import SCENARIO
from simulator.declared import Declared
from simulator.export import MANIFEST, digest, seal
from simulator.exported import runs_in
from simulator.verify import verify


def find(name: str) -> Declared[Any]:
    """The one scenario of these tests."""
    assert name == SCENARIO.name
    return SCENARIO


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = SCENARIO.run(traders=60, studies=False)
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


# ------------------------------------------------------------------ alterations with new digests
def redo(folder: Path, table: pd.DataFrame, name: str) -> None:
    """Write a table as Parquet and CSV, with the units and meanings it had, and new digests."""
    path = folder / f"{name}.parquet"
    schema = pq.read_schema(path)
    made = pa.Table.from_pandas(table, schema=schema.remove_metadata(), preserve_index=False)
    pq.write_table(made.cast(schema), path)
    table.to_csv(folder / f"{name}.csv", index=False)

    def renew(manifest: dict[str, Any]) -> None:
        manifest["files"] = {file: digest(folder / file) for file in manifest["files"]}

    rewrite(folder, renew)


def altered(value: Any) -> Any:
    """Another value of the same type, as near as can be."""
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, (bool, np.bool_)):
        return not value
    if isinstance(value, (int, np.integer)):
        return value + 1
    return np.nextafter(value, np.inf) if np.isfinite(value) else 1.0


def found_out(folder: Path, *, repeat: bool = False) -> bool:
    """Whether an alteration is named, or what was altered can't be those of any run."""
    try:
        return bool(verify(folder, find, repeat=repeat).differing)
    except Refused as error:
        return "does not hold together" in str(error)


def test_what_is_not_covered_is_told(exported: Path) -> None:
    told = verify(exported, find).not_covered
    assert {"rounds", "dates: knew", "certificates: charged: haircut", "versions"} <= set(told)
    assert not {"dates: security_price", "dates: regime"} & set(told)
    repeated = verify(exported, find, repeat=True)
    assert repeated.not_covered == ("versions", "revision")
    assert repeated.repeated
    assert repeated.differing == repeated.altered == repeated.other_versions == ()


def test_cells_of_dates_that_follow_from_others_are_found(copy: Path) -> None:
    told = verify(copy, find).not_covered
    dates = pd.read_parquet(copy / "dates.parquet")
    columns = ("security_price", "regime", "closed_repo_rate", "rounds", "outcome", "verdict")
    for column in columns:
        assert f"dates: {column}" not in told
        dates.loc[1, column] = altered(dates.loc[1, column])
    redo(copy, dates, "dates")
    checked = verify(copy, find)
    assert checked.altered == ()
    for column in columns:
        assert any(f'"{column}", row 2' in text for text in checked.differing), column


@pytest.mark.parametrize(("table", "column"), [("rounds", "step"), ("agents", "security")])
def test_what_only_a_run_can_tell_is_found_by_repeating_it(
    copy: Path, table: str, column: str
) -> None:
    cells = pd.read_parquet(copy / f"{table}.parquet")
    cells.loc[3, column] = altered(cells.loc[3, column])
    redo(copy, cells, table)
    found = verify(copy, find, repeat=True).differing
    assert any(f'{table}.parquet: "{column}", row 4' in text for text in found)
    assert any(f'{table}.csv: "{column}", row 4' in text for text in found)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(seed=7),
        lambda manifest: manifest["parameters"].update(max_rounds=999),
    ],
)
def test_the_name_of_the_folder_tells_parameters_and_seed(
    copy: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    rewrite(copy, change)
    assert "do not belong together" in verify(copy, find).differing[0]


def test_conditions_of_the_house_are_found_by_repeating(copy: Path) -> None:
    def nicer(manifest: dict[str, Any]) -> None:
        manifest["dates"][0]["certificate"]["conditions"][-1]["residual"] = 1e-12

    rewrite(copy, nicer)
    assert verify(copy, find).differing == ()
    (found,) = verify(copy, find, repeat=True).differing
    assert found.startswith("manifest.json: dates[0].certificate.conditions")


def test_other_versions_are_named(copy: Path) -> None:
    rewrite(copy, lambda manifest: manifest["versions"].update(numpy="1.0"))
    checked = verify(copy, find, repeat=True)
    assert checked.other_versions == (f"numpy 1.0 (here {np.__version__})",)
    assert checked.differing == ()


def test_a_run_that_was_interrupted_is_not_run_again(copy: Path) -> None:
    rewrite(copy, lambda manifest: manifest.update(outcome="interrupted", finished=False))
    checked = verify(copy, find, repeat=True)
    assert "the run was not run again: it was interrupted" in checked.unchecked
    assert not checked.repeated
    assert {"outcome", "finished"} <= set(checked.not_covered)


@pytest.mark.slow
def test_each_column_of_each_table_is_found_or_told(copy: Path) -> None:
    """One cell after the other, in Parquet and CSV, with new digests; then by repeating."""
    told = verify(copy, find).not_covered
    for name in ("dates", "rounds", "agents"):
        table = pd.read_parquet(copy / f"{name}.parquet")
        for column in table.columns:
            for row in (0, len(table) - 1):
                other = table.copy()
                other.loc[row, column] = altered(other.loc[row, column])
                redo(copy, other, name)
                if name == "dates" and f"dates: {column}" not in told:
                    assert found_out(copy), (name, column, row)
            assert found_out(copy, repeat=True), (name, column)
        redo(copy, table, name)
