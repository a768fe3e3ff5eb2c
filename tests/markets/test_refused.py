"""Refusals are one sentence, whatever they quote."""

from __future__ import annotations

import pytest

from markets.refused import LONGEST, Refused, first_line, on_one_line, shown


@pytest.mark.parametrize("quoted", ["x" * 10**6, "\n" * 1000, "\udcff" * 500, "a\0b", "\u202e"])
def test_a_refusal_is_one_printable_line(quoted: str) -> None:
    said = str(Refused(f'haircut is "{quoted}"; it must be a number in [0, 1)'))
    assert said.isprintable()
    assert len(said) <= LONGEST
    assert said.startswith('haircut is "')
    assert said.endswith("; it must be a number in [0, 1)")


def test_a_short_text_stays_as_it_is() -> None:
    assert on_one_line("Zürich: 漢") == "Zürich: 漢"


def test_values_are_shown_however_large_or_deep() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in (deep, 10**5000, ["x" * 1000] * 1000, {"a": deep}, "x" * 10**6):
        assert len(shown(value)) < 250, type(value)
    assert shown(-(10**5000)) == "a whole number of 5,001 digits"
    assert shown(1.5) == "1.5"
    assert shown('"') == '"""'


def test_an_error_without_words_has_no_first_line() -> None:
    assert first_line(ValueError()) == ""
    assert first_line(ValueError("one\ntwo")) == "one"
