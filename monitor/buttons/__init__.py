"""What people press below a message → a decision that is recorded, and an answer."""
