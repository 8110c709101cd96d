"""Pactwatch: versioned data contracts, verified against the warehouse."""

__version__ = "0.1.0"
