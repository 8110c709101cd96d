"""Contracts that nobody wrote yet: drafted from a catalogue, or from what other tools were told. Pure."""
