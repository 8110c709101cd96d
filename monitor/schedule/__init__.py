"""When a contract is to be verified: its cadences, and which slots they make due. Pure; time is an argument."""
