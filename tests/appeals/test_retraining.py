"""The county's own model: what it learns from, when it is kept, and how the window uses it or does without."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qinqing.appeals import learning, retraining, routing, suggesting
from qinqing.appeals.commands import add_commands
from qinqing.cases import acting
from qinqing.cases.history import CaseHistory
from qinqing.cases.models import Case
from qinqing.directory.models import Unit
from qinqing.lib.cli import Cli, CommandError
from tests.appeals.test_routing import texts
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import client
from tests.cases.test_acting import PHOTO

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
SECTION = {"roads": "a", "schools": "b", "wages": "c"}
FIRST = TUESDAY - timedelta(days=200)
SURE_TEXT = "学校老师要求补课，学费太贵，幼儿园招生也不公开"


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    settings.HOME = settings.COUNTY = settings.BLOBS = tmp_path
    (tmp_path / "suggestions.yaml").write_text("a: [路灯, 红绿灯]\nb: [学校, 老师]\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def county(home: Path) -> County:
    return build()


Closed = Callable[..., list[Case]]


@pytest.fixture
def closed(county: County) -> Closed:
    """Cases as they stand after their way through the sections, one closed each hour; the kernel's own way to there is
    walked once, in `test_the_section_that_answered_counts`."""

    def make(each: int = 50, seed: int = 1, begin: datetime = FIRST, mark: str = "") -> list[Case]:
        found = []
        said = sorted(texts(each, seed), key=lambda one: int("".join(filter(str.isdigit, one.writer))))
        for number, one in enumerate(said):
            opened = begin + timedelta(hours=number)
            case = county.open(opened, data={"text": one.parts[0] + mark})
            Case.objects.filter(pk=case.pk).update(
                stage="", outcome="resolved", lead=county.unit(SECTION[one.section]), opened_at=opened,
                closed_at=opened + timedelta(days=3), party=_party(county, number),
            )  # fmt: skip
            found.append(case)
        return found

    return make


def _party(county: County, number: int) -> int:
    """A few parties, so that an n-gram has several writers."""
    from qinqing.directory.services import create_unnamed

    known: list[int] = county.__dict__.setdefault("writers", [])
    while len(known) <= number % 40:
        known.append(create_unnamed(TUESDAY).pk)
    return known[number % 40]


def retrain(home: Path, **more: Any) -> retraining.Outcome:
    return retraining.retrain(TUESDAY, home, home, **more)


def known_units() -> frozenset[str]:
    return frozenset(Unit.objects.values_list("code", flat=True))


class TestWhatCounts:
    def test_the_section_that_answered_counts(self, county: County) -> None:
        case = county.dispatched()  # to a
        acting.act(case.pk, "return", county["handler_a"], TUESDAY, {"basis": "职责在科室b"})
        acting.act(case.pk, "dispatch", county["clerk"], TUESDAY, {"class": "complex", "lead": county.unit("b")})
        acting.act(case.pk, "feed_back", county["handler_b"], TUESDAY, {"answer": "好", "result": "solved"})
        acting.act(case.pk, "approve", county["head_b"], TUESDAY)
        assert retraining.closed_cases() == []  # not closed yet
        acting.act(case.pk, "write_off", county["supervisor"], TUESDAY, {"finding": "属实"}, files=[PHOTO])
        found = retraining.closed_cases()
        assert [(one.text, one.section, one.writer) for one in found] == [("厂区停车难", "b", str(county.company.pk))]

    @pytest.mark.parametrize("outcome", ["answered", "not_accepted", "withdrawn", "merged"])
    def test_what_no_section_answered_does_not(self, closed: Closed, outcome: str) -> None:
        Case.objects.filter(pk__in=[case.pk for case in closed(1)]).update(outcome=outcome)
        assert retraining.closed_cases() == []

    def test_erased_cases_do_not(self, closed: Closed) -> None:
        cases = closed(2)
        gone = CaseHistory().erase("standard", FIRST + timedelta(days=3, hours=2), TUESDAY, 10_000)
        assert gone == 2
        assert len(retraining.closed_cases()) == len(cases) - 2
        CaseHistory().erase("standard", TUESDAY, TUESDAY, 10_000)
        assert retraining.closed_cases() == []

    def test_only_from_a_day_on_in_the_order_of_closing(self, closed: Closed) -> None:
        closed(20)
        found = retraining.closed_cases(date.fromordinal(FIRST.date().toordinal() + 1))
        assert 0 < len(found) < 60
        assert [one.closed_at for one in found] == sorted(one.closed_at for one in found)


class TestRetrain:
    def test_better_than_the_words_is_kept(self, closed: Closed, home: Path) -> None:
        closed()
        done = retrain(home)
        assert (done.verdict, done.version, done.in_use) == ("kept", 1, 0)
        assert done.new and done.present
        assert done.new.macro_f1 > 0.9 > done.present.macro_f1
        assert sum(done.learnt.values()) == 120 and sum(done.held.values()) == 30
        model, why = suggesting.in_use(home, known_units())
        assert model and not why
        assert model.about["held_out"] == done.new.as_json()
        assert model.about["matters"] == 120

    def test_again_on_the_same_cases_changes_nothing(self, closed: Closed, home: Path) -> None:
        closed()
        retrain(home)
        before = suggesting.model_file(home).read_bytes()
        again = retrain(home)
        assert (again.verdict, again.in_use, again.version) == ("not_better", 1, 1)
        assert again.new and again.present and again.new.macro_f1 == again.present.macro_f1
        assert suggesting.model_file(home).read_bytes() == before

    def test_a_model_is_replaced_when_the_sections_change_hands(
        self, closed: Closed, county: County, home: Path
    ) -> None:
        closed()
        retrain(home)
        before = {case.pk for case in Case.objects.all()}
        closed(seed=3, begin=FIRST + timedelta(days=30))
        b, c = county.unit("b"), county.unit("c")
        fresh = Case.objects.exclude(pk__in=before)
        to_c = list(fresh.filter(lead=b).values_list("pk", flat=True))
        fresh.filter(lead=c).update(lead=b)
        fresh.filter(pk__in=to_c).update(lead=c)
        done = retrain(home, since=(FIRST + timedelta(days=29)).date())
        assert (done.verdict, done.version) == ("kept", 2)
        assert done.present and done.new and done.new.macro_f1 > done.present.macro_f1

    def test_what_the_model_in_use_learnt_is_not_held_out(self, closed: Closed, home: Path) -> None:
        closed()
        retrain(home)
        model, _ = suggesting.in_use(home, known_units())
        assert model
        until = datetime.fromisoformat(model.about["until"])
        known = retraining.closed_cases()
        _, newest = retraining.split(known[:130], model)  # the newest fifth would begin before `until`
        assert len(newest) == 10
        assert all(one.closed_at > until for one in newest)

    @pytest.mark.parametrize("each", [0, 1, 25])
    def test_too_few_is_a_message(
        self, closed: Closed, home: Path, each: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        closed(each)
        assert retrain(home).verdict == "too_few"
        assert not suggesting.model_file(home).exists()
        assert not run("retrain")
        assert "办结件还不够" in capsys.readouterr().out

    def test_a_section_with_too_few_is_left_out_and_said(
        self, closed: Closed, county: County, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cases = closed(60)
        Case.objects.filter(pk__in=[case.pk for case in cases[:10]]).update(lead=county.unit("d"))
        run("retrain", "--lang", "en")
        text = capsys.readouterr().out
        assert "10 to learn from, fewer than 30: left out" in text
        assert "in use as version 1" in text
        model, _ = suggesting.in_use(home, known_units())
        assert model and model.sections == ("a", "b", "c")

    def test_no_number_of_a_person_is_kept(self, closed: Closed, home: Path) -> None:
        closed(mark="，请回电13800002046，身份证330424199001011234，邮箱li.ping@example.com")
        assert retrain(home).verdict == "kept"
        grams = [routing.text_of(int(gram)) for gram in routing.load(suggesting.model_file(home)).grams]
        assert "身份证" in grams
        assert not [gram for gram in grams if any(one.isdigit() or one.isascii() for one in gram)]


def run(*words: str) -> int | None:
    cli = Cli("qinqing")
    add_commands(cli)
    arguments = cli.parser.parse_args(["appeals", *words])
    return arguments.run(arguments)  # type: ignore[no-any-return]


class TestCommands:
    def test_a_day_that_is_none(self, home: Path) -> None:
        with pytest.raises(CommandError, match="2026-01-31"):
            run("retrain", "--from", "gestern")

    @pytest.mark.parametrize(("lang", "said"), [("zh", "第1版"), ("en", "version 1")])
    def test_which_model(
        self, closed: Closed, home: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run("routing")
        assert "按关键词建议" in capsys.readouterr().out
        closed()
        run("retrain", "--json")
        assert json.loads(capsys.readouterr().out)["verdict"] == "kept"
        run("routing", "--lang", lang)
        assert said in capsys.readouterr().out
        run("routing", "--json")
        assert json.loads(capsys.readouterr().out)["model"]["version"] == 1
        suggesting.model_file(home).write_bytes(b"x")
        run("routing")
        assert "未使用" in capsys.readouterr().out


def put(home: Path, section: dict[str, str], threshold: float | None = 0.5) -> None:
    """A model in use; threshold 0.5, or as given."""
    made = learning.learn([learning.Example(one.parts, section[one.section], one.writer) for one in texts()])
    routing.save(replace(made, threshold=threshold, about={"version": 1}), suggesting.model_file(home))


class TestWindow:
    def hints(self, county: County, text: str, lang: str = "zh") -> str:
        return client(county, "clerk", lang).get("/window/hints/", {"text": text}).content.decode()

    def test_by_words_until_there_is_a_model(self, county: County, home: Path) -> None:
        text = self.hints(county, "路灯不亮")
        assert "科室a" in text and "<mark>路灯</mark>" in text
        assert "可能性" not in text  # a share of words is no probability
        put(home, SECTION)
        text = self.hints(county, SURE_TEXT)  # the running process reads the new file
        assert "科室b" in text and "可能性" in text and "<mark>" in text
        assert "把握不大" not in text

    def test_below_the_threshold_it_is_left_to_the_clerk(self, county: County, home: Path) -> None:
        for threshold in (0.9999999, None):
            put(home, SECTION, threshold)
            assert "把握不大，请人工判断" in self.hints(county, "学校门口路灯不亮，老师没有工资")
            assert "Not sure; please judge" in self.hints(county, "学校门口路灯不亮，老师没有工资", "en")
        assert "主办科室建议" not in self.hints(county, "学校")  # too short to tell
        assert "主办科室建议" not in self.hints(county, "12345678 ！！")

    def test_nothing_is_chosen_for_the_clerk(self, county: County, home: Path) -> None:
        put(home, SECTION)
        text = self.hints(county, SURE_TEXT)
        assert "checked" not in text and "selected" not in text and 'type="button"' in text

    def test_a_closed_section_is_not_proposed(self, county: County, home: Path) -> None:
        put(home, SECTION)
        Unit.objects.filter(code="b").update(closed_on=TUESDAY.date())
        text = self.hints(county, SURE_TEXT)
        assert "科室b" not in text
        assert "把握不大" in text or "主办科室建议" not in text

    @pytest.mark.parametrize("broken", ["damaged", "of another county"])
    def test_a_file_that_cannot_be_used_is_logged_once(
        self, county: County, home: Path, broken: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        put(home, {**SECTION, "wages": "elsewhere"})
        if broken == "damaged":
            path = suggesting.model_file(home)
            path.write_bytes(path.read_bytes()[:-100])
        with caplog.at_level(logging.WARNING, "qinqing.appeals.suggesting"):
            for _ in range(3):
                assert "<mark>路灯</mark>" in self.hints(county, "路灯不亮")
        assert len([one for one in caplog.records if one.name == "qinqing.appeals.suggesting"]) == 1


def test_a_server_never_imports_what_learns(tmp_path: Path) -> None:
    """The window page's hint, answered by a model, in a process of its own."""
    put(tmp_path, SECTION)
    script = """
import sys, django
django.setup()
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.test import RequestFactory
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # the tables at once
call_command("migrate", run_syncdb=True, verbosity=0)
from qinqing.config import urls
from qinqing.appeals import web
from qinqing.directory.models import Unit
for code in "abc":
    Unit.objects.create(code=code, name=f"section {code}", kind="section")
answer = web.hints(RequestFactory().get("/window/hints/", {"text": sys.argv[1]})).content.decode()
assert "section b" in answer and "%" in answer, answer
print([name for name in sys.modules if name.split(".")[0] in {"sklearn", "scipy", "joblib"}])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, SURE_TEXT], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "qinqing.config.settings", "QINQING_HOME": str(tmp_path),
             "QINQING_DATABASE": ":memory:", "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
