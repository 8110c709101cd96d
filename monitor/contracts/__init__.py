"""Contract files in, contracts out."""
