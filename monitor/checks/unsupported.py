"""The error of a dialect that cannot say what a rule needs: raised where SQL is said, caught where a plan is made."""


class UnsupportedError(Exception):
    """A dialect cannot say this exactly; the message is why, and the check is skipped."""
