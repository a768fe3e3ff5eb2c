"""The error that says that input can't be used."""


class Refused(ValueError):
    """Input that can't be used.

    Its message is one sentence that names the field, its value and what is allowed. The command
    prints it and leaves with exit code 2. Whatever else goes wrong while a run is under way is an
    outcome (see :class:`simulator.outcome.Outcome`) or a defect of the program.
    """
