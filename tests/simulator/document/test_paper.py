"""A document on paper: nothing that is too long breaks it."""

from __future__ import annotations

import re
import zlib

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from simulator.document.document import Code, Document, Facts, Picture, Section, Table
from simulator.document.paper import LONGEST, to_pdf


def test_the_pdf_has_an_outline_a_language_and_text_for_each_figure() -> None:
    section = Section("S", [Picture(Figure(figsize=(4.0, 2.0)), "Below", "A line")])
    pdf = to_pdf(Document("T", "", "", [section]))
    assert pdf.startswith(b"%PDF")
    assert b"/Lang (en)" in pdf
    assert pdf.count(b"/Alt ") == 1
    assert b"/Outlines" in pdf


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


@pytest.mark.parametrize(
    "block",
    [
        Table(pd.DataFrame({"a": []}), "Nothing"),
        Table(pd.DataFrame({"a": ["w" * 3 * LONGEST], "b": ["word " * LONGEST]}), "Long cells"),
        Table(pd.DataFrame({c: ["word " * LONGEST] for c in "abcdefgh"}), "Many", keys=("a", "b")),
        Table(pd.DataFrame({"n": np.arange(70)}), "A long table"),
        Facts({"long": "w" * 20 * LONGEST}),
        Code("y" * 20 * LONGEST),
    ],
)
def test_what_is_too_long_for_a_page_goes_on_or_is_cut(block: Table | Facts | Code) -> None:
    pdf = to_pdf(Document("T", "", "", [Section("S", [block])]))
    assert pages(pdf) >= (1 if isinstance(block, Table) and len(block.frame) < 70 else 2)


def test_a_high_figure_stays_on_a_page() -> None:
    figure = Figure(figsize=(2.0, 9.0))
    pdf = to_pdf(Document("T", "", "", [Section("S", [Picture(figure, "High", "A column")])]))
    height = max(
        float(found[1])
        for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
        for found in re.findall(rb"q ([\d.]+) 0 0 ([\d.]+)", unpacked(stream))
    )
    assert 500.0 < height < 842.0  # points; A4 is 842 high


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
