"""Exported runs: what is written, under which name, and all of it or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.export import CSV_LIMIT, MANIFEST, Format, check_writable, digest, name_of, seal
from simulator.results import Results
from simulator.run import Run


class Sketched(MarginHikeScenario):
    """One empty figure, to be quick."""

    def figures(self, results: Results[MarginHike]) -> dict[str, Figure]:
        """An empty figure of six inches by three."""
        return {"sketch": Figure(figsize=(6.0, 3.0))}


@pytest.fixture(scope="module")
def run() -> Run[MarginHike]:
    return Sketched().run(traders=60)


def manifest(folder: Path) -> dict[str, Any]:
    loaded = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_folder_is_named_by_what_was_run(run: Run[MarginHike], tmp_path: Path) -> None:
    folder = run.export(tmp_path, plots=False)
    assert folder == tmp_path / name_of(run)
    assert folder.name.startswith("margin-hike-")
    assert name_of(Sketched().run(traders=60)) == name_of(run)
    others = [Sketched().run(traders=60, seed=1), Sketched().run(traders=61)]
    assert len({name_of(other) for other in (run, *others)}) == 3


def test_tables_are_written_to_the_last_bit(run: Run[MarginHike], tmp_path: Path) -> None:
    folder = run.export(tmp_path, plots=False)
    for name in ("rounds", "dates", "agents"):
        table: pd.DataFrame = getattr(run, name)
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), table, check_exact=True
        )
        assert len(pd.read_csv(folder / f"{name}.csv")) == len(table) < CSV_LIMIT


def test_the_manifest_lists_every_other_file_and_is_sealed(
    run: Run[MarginHike], tmp_path: Path
) -> None:
    folder = run.export(tmp_path, plots=False)
    document = manifest(folder)
    names = {path.name for path in folder.iterdir()} - {MANIFEST}
    assert document["files"] == {name: digest(folder / name) for name in names}
    assert document["seal"] == seal(document)
    assert seal({**document, "seed": 9}) != document["seal"]
    assert document["rows"] == {
        "rounds": len(run.rounds), "dates": 2, "agents": len(run.agents)
    }  # fmt: skip
    assert document["finished"]
    assert document["repeat"] == "walras run parameters.toml --seed 0"


def test_writing_twice_replaces_the_run_and_leaves_nothing_else(
    run: Run[MarginHike], tmp_path: Path
) -> None:
    folder = run.export(tmp_path, plots=False)
    (folder / "stray.txt").write_text("", encoding="utf-8")
    assert run.export(tmp_path, plots=False) == folder
    assert not (folder / "stray.txt").exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_failure_leaves_nothing(
    run: Run[MarginHike], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("simulator.export.seal", fails)
    with pytest.raises(Refused, match=r"can't be written \(disk full\); nothing of it was kept"):
        run.export(tmp_path, plots=False)
    assert list(tmp_path.iterdir()) == []


def test_figures_come_in_the_kinds_and_the_width_asked_for(
    run: Run[MarginHike], tmp_path: Path
) -> None:
    folder = run.export(tmp_path, form=Format(("png", "svg"), dpi=50.0, width=50.8))
    assert {path.name for path in folder.glob("sketch.*")} == {"sketch.png", "sketch.svg"}
    header = (folder / "sketch.png").read_bytes()[16:24]
    size = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")
    assert size == (100, 62)  # two inches, and no flatter than text of fixed size allows
    first = digest(folder / "sketch.svg")
    run.export(tmp_path, form=Format(("png", "svg"), dpi=50.0, width=50.8))
    assert digest(folder / "sketch.svg") == first


def test_folders_that_cannot_be_written_to_are_refused_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(Refused, match="which is a file"):
        check_writable(file)
    with pytest.raises(Refused, match="can't be written to"):
        check_writable(file / "below")
    check_writable(tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == [file]
