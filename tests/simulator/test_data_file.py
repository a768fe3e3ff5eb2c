"""Files of data that parameters name: found, kept with the run, found again in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from markets.refused import Refused
from simulator.data_file import WHERE, DataFile, data_files
from simulator.parameters import Parameters, Table, about, parse
from simulator.population.members import GivenAmount


class Part(Table):
    """A table in a table."""

    file: DataFile | None = about("a file", default=None)


class Named(Parameters):
    """Parameters that name files."""

    members: DataFile | None = about("members", default=None)
    parts: list[Part] = about("parts", default=[])
    cash: GivenAmount = about("cash", default=1.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "there").mkdir()
    for place in (tmp_path, tmp_path / "there"):
        (place / "m.csv").write_text(f"{place.name}\n", encoding="utf-8")
    (tmp_path / "only.csv").write_text("x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "there"


def path_of(parameters: Named) -> Path:
    assert parameters.members is not None
    return parameters.members.path


def test_names_are_looked_for_beside_the_file_of_parameters_first(folder: Path) -> None:
    assert path_of(parse(Named, {"members": "m.csv"})) == Path("m.csv")
    assert path_of(parse(Named, {"members": "m.csv"}, folder)) == folder / "m.csv"
    assert path_of(parse(Named, {"members": "only.csv"}, folder)) == Path("only.csv")
    absolute = folder / "m.csv"
    assert path_of(parse(Named, {"members": str(absolute)})) == absolute


def test_a_run_names_the_copy_by_its_bare_name(folder: Path) -> None:
    parsed = parse(Named, {"members": str(folder / "m.csv")})
    assert parsed.model_dump(mode="json")["members"] == "m.csv"
    again = parse(Named, parsed.model_dump(mode="json"), folder)
    assert path_of(again) == folder / "m.csv"


def test_another_process_is_told_where_a_file_is(folder: Path) -> None:
    parsed = parse(Named, {"members": "m.csv", "parts": [{"file": "only.csv"}]})
    told = parsed.model_dump(mode="json", context={WHERE: True})
    assert told["members"] == str(folder.parent / "m.csv")
    assert told["parts"] == [{"file": str(folder.parent / "only.csv")}]


def test_a_file_in_a_distribution_is_found_written_and_kept_like_others(folder: Path) -> None:
    for place in (folder, folder.parent):
        (place / "m.csv").write_text("x\n1\n", encoding="utf-8")
    text = " empirical(column=x, file= m.csv )"
    parsed = parse(Named, {"cash": text}, folder)
    assert [file.path for file in data_files(parsed)] == [folder / "m.csv"]
    assert parsed.model_dump(mode="json")["cash"] == text
    told = parsed.model_dump(mode="json", context={WHERE: True})["cash"]
    assert told == f" empirical(column=x, file= {folder / 'm.csv'} )"
    with pytest.raises(Refused, match="can't be read"):
        parse(Named, {"cash": "empirical(file=none.csv, column=x)"})
    assert parse(Named, {"cash": 2}).model_dump(mode="json")["cash"] == 2.0


def test_files_are_found_in_tables_of_tables(folder: Path) -> None:
    parsed = parse(Named, {"members": "m.csv", "parts": [{}, {"file": "only.csv"}]})
    assert [file.path.name for file in data_files(parsed)] == ["m.csv", "only.csv"]


def test_what_is_no_file_and_two_of_one_name_are_refused(folder: Path) -> None:
    for given in ("none.csv", "there", "a\0b", "x" * 100_000, ""):
        with pytest.raises(Refused, match="must be the name of a file"):
            parse(Named, {"members": given})
    with pytest.raises(Refused, match="members is 3"):
        parse(Named, {"members": 3})
    parts = [{"file": str(folder / "m.csv")}]
    with pytest.raises(Refused, match="two files of data are named m"):
        parse(Named, {"members": "m.csv", "parts": parts})
