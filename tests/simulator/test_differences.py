"""What differs between two exports is named, cell by cell and field by field."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import walras
from simulator.differences import differences as between
from simulator.export import MANIFEST


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return walras.run("exchange").export(tmp_path_factory.mktemp("runs"), plots=False)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / original.name))


def differences(folder: Path, fresh: Path, **how: Any) -> Iterator[str]:
    """What differs between two folders."""
    return between(folder, json.loads((folder / MANIFEST).read_text("utf-8")), fresh, **how)


def with_cell(folder: Path, table: str, column: str, change: Callable[[Any], Any]) -> None:
    """Change the first cell of a column, and leave all else of the file as it is."""
    path = folder / f"{table}.parquet"
    read = pq.read_table(path)
    values = read[column].to_pylist()
    values[0] = change(values[0])
    place = read.column_names.index(column)
    field = read.schema.field(place)
    pq.write_table(read.set_column(place, field, pa.array(values, field.type)), path)


def test_the_same_export_does_not_differ(original: Path, folder: Path) -> None:
    assert list(differences(folder, original, every_byte=True)) == []


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        ("dates", "rounds", lambda value: value + 1),
        ("dates", "certified", lambda value: not value),
        ("dates", "outcome", lambda value: "cycles"),
        ("agents", "holding[1]", lambda value: value * (1.0 + 1e-15)),
        ("agents", "holding[1]", lambda value: None),
        ("rounds", "step", lambda value: value + 1e-300 if value == 0.0 else -value),
    ],
)
def test_a_cell_is_named(
    original: Path, folder: Path, table: str, column: str, change: Callable[[Any], Any]
) -> None:
    with_cell(folder, table, column, change)
    (found,) = differences(folder, original)
    assert found.startswith(f'{table}.parquet: "{column}", row 1 is ')


def test_the_sign_of_a_zero_is_a_difference(original: Path, folder: Path) -> None:
    with_cell(folder, "agents", "holding[1]", lambda value: 0.0)
    other = folder.parent / "other"
    shutil.copytree(folder, other)
    with_cell(other, "agents", "holding[1]", lambda value: -0.0)
    assert "row 1 is -0.0; it is 0.0" in next(iter(differences(other, folder)))


def test_a_unit_is_a_difference(original: Path, folder: Path) -> None:
    path = folder / "dates.parquet"
    table = pq.read_table(path)
    field = table.schema.field(2)
    said = field.with_metadata({"unit": "tons", "meaning": ""})
    pq.write_table(table.set_column(2, said, table.column(2)), path)
    (found,) = differences(folder, original)
    assert found.endswith("its type, unit or meaning is another")


def test_the_bytes_of_a_table_count_if_asked(original: Path, folder: Path) -> None:
    with_cell(folder, "dates", "date", lambda value: value)
    path = folder / "dates.parquet"
    pq.write_table(pq.read_table(path), path, compression="none")
    assert list(differences(folder, original)) == []
    (found,) = differences(folder, original, every_byte=True)
    assert found == "dates.parquet: its bytes are others"


def test_rows_and_columns_that_are_missing_are_told(original: Path, folder: Path) -> None:
    path = folder / "agents.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    (found,) = differences(folder, original)
    assert "its shape or columns are others" in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("True", "False"), '"certified", row 1 is "False"'),
        (lambda text: text.replace("case", "cases"), 'the names of columns is "cases"'),
        (lambda text: text + "1,2\n", "row 2"),
        (lambda text: text.replace("\n", "\r\n"), "its bytes are others"),
    ],
)
def test_a_cell_of_csv_is_named(
    original: Path, folder: Path, change: Callable[[str], str], words: str
) -> None:
    path = folder / "dates.csv"
    path.write_bytes(change(path.read_text("utf-8")).encode())
    (found,) = differences(folder, original)
    assert found.startswith("dates.csv: ")
    assert words in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(seed=1), "seed is 1; it is 0 worked out again"),
        (lambda m: m["dates"][0].update(rounds=m["dates"][0]["rounds"] + 1), "dates[0].rounds"),
        (lambda m: m["parameters"].update(step=1), "parameters.step is 1; it is 1.0"),
        (lambda m: m["versions"].update(numpy="0"), 'versions.numpy is "0"'),
        (lambda m: m["told"]["units"].clear(), "told.units"),
    ],
)
def test_a_field_of_the_manifest_is_named(
    original: Path, folder: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    path = folder / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), "utf-8")
    found = list(differences(folder, original))
    assert found
    assert all(text.startswith(f"{MANIFEST}: ") for text in found)
    assert words in found[0]
    left = list(differences(folder, original, without=("seed", "dates", "parameters", "versions")))
    assert left == [text for text in found if "told." in text]


def test_files_that_such_a_run_does_not_have_are_named(original: Path, folder: Path) -> None:
    path = folder / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    manifest["files"]["more.csv"] = manifest["files"].pop("dates.csv")
    path.write_text(json.dumps(manifest), "utf-8")
    assert list(differences(folder, original)) == [
        "dates.csv: the manifest does not name it",
        "more.csv: such a run has no such file",
    ]
