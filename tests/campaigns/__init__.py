"""Campaigns: processes that people would start are killed, stopped and cut off at random; a checker reads what is left."""
