"""How people hear of it: one notifier for each way to reach them."""
