"""What Pactwatch remembers: the only rooms that know SQLAlchemy and SQL of our own."""
