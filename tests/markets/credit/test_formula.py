"""Formulas for coupons and prepayment: what they say, and that nothing else gets through."""

from __future__ import annotations

from fractions import Fraction

import pytest

from markets.credit.formula import Quoted, compiled, read_formula
from markets.refused import Refused

QUOTES = {Quoted("p", "house"): 2.0, Quoted("p", 1): 2.0, Quoted("p", "house", "0"): 4.0}
QUOTES |= {Quoted("q", "j0"): 0.25, Quoted("pi", "j0"): 0.5, Quoted("pi", "j0", "u"): 0.75}
ORDER = list(QUOTES)

SAID = [
    ("0.1 * p[1] + 0.02 * q['j0']", 0.205),
    ("p['house'] / p['house', '0']", 0.5),
    ("max(0, q['j0'] - 0.5) + min(1, pi['j0'], pi['j0', 'u'])", 0.5),
    ("abs(q['j0'] - pi['j0'])", 0.25),
    ("3 - min(2, q['j0'])", 2.75),
    ("1 / max(0.01, q['j0'])", 4.0),
    ("-(-q['j0'])", 0.25),
    ('(\n  q["j0"]\n)', 0.25),
]


@pytest.mark.parametrize(("text", "value"), SAID)
def test_what_a_formula_says(text: str, value: float) -> None:
    formula = read_formula(text, "coupon")
    assert set(formula.quoted()) <= set(QUOTES)
    at = compiled(formula.part, ORDER.index)
    assert at(list(QUOTES.values())) == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "fraction"),
    [("3/10", "3/10"), ("0.1 + 0.2", "3/10"), ("max(1, 9/4) * 0.5", "9/8"), ("-(-2e-3)", "1/500")],
)
def test_numbers_alone_are_exact(text: str, fraction: str) -> None:
    part = read_formula(text, "coupon").part
    assert part == Fraction(fraction)
    assert compiled(part, ORDER.index)([]) == float(Fraction(fraction))


def test_the_coupon_may_be_named_in_prepayment_only() -> None:
    assert list(read_formula("coupon + 1", "prepayment", coupon=True).quoted()) == [
        Quoted("coupon")
    ]
    with pytest.raises(Refused, match="coupon is not allowed; a formula has numbers"):
        read_formula("coupon + 1", "coupon")


REFUSED = [
    ("__import__('os').system('true')", r"__import__\('os'\).system\('true'\) is not allowed"),
    ("().__class__.__bases__[0]", "is not allowed"),
    ("p.__class__", r"p.__class__ is not allowed"),
    ("p['a'].x", "is not allowed"),
    ("p[p['a']]", r"p\[p\['a'\]\] is not allowed"),
    ("p[True]", "is not allowed"),
    ("p['a', 0]", "is not allowed"),
    ("p['a':'b']", "is not allowed"),
    ("q[0]", r"q\[0\] is not allowed"),
    ("q['j', 'u']", "q takes a contract's name alone"),
    ("r['a']", "is not allowed"),
    ("x + 1", "x is not allowed; a formula has numbers"),
    ("9**9**9**9", r"9\*\*9\*\*9\*\*9 is not allowed"),
    ("1 << 99999999", "is not allowed"),
    ("'a' * 99999999", "'a' is not allowed"),
    ("[1]*99999999", "is not allowed"),
    ("(lambda: 1)()", "is not allowed"),
    ("[x for x in p]", "is not allowed"),
    ("f'{p}'", "is not allowed"),
    ("(x := 1)", "is not allowed"),
    ("1 if 1 else 2", "is not allowed"),
    ("not 1", "is not allowed"),
    ("1 < 2", "is not allowed"),
    ("max(1)", r"max\(1\) is not allowed"),
    ("abs(1, 2)", "is not allowed"),
    ("max(*p)", "is not allowed"),
    ("max(1, 2, key=abs)", "is not allowed"),
    ("pow(2, 3)", r"pow\(2, 3\) is not allowed"),
    ("1j", "1j is not allowed"),
    ("True", "True is not allowed"),
    ("1e999999999", "1e999999999 is too large or too small"),
    ("1e-13", "too large or too small"),
    ("9" * 400, "too large or too small"),
    ("1e-999999999 - 1", "may be negative"),
    ("1; 2", "can't be read"),
    ("", "can't be read"),
    ("1\x00", "can't be read"),
    ("\ud800", "can't be read"),
    ("(" * 240 + "1" + ")" * 240, "can't be read"),
    ("-" * 400 + "1", "nested more than 60 levels deep"),
    ("+".join(["p[0]"] * 100), "nested more than 60 levels deep"),
    ("1" + " " * 1000, "has 1001 characters; a formula has at most 500"),
    ("1 / q['j0']", r"divides by what may be zero or negative at some quotes; write max\(0.01"),
    ("1 / (p[0] - 1)", "divides by what may be zero or negative"),
    ("1 / 0", "divides by what may be zero or negative"),
    ("1 / (0 * p[0])", "divides by what may be zero or negative"),
    ("1 / abs(q['j'])", "divides by what may be zero or negative"),
    ("0.2 - q['j0']", r"may be negative at some quotes; write max\(0, ...\) around it"),
    ("min(1, p[0] - 1)", "may be negative"),
    ("p[0] * (q['j'] - 2)", "may be negative"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_all_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        read_formula(text, 'contract "j": coupon')
    assert str(refused.value).startswith('contract "j": coupon')


@pytest.mark.parametrize(
    "text",
    ["1 / p[0]", "1 / (p[0] + q['j'])", "1 / max(0.1, q['j'])", "1 / (0.5 + abs(q['j'] - 1))",
     "1 / min(p[0], p[1], 2)", "q['j'] / (p[0] * p[1])", "2 - min(1, pi['j'])"],
)  # fmt: skip
def test_what_can_be_seen_to_be_safe_is_taken(text: str) -> None:
    assert read_formula(text, "coupon").text == text


def test_a_quote_is_shown_as_it_is_written() -> None:
    shown = ["p['house', '0']", "q['j0']", "pi['j0']", "p[1]"]
    assert [str(next(read_formula(text, "").quoted())) for text in shown] == shown
