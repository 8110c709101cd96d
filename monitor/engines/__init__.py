"""A plan in, a scan out: the engines that run checks against a warehouse."""
