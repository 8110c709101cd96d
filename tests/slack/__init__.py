"""A Slack of our own for the tests: a real HTTP server with Slack's limits, and a judge that reads its log.

Nothing in here imports `monitor`: what is tested and what tests it share no code.
"""
