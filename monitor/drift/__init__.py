"""What changed about tables and contracts, whom it hurts, and how to say it. Pure."""
