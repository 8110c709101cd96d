"""What could keep Pactwatch from doing its work, each with how to mend it."""
