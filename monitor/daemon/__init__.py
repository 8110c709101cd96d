"""The daemon: every promised check runs, once, on time. APScheduler is its alarm clock, the database its memory."""
