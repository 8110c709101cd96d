"""The real program, as the acceptance tests start it."""

from tests.acceptance.conftest import program

__all__ = ["program"]
