"""What happened to incidents → messages in the outbox: who hears of it, where, in which words. Pure."""
