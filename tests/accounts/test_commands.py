"""`qinqing accounts ...`: the first administrators come from the server's console."""

from __future__ import annotations

import io

import pytest

from qinqing.accounts import commands
from qinqing.accounts.access import table
from qinqing.accounts.models import AdminRole, User
from qinqing.lib.cli import Cli, CommandError

pytestmark = pytest.mark.django_db


def run(*words: str) -> int | None:
    cli = Cli("qinqing")
    commands.add_commands(cli)
    arguments = cli.parser.parse_args(["accounts", *words])
    code: int | None = arguments.run(arguments)
    return code


def test_an_administrator_with_a_password_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("first-password-1\n"))
    run("create", "--username", "luming", "--name", "陆明远", "--role-admin", "security", "--password-stdin")
    user = User.objects.get(username="luming")
    assert user.check_password("first-password-1")
    assert user.must_change_password
    assert AdminRole.objects.get(user=user).role == "security_admin"


def test_a_made_up_password_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    run("create", "--username", "zhou", "--name", "周")
    password = capsys.readouterr().out.strip().rsplit("：", 1)[1]
    assert User.objects.get(username="zhou").check_password(password)
    assert not AdminRole.objects.exists()


@pytest.mark.parametrize(
    ("username", "password", "said"), [("z", "first-password-1", "3至40位"), ("zhou", "x", "至少10位")]
)
def test_bad_input_makes_nothing(monkeypatch: pytest.MonkeyPatch, username: str, password: str, said: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError, match=said):
        run("create", "--username", username, "--name", "周", "--password-stdin")
    assert not User.objects.exists()


def test_reset_mfa() -> None:
    user = User.objects.create(username="zhou", name="周", kind="officer", totp_secret="x")
    run("reset-mfa", "--username", "zhou")
    user.refresh_from_db()
    assert user.totp_secret == ""
    with pytest.raises(CommandError, match="no account 'qian'"):
        run("reset-mfa", "--username", "qian")


def test_the_table_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    run("permissions")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(table().routes)
    assert "accounts:accounts" in (line := next(line for line in lines if "accounts:accounts " in line))
    assert line.endswith("系统管理员")
