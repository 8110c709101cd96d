"""What was found, what time does and what people decide → what happened to incidents. Pure; time is an argument."""
