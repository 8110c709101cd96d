"""What Spark said → a statement's error with its SQLSTATE, without plans, stack traces or excerpts."""

from typing import Any

from monitor.engines.sql_errors import StatementFailedError

TIMED_OUT = "canceling statement due to statement timeout"
GONE = "the session of Spark has ended"
_SPEAKS = "org.apache.spark.SparkThrowable"
_DEEPEST = 20
_CODES = {
    "PatternSyntaxException": "2201B", "NumberFormatException": "22018", "DateTimeException": "22007",
    "ArithmeticException": "22003", "OutOfMemoryError": "53200", "FileNotFoundException": "58030",
}  # fmt: skip
"""Which SQLSTATE each of Java's own errors comes next to; any other is the machine's own trouble."""


def failed(error: BaseException, gateway: Any, *, is_over: bool) -> StatementFailedError:  # noqa: ANN401 - py4j
    """Return the error of a statement, by the innermost word of Spark's own that has an SQLSTATE."""
    if is_over:
        return StatementFailedError(TIMED_OUT, "57014")
    if is_of_the_network(error):
        return StatementFailedError(GONE, "57P01")
    thrown = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    spoken: tuple[str, str] | None = None
    last = thrown
    for _ in range(_DEEPEST):
        if thrown is None:
            break
        last = thrown
        if _is_spark(gateway, thrown) and (code := thrown.getSqlState()):
            spoken = (str(thrown.getMessage()), str(code))
        thrown = thrown.getCause()
    if spoken is not None:
        return StatementFailedError(first_line(spoken[0]), spoken[1])
    if last is None:
        return StatementFailedError(first_line(str(error)) or type(error).__name__, "XX000")
    kind = str(last.getClass().getSimpleName())
    return StatementFailedError(first_line(f"{kind}: {last.getMessage()}"), _CODES.get(kind, "XX000"))


def is_of_the_network(error: BaseException) -> bool:
    """Say whether the virtual machine itself is gone."""
    return type(error).__name__ == "Py4JNetworkError" or isinstance(error, ConnectionError)


def first_line(message: str) -> str:
    """Return the first line: what follows are excerpts of the statement and plans."""
    return (message.strip().splitlines() or [""])[0].strip()


def _is_spark(gateway: Any, thrown: Any) -> bool:  # noqa: ANN401 - py4j
    from py4j.java_gateway import is_instance_of

    return bool(is_instance_of(gateway, thrown, _SPEAKS))
