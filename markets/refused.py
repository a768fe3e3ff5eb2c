"""The errors that say that input can't be used, and that nobody can act at the posted quotes."""

from __future__ import annotations


class Refused(ValueError):
    """Input that can't be used.

    Its message is one sentence that names the field, its value and what is allowed. The command
    prints it and leaves with exit code 2. Whatever else goes wrong while a run is under way is an
    outcome (see :class:`simulator.outcome.Outcome`) or a defect of the program.
    """


class Infeasible(Exception):
    """A member has no choice that meets its constraints, or a margin rule gives no haircut.

    The message names the member and the constraint, or the rule and its answer. A cohort raises it
    in :meth:`agents.cohort.Cohort.respond`; the rounds of the date end, and the outcome says so.
    """
