"""Tables that users bring: formats, and one sentence for what can't be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from simulator.population.table import Column, numbers_of, read

COLUMNS = (
    Column("belief", "probability", "belief", 0.0, 1.0, open_low=True, open_high=True),
    Column("cash", "cash", "endowment", 0.0),
    Column("drift", "cash", "anything"),
)


def file_of(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "members.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "name,belief,cash\nZug,0.5,1\nBern,.25,3.5\n",
        "\ufeffname;belief;cash\r\nZug;0,5;1\r\nBern;,25;3,5\r\n",
        "name\tbelief\tcash\nZug\t0,5\t1,0\nBern\t0,25\t3,5",
        'cash , "belief",name\n1.0,  0.5, "Zug"\n\n3.5,0.25,Bern\n',
        "name;belief;cash\nZug;0.5;1\nBern;.25;3.5\n",
    ],
)
def test_the_same_table_in_many_formats(tmp_path: Path, text: str) -> None:
    table = read(file_of(tmp_path, text), COLUMNS, "members")
    assert table["name"].tolist() == ["Zug", "Bern"]  # in the order of the rows
    assert table["belief"].tolist() == [0.5, 0.25]
    assert table["cash"].tolist() == [1.0, 3.5]


def test_parquet_and_frames_are_read_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"belief": [0.25, 0.5], "name": ["b", "a"]}, index=[7, 3])
    frame.to_parquet(tmp_path / "m.parquet")
    for source in (frame, tmp_path / "m.parquet"):
        table = read(source, COLUMNS, "members")
        assert table.to_dict("list") == {"name": ["b", "a"], "belief": [0.25, 0.5]}


def test_without_names_rows_are_numbered_and_words_for_nothing_are_names(tmp_path: Path) -> None:
    assert read(file_of(tmp_path, "cash\n3\n"), COLUMNS, "m")["name"].tolist() == ["1"]
    words = file_of(tmp_path, "name,cash\nNA,3\nnull,4\n007,5\n")
    assert read(words, COLUMNS, "m")["name"].tolist() == ["NA", "null", "007"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,belief\na,0.5\nb,1.0\n", r"row 2: belief is 1.0; it must be a number in \(0, 1\)"),
        ("name,cash\na,\n", r"row 1: cash is empty; it must be a number in \[0, inf\)"),
        ("name,cash\na,3\nb,three\n", "row 2: cash is three"),
        ("cash\n-1\n", "row 1: cash is -1"),
        ("drift\nnan\n", "row 1: drift is nan; it must be a finite number"),
        ("drift\n1e400\n", "row 1: drift is inf"),
        ("cash\nTrue\nFalse\n", "row 1: cash is True"),
        ("name,cash,cash\na,1,2\n", "two columns named cash"),
        ("name,cahs\na,1\n", 'did you mean "cash"'),
        ("name,cash\na,1\na,2\n", "row 2: name a is there twice"),
        ("name,cash\n ,1\n", "row 1: name is empty"),
        ("name,cash\na,1,7\n", "more fields than the header"),
        ("name,cash\na,1\nb,1,7\n", "can't be read: Error tokenizing"),
        ("name,cash\n", "has no rows"),
        ("", "can't be read: No columns"),
        (b"cash\n\xff\xfe\n", "not text in UTF-8"),
    ],
)
def test_what_can_not_be_used_is_named_by_row_and_column(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        read(file_of(tmp_path, text), COLUMNS, "members")
    assert "\n" not in str(refused.value)
    assert "members.csv" in str(refused.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv", tmp_path / "none.parquet"):
        with pytest.raises(Refused, match="can't be read"):
            read(path, COLUMNS, "members")
    text = file_of(tmp_path, "name\n").rename(tmp_path / "text.parquet")
    with pytest.raises(Refused, match="can't be read"):
        read(text, COLUMNS, "members")


def test_a_character_cut_by_the_first_look_is_no_error(tmp_path: Path) -> None:
    names = "\n".join(f"ü{n},1" for n in range(20_000))
    table = read(file_of(tmp_path, f"name,cash\nx{names}\n"), COLUMNS, "members")
    assert len(table) == 20_000


def test_one_column_of_a_larger_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, "who,assets\na,3\nb,4.5\n")
    assert numbers_of(path, "assets").tolist() == [3.0, 4.5]
    with pytest.raises(Refused, match='did you mean "assets"'):
        numbers_of(path, "asets")
    with pytest.raises(Refused, match="row 1: who is a"):
        numbers_of(path, "who")


def test_ends_that_are_allowed_are() -> None:
    column = Column("share", "", "", 0.0, 1.0, open_high=True)
    assert column.wrong(np.array([0.0, 1.0, np.nan, -1e-300])).tolist() == [
        False, True, True, True,
    ]  # fmt: skip
