"""What a session on MariaDB cannot do, how long it waits, what it sees, and how it ends."""

import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from monitor.domain.check import Check, Query
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.base import Interrupted, Wishes, never_interrupted
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses import mysql
from monitor.engines.warehouses.base import Unreachable, session_for
from monitor.engines.warehouses.mysql_holder import MysqlHolder
from monitor.settings import ServerSettings
from tests.conftest import until
from tests.mysql import Mysql, MysqlWarehouse, booted, run
from tests.plans import AT_LEAST_NOTHING, aggregate, check, plan

SLOW = "SELECT COUNT(*) FROM seq_1_to_10000000000 AS a WHERE a.seq % 7 = 3"


def slow() -> Check:
    return check("t.slow", Query(metric="t.slow", sql=SLOW, threshold=AT_LEAST_NOTHING))


def guarded(settings: ServerSettings) -> mysql.Guarded:
    return mysql.open_guarded(mysql.route_to(settings), session_for(settings, "test"))


def results(
    nursery: Nursery, settings: ServerSettings, *checks: Check, interrupted: Interrupted = never_interrupted
) -> dict[str, CheckResult]:
    planned = replace(plan(*checks), server_type="mysql")
    scan = SodaEngine(settings, nursery).scan(planned, Wishes(interrupted=interrupted))
    return {result.check.id: result for result in scan.results}


@pytest.fixture
def table(warehouse: MysqlWarehouse) -> MysqlWarehouse:
    warehouse.plain("CREATE TABLE t (n INT)", "INSERT INTO t VALUES (1)")
    return warehouse


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (2)", "DELETE FROM t", "UPDATE t SET n = 2", "CREATE TABLE u (n INT)", "DROP TABLE t",
        "TRUNCATE t", "SELECT 1; SELECT 2",
    ],
)  # fmt: skip
def test_nothing_can_be_written_and_one_statement_is_one(table: MysqlWarehouse, statement: str) -> None:
    with closing(guarded(table.settings)) as session, pytest.raises(StatementFailedError):
        session.rows(statement)
    assert table.plain("SELECT n FROM t") == [(1,)]


def test_a_rogue_server_gets_no_file_of_ours(table: MysqlWarehouse) -> None:
    with closing(guarded(table.settings)) as session, pytest.raises(StatementFailedError):
        session.rows("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t")


def test_a_session_sees_one_snapshot_before_and_after_errors(table: MysqlWarehouse) -> None:
    with closing(guarded(table.settings)) as session:
        table.plain("INSERT INTO t VALUES (2)")
        assert session.rows("SELECT COUNT(*) FROM t") == [(1,)]
        with pytest.raises(StatementFailedError):
            session.rows("SELECT nonsense FROM t")
        assert session.rows("SELECT COUNT(*) FROM t") == [(1,)]
        assert session.loss() is None


@pytest.mark.parametrize("change", ["TRUNCATE t", "ALTER TABLE t ADD m INT, ALGORITHM=COPY"])
def test_a_table_that_was_rewritten_since_the_snapshot_is_an_error(table: MysqlWarehouse, change: str) -> None:
    with closing(guarded(table.settings)) as session:
        table.plain(change)
        with pytest.raises(StatementFailedError):
            session.rows("SELECT COUNT(*) FROM t")
        assert session.loss() is None


@pytest.mark.parametrize("change", ["RENAME TABLE t TO old, spare TO t", "DROP TABLE t"])
def test_nobody_swaps_a_table_while_a_scan_looks_at_it(table: MysqlWarehouse, change: str) -> None:
    table.plain("CREATE TABLE spare (n INT)")
    server = table.settings
    route = {**mysql.route_to(server), mysql.TABLES: '[[null, "t"], [null, "not there"]]'}
    with closing(mysql.open_guarded(route, session_for(server, "test"))) as session:
        table.plain("INSERT INTO t VALUES (2)")
        with pytest.raises(Exception, match="Lock wait timeout"):
            table.plain("SET SESSION lock_wait_timeout = 1", change)
        assert session.rows("SELECT COUNT(*) FROM t") == [(1,)]
        assert session.rows("SELECT @@SESSION.lock_wait_timeout") == [(5,)]


def test_a_statement_that_takes_too_long_is_stopped_and_said(nursery: Nursery, table: MysqlWarehouse) -> None:
    settings = replace(table.settings, statement_timeout=0.5)
    found = results(nursery, settings, slow(), aggregate("t.count", "COUNT(*)"))
    assert found["t.slow"].outcome is Outcome.ERROR
    assert found["t.slow"].reason == "stopped: statement timeout"
    assert "raise statement_timeout" in (found["t.slow"].remedy or "")
    assert found["t.count"].measured == 1
    table.wait_until_alone()


