"""What is hard to write in some formats."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from simulator import table_formats


def test_stata_takes_gaps_infinite_numbers_and_long_texts(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "case": ["a" * 3000, None],
            "sure": pd.array([True, None], "boolean"),
            "number": [np.inf, 1.5],
            "count": [3, 2**40],
        }
    )
    kinds = ["text", "truth value", "number", "whole number"]
    book = pd.DataFrame({"column": table.columns, "type": kinds}).assign(unit="", meaning="x")
    table_formats.write_stata(table, book, tmp_path / "t.dta")
    read, _ = pyreadstat.read_dta(tmp_path / "t.dta")
    assert read["case"].tolist() == ["a" * 3000, ""]
    assert read["sure"].tolist()[0] == 1
    assert np.isnan(read["sure"][1])
    assert np.isnan(read["number"][0])
    assert read["count"].tolist() == [3, 2**40]
