"""`pactwatch.toml` and the environment, read once into one frozen `Settings` (placeholder docstring)."""