def test_a_locked_table_is_given_up_and_said(nursery: Nursery, table: MysqlWarehouse) -> None:
    settings = replace(table.settings, lock_timeout=1.0)
    with closing(table.mysql.connect(database=table.settings.database)) as somebody:
        run(somebody, "LOCK TABLES t WRITE")
        found = results(nursery, settings, aggregate("t.count", "COUNT(*)"))
        run(somebody, "UNLOCK TABLES")
    assert found["t.count"].outcome is Outcome.ERROR
    assert "the table is locked by somebody else" in found["t.count"].reason


def test_the_session_of_a_killed_child_is_gone_within_ten_seconds(nursery: Nursery, table: MysqlWarehouse) -> None:
    found: dict[str, CheckResult] = {}

    def scan() -> None:
        found.update(results(nursery, table.settings, slow()))

    before = set(psutil.Process().children(recursive=True))
    thread = threading.Thread(target=scan)
    thread.start()
    until(lambda: any("seq_1_to" in str(info) for *_, info in table.backends()))
    children = set(psutil.Process().children(recursive=True)) - before
    assert children
    began = time.monotonic()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    thread.join(15)
    table.wait_until_alone(10.0)
    assert time.monotonic() - began < 10
    assert found["t.slow"].outcome is Outcome.ERROR
    assert found["t.slow"].reason == "the scanning process died"


def test_an_interrupted_scan_ends_its_statements(nursery: Nursery, table: MysqlWarehouse) -> None:
    def interrupted() -> str | None:
        return "stopped" if any("seq_1_to" in str(info) for *_, info in table.backends()) else None

    found = results(nursery, table.settings, slow(), interrupted=interrupted)

    assert found["t.slow"].outcome is Outcome.ERROR
    assert "stopped" in found["t.slow"].reason
    table.wait_until_alone(10.0)


def test_a_session_that_the_server_ends_is_a_loss(table: MysqlWarehouse) -> None:
    with closing(guarded(table.settings)) as session:
        table.plain(f"KILL {session.backend}")
        with pytest.raises(StatementFailedError):
            session.rows("SELECT 1")
        assert session.loss() is not None


def test_who_is_not_let_in_is_told_without_the_password(nursery: Nursery, table: MysqlWarehouse) -> None:
    wrong = replace(table.settings, password="secret-1234")
    with pytest.raises(Unreachable) as refused:
        MysqlHolder(wrong, "test")
    assert "Access denied" in str(refused.value)
    assert "secret-1234" not in str(refused.value)
    found = results(nursery, wrong, aggregate("t.count", "COUNT(*)"))
    assert found["t.count"].outcome is Outcome.BLOCKED
    nowhere = results(nursery, replace(table.settings, port=1), aggregate("t.count", "COUNT(*)"))
    assert nowhere["t.count"].outcome is Outcome.BLOCKED


def test_a_server_without_ssl_is_refused_where_it_is_asked_for(table: MysqlWarehouse) -> None:
    with pytest.raises(Unreachable, match="takes no SSL"):
        guarded(replace(table.settings, sslmode="require"))


@pytest.fixture
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mysql, Path]]:
    folder = tmp_path_factory.mktemp("certificates")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with booted(f"--ssl-cert={certificate}", f"--ssl-key={key}") as server:
        with closing(server.connect()) as opened:
            run(opened, "CREATE USER watch@'127.0.0.1' IDENTIFIED BY 'x'")
            run(opened, "CREATE USER watch@'localhost' IDENTIFIED BY 'x'")
        yield server, certificate


def test_connections_are_encrypted_as_sslmode_says(secure: tuple[Mysql, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    server, certificate = secure
    settings = ServerSettings(name="s", type="mysql", host="127.0.0.1", port=server.port, user="watch", password="x")
    status = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
    for sslmode, is_encrypted in (("disable", False), (None, True), ("require", True)):
        with closing(guarded(replace(settings, sslmode=sslmode))) as session:
            assert (session.rows(status)[0][1] != "") is is_encrypted, sslmode
    with pytest.raises(Unreachable, match="certificate verify failed"):
        guarded(replace(settings, sslmode="verify-ca"))
    trusted = ssl.get_default_verify_paths()._replace(cafile=str(certificate))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: trusted)
    with closing(guarded(replace(settings, sslmode="verify-ca"))) as session:
        assert session.rows(status)[0][1] != ""
