"""The errors that say that input can't be used, and that nobody can act at the posted quotes."""

from __future__ import annotations

import math
import reprlib

LONGEST = 292
"""Characters of a refusal: 300 with the ``walras:`` that the command writes before it."""

END = 110
"""Characters kept of the end of what is too long, where refusals say what is allowed."""

CUT = " ... "
"""What stands for characters that were left out."""


class Refused(ValueError):
    """Input that can't be used.

    Its message is one sentence that names the field, its value and what is allowed; on one line,
    and of at most ``LONGEST`` characters whatever it quotes. The command prints it and leaves with
    exit code 2. Whatever else goes wrong while a run is under way is an outcome (see
    :class:`simulator.outcome.Outcome`) or a defect of the program.
    """

    def __init__(self, sentence: object) -> None:
        super().__init__(on_one_line(str(sentence)))


class Infeasible(Exception):
    """A member has no choice that meets its constraints, or a margin rule gives no haircut.

    The message names the member and the constraint, or the rule and its answer. A cohort raises it
    in :meth:`agents.cohort.Cohort.respond`; the rounds of the date end, and the outcome says so.
    """


def on_one_line(text: str, longest: int = LONGEST, end: int = END) -> str:
    r"""A text without its middle if it is too long, and with what can't be printed as escapes.

    >>> on_one_line("one\ntwo"), on_one_line("a" * 9 + "b" * 9, 11, 2)
    ('one\\ntwo', 'aaaa ... bb')
    """
    text = _cut(text, longest, end)
    escaped = (
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
    return _cut("".join(escaped), longest, end)


def shown(value: object) -> str:
    """A value as a refusal shows it: texts in quotation marks, large ones in part.

    >>> shown("wide"), shown([0.1, 0.2]), shown(10**5000)
    ('"wide"', '[0.1, 0.2]', 'a whole number of 5,001 digits')
    """
    return f'"{on_one_line(value, 60, 20)}"' if isinstance(value, str) else _BRIEF.repr(value)


def _cut(text: str, longest: int, end: int) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - end - len(CUT)] + CUT + text[-end:]


class _Brief(reprlib.Repr):
    """The beginning of what Python writes for a value; nothing is too deep or too long for it."""

    def repr_int(self, x: int, level: int) -> str:
        """Python refuses to write very long numbers."""
        if x.bit_length() > 1000:
            return f"a whole number of {math.floor(x.bit_length() * math.log10(2.0)) + 1:,} digits"
        return super().repr_int(x, level)


_BRIEF = _Brief()
_BRIEF.maxlevel, _BRIEF.maxstring, _BRIEF.maxother = 3, 40, 80
