r"""Coupons :math:`A(p, q, \pi)` and costs of prepaying :math:`B(p, q, \pi)` as formulas.

The paper lets coupons and prepayment costs be any continuous functions of all prices that are not
negative (assumptions A3 and A4). A formula is such a function, in a grammar of its own:

* numbers, such as ``0.1``; ``+``, ``-``, ``*``, ``/``, brackets; ``min``, ``max`` and ``abs``;
* ``p['house']``, the price of a good, by name or by number from 0, at the node where the payment is
  due, and ``p['house', '0']`` at another node;
* ``q['j']``, the price of a contract where it is issued;
* ``pi['j']``, the resale price of a security of date 0 at the node of date 1 where the payment is
  due (or, at date 2, which came before), and ``pi['j', 'u']`` at another node of date 1;
* in formulas for prepayment, ``coupon``: what is owed at the node.

Text is parsed, never run. From the bounds of every part it follows for all quotes that nothing is
divided by zero, so that a formula is continuous, and that its value is not negative; what can't be
seen to be so is refused.

Source: Iraola and Torres-Martinez (SDT 364), section 2, "Financial trading rules", and (A3), (A4).
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from markets.refused import Refused, on_one_line

LONGEST = 500
"""Characters of a formula."""

DEEPEST = 60
"""Levels to which the parts of a formula are nested."""

LARGEST = 1e12
"""Numbers in a formula are at most this, and at least one over it unless they are zero."""

ALLOWED = (
    "a formula has numbers, + - * /, brackets, min, max, abs, and quotes such as p['house'],"
    " q['j0'] and pi['j0', 'u']"
)

Kind = Literal["p", "q", "pi", "coupon"]
Sign = Literal["+", "-", "*", "/", "min", "max", "abs"]

KINDS: dict[str, Kind] = {"p": "p", "q": "q", "pi": "pi"}
SIGNS: dict[type[ast.AST], Sign] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
FUNCTIONS: dict[str, Sign] = {"min": "min", "max": "max", "abs": "abs"}

OPERATORS: dict[Sign, Callable[..., Any]] = {
    "+": operator.add,
    "-": lambda first, *rest: first - rest[0] if rest else -first,
    "*": operator.mul,
    "/": operator.truediv,
    "min": min,
    "max": max,
    "abs": abs,
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote in a formula: its kind, the good or contract, and the node if one is named."""

    kind: Kind
    name: str | int = ""
    node: str | None = None

    def __str__(self) -> str:
        """As a formula writes it."""
        if self.kind == "coupon":
            return self.kind
        node = "" if self.node is None else f", {self.node!r}"
        return f"{self.kind}[{self.name!r}{node}]"


@dataclass(frozen=True, slots=True)
class Operation:
    """A sign or function and what it is applied to; ``-`` of one part is its negative."""

    sign: Sign
    parts: tuple[Part, ...]


Part = Fraction | Quoted | Operation


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was written, and what it says."""

    text: str
    part: Part

    def quoted(self) -> Iterator[Quoted]:
        """The quotes that it names."""
        todo: list[Part] = [self.part]
        while todo:
            part = todo.pop()
            if isinstance(part, Quoted):
                yield part
            elif isinstance(part, Operation):
                todo.extend(part.parts)


def read_formula(text: str, what: str, *, coupon: bool = False) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text : str
        The formula.
    what : str
        Its place, for messages.
    coupon : bool
        Whether it may name the coupon.

    Raises
    ------
    Refused
        With the part that is not allowed, and what is.

    Examples
    --------
    >>> read_formula("max(0.1, 2 * q['j'])", "coupon").part.parts[0]
    Fraction(1, 10)
    """
    if len(text) > LONGEST:
        raise Refused(f"{what} has {len(text)} characters; a formula has at most {LONGEST}")
    shown = f'{what} is "{on_one_line(" ".join(text.split()), 100, 20)}"'
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python warns of is refused below
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Refused(f"{shown}, which can't be read; {ALLOWED}") from None
    part = _Reader(text.strip(), shown, coupon).part(tree, 0)
    if _bounds(part, shown).low < 0:
        raise Refused(f"{shown}, which may be negative at some quotes; write max(0, ...) around it")
    return Formula(text, part)


