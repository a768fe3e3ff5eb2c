"""Folders of exported runs that anybody may have altered are read, or refused in a sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import walras
from markets.refused import Refused
from simulator import exported
from simulator.export import CODEBOOK, MANIFEST, PROOFS
from simulator.exported import (
    altered_files,
    as_data,
    read_codebook,
    read_manifest,
    read_parameters,
    read_proofs,
    read_table,
    runs_in,
)
from walras.catalogue import find


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return walras.run("exchange").export(tmp_path_factory.mktemp("runs"), plots=False)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / original.name))


def write(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def test_what_was_written_is_read(original: Path) -> None:
    assert runs_in(original) == runs_in(original.parent) == [original]
    manifest = read_manifest(original)
    assert altered_files(original, manifest) == ()
    assert len(read_table(original, "dates")) == manifest["rows"]["dates"] == 1
    assert read_proofs(original, 1) == [None]
    assert set(read_codebook(original)["table"]) == {"rounds", "dates", "agents"}


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b", "..", ".", "", "a\x00b", "x\x1b[2J", "a\\b", MANIFEST]
)
def test_names_of_files_do_not_climb_out(folder: Path, name: str) -> None:
    write(folder, lambda m: m["files"].update({name: "0" * 64}))
    with pytest.raises(Refused, match="which no run writes"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.pop("told"), "lacks told"),
        (lambda m: m.update(seed="0"), "seed is"),
        (lambda m: m.update(seed=True), "seed is True"),
        (lambda m: m.update(dates={}), "dates is"),
        (lambda m: m.update(dates=[None]), r"dates\[0\] is None"),
        (lambda m: m["dates"][0].update(outcome="good"), r'outcome is "good"'),
        (lambda m: m["dates"][0]["quotes"].update(price=[1]), r"price is \[1\]"),
        (lambda m: m["dates"][0]["certificate"].update(conditions=None), "conditions is None"),
        (lambda m: m.update(parameters=[]), r"parameters is \[\]"),
        (lambda m: m.update(more=1), "more is 1"),
        (lambda m: m.update(reason="\x1b[2J"), "reason is"),
        (lambda m: m["parameters"].update(rule="\u202e"), "parameters.rule is"),
        (lambda m: m["files"].update({f"{i}": "0" * 64 for i in range(1_001)}), "files is"),
    ],
)
def test_values_of_other_types_are_named(
    folder: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    write(folder, change)
    with pytest.raises(Refused, match=words):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 60 + "]" * 60, "nested too deep"),
        ("[" * 100_000, r"nested too deep|not readable"),
        ('{"format": ' + "9" * 10_000 + "}", "not readable"),
        ('{"format": NaN}', "not readable"),
        ("\xff", "not the manifest|not readable"),
    ],
)
def test_json_that_no_run_writes_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / MANIFEST).write_text(text, "utf-8")
    with pytest.raises(Refused, match=words):
        read_manifest(folder)


def test_files_that_are_too_large_are_not_opened(folder: Path) -> None:
    manifest = read_manifest(folder)
    with (folder / "dates.csv").open("wb") as file:
        file.truncate(exported.MOST_BYTES + 1)
    assert "larger than any" in altered_files(folder, manifest)[0]
    with (folder / MANIFEST).open("wb") as file:
        file.truncate(exported.MOST_JSON + 1)
    with pytest.raises(Refused, match="larger than any"):
        read_manifest(folder)


@pytest.mark.parametrize("name", [MANIFEST, "dates.parquet", CODEBOOK, PROOFS])
@pytest.mark.parametrize("kind", ["link", "loop", "pipe", "folder"])
def test_only_ordinary_files_are_read(folder: Path, name: str, kind: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(name)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    read: dict[str, Callable[[Path], object]] = {
        MANIFEST: read_manifest,
        "dates.parquet": lambda place: read_table(place, "dates"),
        CODEBOOK: read_codebook,
        PROOFS: lambda place: read_proofs(place, 1),
    }
    with pytest.raises(Refused, match=r"it is a link|not an ordinary file|it has no"):
        _read_all(folder, read[name])


def _read_all(folder: Path, read: Callable[[Path], object]) -> None:
    """Find a run in a folder, and read a file of it."""
    for run in runs_in(folder):
        read(run)


def test_foreign_files_are_named_without_what_steers_a_terminal(folder: Path) -> None:
    (folder / "a\x1b[2J").write_text("", "utf-8")
    assert altered_files(folder, read_manifest(folder)) == ("a\\x1b[2J: not part of the run",)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"case": [["a"]]}, "type list"),
        ({"case": [{"a": 1}]}, "type struct"),
        ({"case": pa.array([0], type=pa.timestamp("ns"))}, "type timestamp"),
        ({"a\x1b": [1.0]}, "no run writes"),
        ({"case": ["\x1b[2J"]}, '"case" holds'),
    ],
)
def test_columns_that_no_run_writes_are_refused(
    folder: Path, columns: dict[str, Any], words: str
) -> None:
    pq.write_table(pa.table(columns), folder / "dates.parquet")
    with pytest.raises(Refused, match=words):
        read_table(folder, "dates")


def test_tables_that_would_fill_the_memory_are_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "MOST_BYTES", 1_000_000)
    path = folder / "dates.parquet"
    pq.write_table(pa.table({"case": np.zeros(200_000)}), path)
    with pytest.raises(Refused, match="200,000 rows of 1 columns"):
        read_table(folder, "dates")
    text = pa.array(["x" * 10_000]).cast(pa.large_string())
    indices = pa.array(np.zeros(1_000, dtype=np.int32))
    table = pa.table({"case": pa.DictionaryArray.from_arrays(indices, text)})
    pq.write_table(table, path, store_schema=False)
    with pytest.raises(Refused, match="would need"):
        read_table(folder, "dates")


@pytest.mark.parametrize(
    ("proofs", "words"),
    [
        ("[]", "one entry for each"),
        ("[1]", "proof 1 is 1"),
        ('[{"a": "1e999999999"}]', "no run writes"),
        ('[{"a": ["-1/3E+99999"]}]', "no run writes"),
        ('[{"a": ' + "9" * 5_000 + "}]", "not readable"),
    ],
)
def test_proofs_that_would_fill_the_memory_are_refused(
    folder: Path, proofs: str, words: str
) -> None:
    (folder / PROOFS).write_text(proofs, "utf-8")
    with pytest.raises(Refused, match=words):
        read_proofs(folder, 1)


def test_a_codebook_names_no_table_elsewhere(folder: Path) -> None:
    text = (folder / CODEBOOK).read_text("utf-8")
    (folder / CODEBOOK).write_text(text.replace("\ndates,", "\n../dates,", 1), "utf-8")
    with pytest.raises(Refused, match="which no run has"):
        read_codebook(folder)
    (folder / CODEBOOK).write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(Refused, match="no codebook"):
        read_codebook(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("members", "{place}/members.csv"),
        ("members", "../members.csv"),
        ("members", "link.csv"),
        ("beliefs", "empirical(file={place}/members.csv)"),
        ("beliefs", "empirical(file=../members.csv)"),
    ],
)
def test_parameters_name_files_of_the_folder_only(folder: Path, field: str, value: str) -> None:
    data = folder.parent / "members.csv"
    data.write_text("belief\n0.4\n0.6\n", "utf-8")
    (folder / "link.csv").symlink_to(data)
    given = {field: value.format(place=folder.parent)}
    with pytest.raises(Refused, match="file"):
        read_parameters(folder, {"parameters": given}, find("margin-hike"), ())


def test_errors_are_those_of_the_files_unless_the_code_is_the_users_own(tmp_path: Path) -> None:
    words = "does not hold together: KeyError: 'price'"
    with pytest.raises(Refused, match=words), as_data(tmp_path):
        raise KeyError("price")
    with pytest.raises(KeyError), as_data(tmp_path, own=True):
        raise KeyError("price")
    with pytest.raises(OSError, match="full"), as_data(tmp_path):
        raise OSError("full")
    with as_data(tmp_path):
        assert np.float64(1.0) / np.float64(0.0) == np.inf  # and warns of nothing
