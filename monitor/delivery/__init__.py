"""Telling what waits in the outbox: nothing is dropped, nothing is knowingly told twice."""