class _Reader:
    """Turns Python's syntax tree into parts, and refuses all that is not in the grammar."""

    def __init__(self, text: str, shown: str, coupon: bool) -> None:
        self.text, self.shown, self.coupon = text, shown, coupon

    def part(self, node: ast.expr, depth: int) -> Part:
        """The part that a piece of syntax stands for."""
        if depth > DEEPEST:
            raise Refused(f"{self.shown}, which is nested more than {DEEPEST} levels deep")
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
            pair = (self.part(node.left, depth + 1), self.part(node.right, depth + 1))
            return _folded(SIGNS[type(node.op)], pair)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return _folded("-", (self.part(node.operand, depth + 1),))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(node, node.func.id, depth)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            return self._quote(node, node.value.id)
        if isinstance(node, ast.Name) and node.id == "coupon" and self.coupon:
            return Quoted("coupon")
        raise self._refused(node)

    def _number(self, node: ast.Constant) -> Fraction:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refused(node)
        if value == 0:
            return Fraction(0)
        if not 1.0 / LARGEST <= value <= LARGEST:
            raise Refused(
                f"{self.shown}: {self._piece(node)} is too large or too small; numbers are zero"
                f" or between {1 / LARGEST:.0e} and {LARGEST:.0e}"
            )
        return Fraction(value) if isinstance(value, int) else Fraction(self._piece(node))

    def _call(self, node: ast.Call, name: str, depth: int) -> Part:
        count = len(node.args)
        if name not in FUNCTIONS or (count != 1 if name == "abs" else count < 2):
            raise self._refused(node)
        parts = tuple(self.part(argument, depth + 1) for argument in node.args)
        return _folded(FUNCTIONS[name], parts)

    def _quote(self, node: ast.Subscript, kind: str) -> Quoted:
        inside = node.slice
        given = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        keys = [item.value for item in given if isinstance(item, ast.Constant)]
        if kind not in KINDS or len(keys) != len(given) or not 1 <= len(keys) <= 2:
            raise self._refused(node)
        name, place = keys[0], keys[1] if len(keys) == 2 else None
        by_number = kind == "p" and isinstance(name, int) and not isinstance(name, bool)
        if not (isinstance(name, str) or by_number) or not isinstance(place, str | None):
            raise self._refused(node)
        if kind == "q" and place is not None:
            raise Refused(
                f"{self.shown}: {self._piece(node)} names a node; q takes a contract's name alone,"
                " since it has one price, where it is issued"
            )
        assert isinstance(name, str | int)
        return Quoted(KINDS[kind], name, place)

    def _refused(self, node: ast.expr) -> Refused:
        also = "; coupon stands for what is owed" if self.coupon else ""
        return Refused(f"{self.shown}: {self._piece(node)} is not allowed; {ALLOWED}{also}")

    def _piece(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or self.text


def _folded(sign: Sign, parts: tuple[Part, ...]) -> Part:
    """What is applied to numbers alone is a number, exactly; division by zero is left to see."""
    if all(isinstance(part, Fraction) for part in parts) and not (sign == "/" and not parts[1]):
        return Fraction(OPERATORS[sign](*parts))
    return Operation(sign, parts)


# ---------------------------------------------------------------------- bounds at all quotes
Bound = Fraction | float


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a part lies between at all quotes, and whether it is above zero at all of them."""

    low: Bound
    high: Bound
    positive: bool


ANY = _Bounds(Fraction(0), math.inf, False)
"""Contract prices, resale prices and coupons."""

ABOVE = _Bounds(Fraction(0), math.inf, True)
"""Prices of goods."""


def _bounds(part: Part, shown: str) -> _Bounds:
    """Bounds of a part over all quotes; refuses to divide by what may be zero or negative."""
    if isinstance(part, Quoted):
        return ABOVE if part.kind == "p" else ANY
    if isinstance(part, Fraction):
        return _Bounds(part, part, part > 0)
    inside = [_bounds(each, shown) for each in part.parts]
    if part.sign == "/":
        if not inside[1].positive:
            raise Refused(
                f"{shown}, which divides by what may be zero or negative at some quotes; write"
                " max(0.01, ...) around it, or another least value"
            )
        return _product(inside[0], _inverse(inside[1]))
    if part.sign == "*":
        return _product(*inside)
    if part.sign == "+":
        return _sum(*inside)
    if part.sign == "-":
        return _negative(inside[0]) if len(inside) == 1 else _sum(inside[0], _negative(inside[1]))
    lows, highs = [each.low for each in inside], [each.high for each in inside]
    positive = [each.positive for each in inside]
    if part.sign == "abs":
        low, high = max(Fraction(0), lows[0], -highs[0]), max(-lows[0], highs[0])
        return _Bounds(low, high, low > 0 or positive[0])
    if part.sign == "max":
        return _Bounds(max(lows), max(highs), any(positive) or max(lows) > 0)
    return _Bounds(min(lows), min(highs), all(positive))


def _sum(one: _Bounds, other: _Bounds) -> _Bounds:
    low, high = one.low + other.low, one.high + other.high
    pushed = (one.positive or other.positive) and min(one.low, other.low) >= 0
    return _Bounds(low, high, low > 0 or pushed)


def _negative(one: _Bounds) -> _Bounds:
    return _Bounds(-one.high, -one.low, one.high < 0)


def _product(one: _Bounds, other: _Bounds) -> _Bounds:
    ends = [a * b if a and b else Fraction(0) for a in (one.low, one.high)
            for b in (other.low, other.high)]  # fmt: skip
    return _Bounds(min(ends), max(ends), one.positive and other.positive)


def _inverse(one: _Bounds) -> _Bounds:
    """Of what is positive."""
    low = Fraction(0) if one.high == math.inf else 1 / one.high
    return _Bounds(low, 1 / one.low if one.low else math.inf, True)


# ---------------------------------------------------------------------- values in a round
Compiled = Callable[[Sequence[float]], float]
"""The value of a formula at values of quotes."""


def compiled(part: Part, place: Callable[[Quoted], int]) -> Compiled:
    """A formula as a function of numbers, made once.

    Parameters
    ----------
    place : callable
        Where among the numbers that the function is given a quote stands.
    """
    if isinstance(part, Fraction):
        constant = float(part)
        return lambda values: constant
    if isinstance(part, Quoted):
        where = place(part)
        return lambda values: values[where]
    apply, inside = OPERATORS[part.sign], [compiled(each, place) for each in part.parts]
    return lambda values: apply(*[each(values) for each in inside])
