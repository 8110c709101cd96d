"""The command line: parse, build, execute. The only place that prints and exits."""
