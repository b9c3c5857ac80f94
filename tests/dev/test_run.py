"""`./run` sets up once, repairs what was interrupted, and lets two calls at once share one set-up.

A stand-in for uv notes that it was called; so no registry is needed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTING_UV = """#!/bin/sh
echo called >>"$UV_NOTES"
sleep "${UV_SECONDS:-0}"
exit "${UV_CODE:-0}"
"""


class Project:
    """A small copy of the project: `./run`, the set-up, a lock, and a command that says hello."""

    def __init__(self, room: Path) -> None:
        self.folder = folder = room / "project"
        self.tools = room / "tools"
        self.notes = room / "notes"
        for made in (folder / "dev", folder / "src/qinqing", self.tools):
            made.mkdir(parents=True)
        shutil.copy(ROOT / "run", folder / "run")
        shutil.copy(ROOT / "dev" / "setup.py", folder / "dev" / "setup.py")
        self.change_lock("one")
        (folder / "src/qinqing/__init__.py").write_text("")
        (folder / "src/qinqing/__main__.py").write_text("import sys; print('hello', *sys.argv[1:])")
        uv = self.tools / "uv"
        uv.write_text(NOTING_UV)
        uv.chmod(0o755)
        (self.tools / "python3").symlink_to(sys.executable)

    def change_lock(self, text: str) -> None:
        (self.folder / "requirements.lock").write_text(text)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        path = f"{self.tools}:{os.environ['PATH']}"
        return subprocess.Popen(
            ["sh", str(self.folder / "run"), *arguments],
            env={
                **os.environ,
                "PATH": path,
                "UV_NOTES": str(self.notes),
                "PYTHONDONTWRITEBYTECODE": "1",  # files change within a second here, which compiled ones do not notice
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err

    def set_ups(self) -> int:
        return len(self.notes.read_text().splitlines()) if self.notes.exists() else 0

    def wait_for_set_up(self) -> None:
        for _ in range(200):
            if self.set_ups():
                return
            time.sleep(0.05)
        pytest.fail("no set-up began")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_sets_up_once_and_again_for_another_lock(project: Project) -> None:
    assert project.call("qinqing", "a b", "c")[:2] == (0, "hello a b c\n")
    assert project.call("qinqing")[2] == ""
    assert project.set_ups() == 1
    project.change_lock("two")
    assert project.call("qinqing")[0] == 0
    assert project.set_ups() == 2


def test_works_after_the_folder_was_moved(project: Project) -> None:
    project.call("qinqing")
    moved = project.folder.with_name("moved")
    project.folder.rename(moved)
    project.folder = moved
    assert project.call("qinqing")[1] == "hello\n"
    assert project.set_ups() == 1


def test_an_interrupted_set_up_is_done_again(project: Project) -> None:
    with project.start("qinqing", UV_SECONDS="30") as process:
        project.wait_for_set_up()
        os.killpg(process.pid, signal.SIGKILL)
    assert not (project.folder / ".venv" / "stamp").exists()
    assert project.call("qinqing")[1] == "hello\n"
    assert project.set_ups() == 2


def test_while_an_orphaned_installer_runs_nobody_builds_beneath_it(project: Project) -> None:
    with project.start("qinqing", UV_SECONDS="2") as process:
        project.wait_for_set_up()
        (builder,) = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        began = time.monotonic()
        os.kill(builder, signal.SIGKILL)
        process.stdout.close()  # type: ignore[union-attr]
        process.wait(10)
        assert project.call("qinqing")[1] == "hello\n"
    assert time.monotonic() - began > 1.5
    assert project.set_ups() == 2


def test_two_at_once_share_one_set_up(project: Project) -> None:
    processes = [project.start("qinqing", UV_SECONDS="1") for _ in range(3)]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["hello\n"] * 3
    assert project.set_ups() == 1


def test_an_old_python_is_refused_with_words(project: Project) -> None:
    (project.tools / "python3").unlink()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        old = project.tools / name
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
    code, _, err = project.call("qinqing")
    assert code == 1
    assert "Python 3.11 or newer is needed" in err


def test_an_unknown_word_shows_what_there_is(project: Project) -> None:
    code, out, err = project.call("nonsense")
    assert (code, out) == (2, "")
    assert "there is no nonsense" in err
    assert "./run demo" in err
    assert project.set_ups() == 0
