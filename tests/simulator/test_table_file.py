"""Files of other programs are read alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from simulator.table_file import read_file, spoken, to_numbers


@pytest.mark.parametrize(
    "text",
    ["a,b\n1.5,2\n", "\ufeffa;b\n1,5;2\n", "a\tb\r\n1,5\t2\r\n", "a;b\n1.5;2\n", "a,b\n1.5,2"],
)
def test_separators_and_decimals_are_told_from_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_file(path).to_dict("list") == {"a": [1.5], "b": [2]}


def test_two_columns_of_one_name_stay_so_and_names_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,a,a\n007,1,2\n", encoding="utf-8")
    table = read_file(path)
    assert list(table.columns) == ["name", "a", "a"]
    assert table["name"].item() == "007"


def test_what_can_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "t.csv", tmp_path, tmp_path / "none.parquet"):
        with pytest.raises(Refused, match="can't be read"):
            read_file(path)
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "p.parquet")
    assert read_file(tmp_path / "p.parquet")["a"].item() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a" * 100_000, "its first line has more than 65,536 bytes"),
        (b"a,b\n1,\0\n", "it is not text in UTF-8"),
        (b"a\rb,c\n1,2\n", "can't be read: "),
        (b'"a,b\n1,2\n', "can't be read: "),
        (b"a,b\n1,2,3\n", "a row has more fields than the header"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(Refused, match=said):
        read_file(path)


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [1.0, 2.0]}).to_parquet(path)
    whole = path.read_bytes()
    for content in (b"", b"PAR1", whole[: len(whole) // 2], b"PAR1" + bytes(100) + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(Refused, match="can't be read"):
            read_file(path)


def test_only_numbers_are_numbers_and_cells_are_shown_short() -> None:
    mixed = to_numbers(pd.Series(["1.5", "x", "", None, "1_0"], dtype=object))
    assert mixed.tolist()[0] == 1.5
    assert np.isnan(mixed[1:]).all()
    assert np.isnan(to_numbers(pd.Series([True, False]))).all()
    assert [spoken(cell) for cell in (" ", None, float("nan"), 3, "y" * 500)] == [
        "empty", "empty", "empty", "3", "y" * 80,
    ]  # fmt: skip
