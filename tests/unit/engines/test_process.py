from monitor.engines.process import scrubbed


def test_only_harmless_variables_and_those_named_reach_a_child() -> None:
    environment = {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "PGPASSWORD": "x", "PGSSLMODE": "y", "KRB5CCNAME": "z"}

    assert scrubbed(environment, ()) == {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C"}
    assert scrubbed(environment, ("KRB5CCNAME",))["KRB5CCNAME"] == "z"
