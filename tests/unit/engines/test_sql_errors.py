import pytest

from monitor.engines.sql_errors import hidden


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ('invalid input syntax for type integer: "se"cret"', "invalid input syntax for type integer: •••"),
        ('value "99999999999" is out of range for type integer', "value ••• is out of range for type integer"),
        ("ungültige Eingabesyntax für Typ integer: »geheim«", "ungültige Eingabesyntax für Typ integer: •••"),
        ("division by zero", "division by zero"),
    ],
)
def test_quoted_data_is_hidden(message: str, shown: str) -> None:
    assert hidden(message) == shown
