"""Exported tables as other programs read them: the same numbers, names, units and truth values."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from typer.testing import CliRunner

import walras
from markets.refused import Refused
from simulator import table_formats
from simulator.analysis import export_tables
from simulator.export import digest
from simulator.short_names import LONGEST, short_names
from simulator.table_formats import Kind
from walras.command import app

KINDS: tuple[Kind, ...] = ("csv", "parquet", "arrow", "stata", "xlsx", "netcdf")


@pytest.fixture(scope="module")
def run() -> Any:
    return walras.run("margin-spiral", experts_wealth=[-3.9, -4.6, -4.7])


@pytest.fixture(scope="module")
def folder(run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(run.export(tmp_path_factory.mktemp("runs"), plots=False))


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    place = tmp_path_factory.mktemp("exports")
    for kind in KINDS:
        export_tables(folder, kind, place / kind, tidy=True)
    return {kind: place / kind for kind in KINDS}


def wide(run: Any) -> pd.DataFrame:
    dates: pd.DataFrame = run.dates
    return dates


def test_the_run_has_a_codebook_and_parquet_says_unit_and_meaning(folder: Path, run: Any) -> None:
    book = pd.read_csv(folder / "codebook.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(book.astype(object), run.codebook.astype(object))
    field = pq.read_schema(folder / "dates.parquet").field("security_price")
    assert field.metadata[b"unit"] == b"cash per asset"
    assert field.metadata[b"meaning"] == b"price of the asset"
    assert (folder / "equilibria_by_wealth.parquet").is_file()


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_pandas_reads_wide_tables_back(kind: Kind, written: dict[Kind, Path], run: Any) -> None:
    place = written[kind]
    table = {
        "csv": lambda: pd.read_csv(place / "dates.csv", keep_default_na=False, na_values=[""]),
        "parquet": lambda: pd.read_parquet(place / "dates.parquet"),
        "arrow": lambda: pd.read_feather(place / "dates.arrow"),
    }[kind]()
    assert table["certified"].dtype == bool
    assert table["near_fold"].dtype == bool
    assert (table["run"] == table["run"][0]).all()
    for name, short in short_names(["run", *wide(run)]).items():
        if name != "run" and wide(run)[name].dtype.kind in "fi":
            np.testing.assert_array_equal(table[short], wide(run)[name])


def test_arrow_carries_unit_and_meaning(written: dict[Kind, Path]) -> None:
    with pa.ipc.open_file(written["arrow"] / "rounds_long.arrow") as file:
        schema = file.schema
    assert schema.names[:6] == ["run", "case", "date", "round", "node", "instrument"]
    assert schema.names[-3:] == ["variable", "value", "unit"]
    assert b"unit beside it" in schema.field("value").metadata[b"meaning"]


def test_stata_has_labels_and_truth_values(written: dict[Kind, Path], run: Any) -> None:
    table, about = pyreadstat.read_dta(written["stata"] / "dates.dta")
    labels = about.column_names_to_labels
    assert labels["security_price"] == "price of the asset (cash per asset)"
    assert about.variable_value_labels["certified"] == {0: "false", 1: "true"}
    assert about.readstat_variable_types["certified"] == "int8"
    assert max(map(len, table.columns)) <= LONGEST
    np.testing.assert_array_equal(table["security_price"], wide(run)["security_price"])
    assert table["branch"].tolist() == wide(run)["branch"].tolist()


def test_a_workbook_has_a_sheet_per_table_and_one_of_the_codebook(
    written: dict[Kind, Path], run: Any
) -> None:
    sheets = pd.read_excel(written["xlsx"] / "margin-spiral.xlsx", sheet_name=None)
    assert {"rounds", "rounds_long", "dates", "agents", "codebook"} <= sheets.keys()
    assert sheets["dates"]["certified"].dtype == bool
    np.testing.assert_array_equal(sheets["dates"]["security_price"], wide(run)["security_price"])


def test_netcdf_has_units_flags_and_texts(written: dict[Kind, Path], run: Any) -> None:
    with netCDF4.Dataset(written["netcdf"] / "dates.nc") as file:
        price = file["security_price"]
        assert (price.units, price.long_name) == ("cash per asset", "price of the asset")
        np.testing.assert_array_equal(price[:], wide(run)["security_price"])
        assert file["certified"].flag_meanings == "false true"
        assert file["certified"].dtype == np.int8
        assert file["date"].dtype == np.int32
        assert file["branch"][:].tolist() == wide(run)["branch"].tolist()


def test_r_reads_names_and_truth_values(written: dict[Kind, Path]) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    code = (
        f'd <- read.csv("{written["csv"] / "dates.csv"}"); b <- read.csv("'
        f'{written["csv"] / "codebook.csv"}"); stopifnot(is.logical(d$certified),'
        ' all(names(d) == b$name[b$table == "dates"]))'
    )
    subprocess.run(["Rscript", "-e", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    "kind",
    [
        "stata",  # both name the time of writing
        "xlsx",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[:3]),
        pytest.param("netcdf", marks=pytest.mark.slow),
    ],
)
def test_the_same_run_gives_the_same_bytes(
    kind: Kind, folder: Path, written: dict[Kind, Path], tmp_path: Path
) -> None:
    again = export_tables(folder, kind, tmp_path / "again", tidy=True)
    assert again
    for path in again:
        first = written[kind] / path.relative_to(tmp_path / "again")
        assert digest(first) == digest(path), path.name


def test_long_tables_hold_the_numbers_of_the_wide_ones(run: Any) -> None:
    long = run.tidy()["dates"]
    assert list(long) == [
        "run", "case", "date", "round", "node", "instrument", "variable", "value", "unit",
    ]  # fmt: skip
    prices = long[long["variable"] == "security_price"]
    np.testing.assert_array_equal(prices["value"], wide(run)["security_price"])
    assert (prices["unit"] == "cash per asset").all()
    assert long["value"].notna().all()
    assert set(long.loc[long["variable"] == "certified", "value"]) == {1.0}
    numbers = run.codebook.query("table == 'dates' and source != 'key' and type != 'text'")
    filled = wide(run)[numbers["column"].tolist()].notna().sum().sum()
    assert len(long) == filled


@pytest.mark.slow
def test_runs_are_stacked_and_scenarios_kept_apart(folder: Path, run: Any, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "runs" / "one")
    shutil.copytree(folder, tmp_path / "runs" / "two")
    export_tables(tmp_path / "runs", "parquet", tmp_path / "stacked")
    table = pd.read_parquet(tmp_path / "stacked" / "dates.parquet")
    assert table["run"].unique().tolist() == ["one", "two"]
    assert len(table) == 2 * len(run.dates)
    walras.run("exchange").export(tmp_path / "runs", plots=False)
    export_tables(tmp_path / "runs", "csv", tmp_path / "both")
    assert {path.name for path in (tmp_path / "both").iterdir()} == {"margin-spiral", "exchange"}


def test_what_can_not_be_exported_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="exists already"):
        export_tables(folder, "csv", tmp_path)
    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    (changed / "codebook.csv").write_text("table\n")
    with pytest.raises(Refused, match=r"altered \(codebook.csv"):
        export_tables(changed, "csv", tmp_path / "out")
    monkeypatch.setattr(table_formats, "ROWS", 2)
    with pytest.raises(Refused, match="a sheet of a workbook has 2"):
        export_tables(folder, "xlsx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_named(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    assert importlib.util.find_spec("xlsxwriter") is not None
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(Refused, match=r'pip install "walras\[xlsx\]"'):
        export_tables(folder, "xlsx", tmp_path / "out")


def test_the_command_exports(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(
        app, ["export", str(folder), "--format", "stata", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert (out / "codebook.csv").is_file()
    assert CliRunner().invoke(app, ["export", str(folder), "--out", str(out)]).exit_code == 2
    assert CliRunner().invoke(app, ["export", str(tmp_path)]).exit_code == 2
