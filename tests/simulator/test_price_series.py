"""Series of prices: formats, dates, and one sentence for what can't be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from simulator.price_series import read_prices


def file_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_dates_names_prices_and_returns(tmp_path: Path) -> None:
    text = "date,bund,btp\n2011-11-04,100,90\n2011-11-07,110,81\n2011-11-08,99,81\n"
    series = read_prices(file_of(tmp_path, text))
    assert series.names == ("bund", "btp")
    assert series.dates[1] == pd.Timestamp("2011-11-07")
    # from Friday to Monday is one return
    assert series.returns == pytest.approx(np.log([[1.1, 0.9], [0.9, 1.0]]))


def test_a_table_and_a_european_file_are_read_alike(tmp_path: Path) -> None:
    text = "\ufeffdate;bund\n2011-11-04;100,5\n2011-11-07;101,5\n"
    from_file = read_prices(file_of(tmp_path, text))
    days = pd.to_datetime(["2011-11-04", "2011-11-07"])
    from_table = read_prices(pd.DataFrame({"date": days, "bund": [100.5, 101.5]}))
    assert (from_file.prices == from_table.prices).all()
    assert (from_file.dates == from_table.dates).all()


def test_times_with_a_zone_are_ordered_as_they_happened(tmp_path: Path) -> None:
    text = "date,x\n2020-01-01T23:00:00-02:00,1\n2020-01-02T03:00:00+01:00,2\n"
    series = read_prices(file_of(tmp_path, text))
    assert str(series.dates[0]) == "2020-01-02 01:00:00+00:00"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("2020-01-02,1\n2020-01-01,1", "row 2: date 2020-01-01 comes before the one above it"),
        ("2020-01-01,1\n2020-01-01,1", "row 2: date 2020-01-01 is there twice"),
        ("2020-01-01,1\n2020-01-02,", "row 2: x is empty; a price must be a number above 0"),
        ("2020-01-01,0\n2020-01-02,1", "row 1: x is 0"),
        ("2020-01-01,1\n2020-01-02,-3", "row 2: x is -3"),
        ("2020-01-01,1\n2020-01-02,n/a", "row 2: x is n/a"),
        ("2020-01-01,1\n2020-01-02,inf", "row 2: x is inf"),
        ("2020-01-01,1\n2020-01-02,1 000", "row 2: x is 1 000; a price must be a number"),
        ('2020-01-01,1\n2020-01-02,"1,5"', "row 2: x is 1,5; a price must be a number"),
        ("2020-01-01,1\n31/12/2020,1", "row 2: date is 31/12/2020; it must be written like"),
        ("2020-01-01,1\n,1", "row 2: date is empty"),
        ("2020-01-01T00:00:00Z,1\n2020-01-02T00:00:00,1", "without the time zone"),
        ("2020-01-01,1", "has 1 rows; it needs at least 2"),
    ],
)
def test_rows_that_can_not_be_used_are_named(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_prices(file_of(tmp_path, f"date,x\n{rows}\n"))
    assert said in str(refused.value)


def test_dates_too_far_apart_are_a_gap(tmp_path: Path) -> None:
    path = file_of(tmp_path, "date,x\n2020-01-30,1\n2020-01-31,1\n2020-03-03,2\n2020-06-30,2\n")
    assert len(read_prices(path).dates) == 4
    assert len(read_prices(path, longest_gap=119).dates) == 4
    with pytest.raises(Refused, match="row 3: date 2020-03-03 is 32 days after the one above it"):
        read_prices(path, longest_gap=31)


def test_semicolons_decimal_commas_and_bad_cells_keep_their_row(tmp_path: Path) -> None:
    text = "\ufeffdate;bund;btp\n2011-11-04;100,5;90\n2011-11-07;0,0;91\n"
    with pytest.raises(Refused, match="row 2: bund is 0"):
        read_prices(file_of(tmp_path, text))


def test_a_day_repeated_in_another_time_zone_is_found(tmp_path: Path) -> None:
    text = "date,x\n2020-01-01T12:00:00Z,1\n2020-01-01T13:00:00+01:00,2\n"
    with pytest.raises(Refused, match="row 2: date 2020-01-01 is there twice"):
        read_prices(file_of(tmp_path, text))


def test_the_columns_must_be_a_date_and_prices(tmp_path: Path) -> None:
    for header, said in (
        ("day,x", "one column named date; it has day, x"),
        ("date", "columns of prices"),
        ("date,x,x", "columns of prices with different names"),
    ):
        cells = ",".join(["1"] * header.count(","))
        rows = "\n".join(f"2020-01-0{n},{cells}".rstrip(",") for n in (1, 2))
        with pytest.raises(Refused, match=said):
            read_prices(file_of(tmp_path, f"{header}\n{rows}\n"))
