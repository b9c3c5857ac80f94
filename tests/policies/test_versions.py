"""Versions in the database: who may do what when, nothing of the content ever changes, everything is recorded."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from qinqing.audit.append_only import missing_guards
from qinqing.audit.services import verify_database
from qinqing.policies import selectors, services
from qinqing.policies.history import PolicyHistory
from qinqing.policies.models import Policy, PolicyEvent, PolicyVersion
from qinqing.policies.policy import ReviewResult
from qinqing.policies.services import Faulty, NotNow
from qinqing.ui.errors import Invalid, NotAllowed, NotFound
from tests.audit.unguarded import unguarded
from tests.cases.processes import running
from tests.policies.office import ALONE, NOW, Office
from tests.policies.texts import SOUND, spoilt

pytestmark = pytest.mark.django_db
SECOND = ALONE.replace("rate: 5%", "rate: 4%").replace("yuan: 53000.00", "yuan: 42400.00")


@pytest.fixture
def office(db: None) -> Office:
    return Office()


def test_the_life_of_a_version(office: Office) -> None:
    version, new = services.draft(office["author"], ALONE, NOW, note="初稿")
    assert new
    assert (version.policy.code, version.number, version.state) == ("alone", 1, "draft")
    assert version.source == ALONE, "as it came in"
    assert (version.effective_from, version.effective_to) == (date(2026, 1, 1), date(2026, 12, 31))
    services.record_review(office["section"], version.pk, ReviewResult.PASSED, "未发现限制竞争的内容", NOW)
    live = services.approve(office["head"], version.pk, NOW)
    assert (live.state, live.approved_by_id) == ("live", office["head"].user_id)
    assert [v.pk for v in selectors.in_force(date(2026, 12, 31))] == [version.pk]
    assert not selectors.in_force(date(2027, 1, 1)).exists()
    ended = services.withdraw(office["leader"], version.pk, "条款有误", NOW)
    assert (ended.state, ended.end_reason) == ("withdrawn", "条款有误")
    assert not selectors.live_versions().exists()
    actions = list(PolicyEvent.objects.order_by("seq").values_list("action", "actor_id", "note"))
    assert actions == [
        ("drafted", office["author"].user_id, "初稿"),
        ("reviewed", office["section"].user_id, "未发现限制竞争的内容"),
        ("approved", office["head"].user_id, ""),
        ("withdrawn", office["leader"].user_id, "条款有误"),
    ]
    assert verify_database(NOW).findings == []


def test_the_same_content_is_stored_once(office: Office) -> None:
    first = office.drafted()
    again, new = services.draft(office["section"], "# typed anew\n" + ALONE.replace("rate: 5%", "rate: 0.05"), NOW)
    assert (again.pk, new) == (first.pk, False)
    second, new = services.draft(office["author"], SECOND, NOW)
    assert (second.number, new) == (2, True)
    back, new = services.draft(office["author"], ALONE, NOW)
    assert (back.number, new) == (3, True), "going back is a version of its own"
    assert PolicyVersion.objects.count() == 3


def test_a_draft_with_faults_is_not_stored(office: Office) -> None:
    with pytest.raises(Faulty) as refused:
        office.drafted(spoilt("rate: 5%", "rate: 6%", ALONE))
    assert refused.value.extra["findings"][0]["rule"] == "examples"
    assert refused.value.extra["findings"][0]["line"] > 1
    with pytest.raises(Faulty) as refused:
        office.drafted(SOUND)  # names policies that are not here
    assert {finding["rule"] for finding in refused.value.extra["findings"]} == {"relations"}
    with pytest.raises(Faulty):
        office.drafted("policy: [")
    assert not Policy.objects.exists()


def test_several_may_name_each_other_and_all_are_stored_or_none(office: Office) -> None:
    one = spoilt("highest_of: research", "excludes: [two]", ALONE)
    two = spoilt("highest_of: research", "excludes: [alone]", ALONE).replace("policy: alone", "policy: two")
    with pytest.raises(Faulty):
        office.drafted(one)
    with pytest.raises(Faulty):
        services.draft_all(office["author"], [one, spoilt("rate: 5%", "rate: 6%", two)], NOW)
    assert not Policy.objects.exists()
    stored = services.draft_all(office["author"], [one, two], NOW)
    assert [version.policy.code for version, _ in stored] == ["alone", "two"]


@pytest.mark.parametrize("who", ["stranger", "clerk", "leader"])
def test_only_the_leading_department_drafts(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.drafted(by=who)
    assert not Policy.objects.exists()


def test_nobody_takes_a_policy_over_by_naming_oneself_its_lead(office: Office) -> None:
    version = office.drafted()
    taken = ALONE.replace("departments: [science", "departments: [tax, science", 1).replace("science, tax", "science")
    with pytest.raises(NotAllowed):
        services.draft(office["stranger"], taken, NOW)
    assert selectors.newest(version.policy.code).number == version.number


def test_a_section_of_the_department_drafts(office: Office) -> None:
    assert office.drafted(by="section").author_id == office["section"].user_id


@pytest.mark.parametrize("who", ["author", "stranger", "clerk", "section"])
def test_the_wrong_person_cannot_approve(office: Office, who: str) -> None:
    version = office.reviewed()
    with pytest.raises(NotAllowed):
        services.approve(office[who], version.pk, NOW)
    version.refresh_from_db()
    assert (version.state, version.approved_by_id) == ("reviewed", None)


def test_the_author_cannot_approve_though_entitled(office: Office) -> None:
    version = office.reviewed(by="head")
    with pytest.raises(NotAllowed, match="另一人"):
        services.approve(office["head"], version.pk, NOW)
    assert services.approve(office["section_head"], version.pk, NOW).state == "live"


def test_nothing_goes_live_without_a_passed_review(office: Office) -> None:
    version = office.drafted()
    with pytest.raises(NotNow):
        services.approve(office["head"], version.pk, NOW)
    services.record_review(office["author"], version.pk, ReviewResult.FAILED, "按纳税额奖励", NOW)
    with pytest.raises(NotNow):
        services.approve(office["head"], version.pk, NOW)
    services.record_review(office["author"], version.pk, ReviewResult.EXCEPTION, "条例第十二条第二项，期限一年", NOW)
    assert services.approve(office["head"], version.pk, NOW).review == "exception"
    assert verify_database(NOW).findings == []


@pytest.mark.parametrize("result", [ReviewResult.FAILED, ReviewResult.EXCEPTION])
def test_a_review_that_is_not_plain_needs_words(office: Office, result: ReviewResult) -> None:
    version = office.drafted()
    with pytest.raises(Invalid):
        services.record_review(office["author"], version.pk, result, "  ", NOW)


def test_twice_is_refused(office: Office) -> None:
    version = office.live()
    with pytest.raises(NotNow):
        services.approve(office["head"], version.pk, NOW)
    with pytest.raises(NotNow):
        services.record_review(office["author"], version.pk, ReviewResult.PASSED, "", NOW)
    services.withdraw(office["head"], version.pk, "误发", NOW)
    with pytest.raises(NotNow):
        services.withdraw(office["head"], version.pk, "误发", NOW)
    assert PolicyEvent.objects.count() == 4


def test_going_live_supersedes_the_version_before(office: Office) -> None:
    first = office.live()
    second = office.live(SECOND)
    first.refresh_from_db()
    assert (first.state, first.end_reason, second.state) == ("superseded", "第2版生效", "live")
    assert list(selectors.live_versions()) == [second]
    assert verify_database(NOW).findings == []


def test_a_successor_that_says_so_ends_a_policy(office: Office) -> None:
    old = office.live(
        ALONE.replace("2026", "2025")
        .replace("policy: alone", "policy: before")
        .replace("day: 2025-12-01", "day: 2024-12-01")
    )
    with pytest.raises(Invalid):
        services.supersede(office["head"], old.pk, "alone", NOW)
    office.live(spoilt("highest_of: research", "supersedes: [before]", ALONE))
    with pytest.raises(NotAllowed):
        services.supersede(office["author"], old.pk, "alone", NOW)
    ended = services.supersede(office["head"], old.pk, "alone", NOW)
    assert (ended.state, ended.end_reason) == ("superseded", "由alone@1替代")
    assert verify_database(NOW).findings == []


def test_approving_looks_again_at_the_others(office: Office) -> None:
    """What was sound when drafted may not be when approved: the policy it excludes is gone."""
    other = office.drafted(ALONE.replace("policy: alone", "policy: other"))
    version = office.reviewed(spoilt("highest_of: research", "excludes: [other]", ALONE))
    services.withdraw(office["author"], other.pk, "不出台", NOW)
    with pytest.raises(Faulty):
        services.approve(office["head"], version.pk, NOW)


def test_a_draft_is_withdrawn_by_its_department_a_live_one_by_who_approves(office: Office) -> None:
    draft = office.drafted()
    with pytest.raises(Invalid):
        services.withdraw(office["author"], draft.pk, " ", NOW)
    assert services.withdraw(office["author"], draft.pk, "不出台", NOW).state == "withdrawn"
    live = office.live(SECOND)
    with pytest.raises(NotAllowed):
        services.withdraw(office["author"], live.pk, "x", NOW)


def test_what_is_not_there_is_not_found(office: Office) -> None:
    for missing in (
        lambda: services.approve(office["head"], 999_999, NOW),
        lambda: selectors.newest("none"),
        lambda: selectors.version("none", 1),
    ):
        with pytest.raises(NotFound):
            missing()


FIXED = ["source", "sha256", "number", "effective_from", "effective_to", "author_id", "stored_at", "policy_id"]


@pytest.mark.parametrize("column", FIXED)
def test_the_database_refuses_to_change_the_content(office: Office, column: str) -> None:
    version = office.live()
    office.drafted(ALONE.replace("policy: alone", "policy: other"))
    values = {
        "number": 7,
        "author_id": office["leader"].user_id,
        "stored_at": NOW.replace(year=2020),
        "policy_id": Policy.objects.get(code="other").pk,
    }
    value = values.get(column, date(2020, 1, 1) if "effective" in column else "x")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(**{column: value})


def test_the_database_refuses_to_delete(office: Office) -> None:
    office.live()
    for table in ("policies_policyevent", "policies_policyversion"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
    assert missing_guards(PolicyHistory.append_only_tables) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "live"},
        {"state": "live", "review": "passed", "approved_at": NOW},
        {"state": "live", "review": "failed", "approved_at": NOW, "approved_by": "head"},
        {"state": "live", "review": "passed", "approved_at": NOW, "approved_by": "author"},
        {"state": "reviewed"},
        {"state": "reviewed", "review": "failed"},
        {"state": "withdrawn"},
    ],
)
def test_the_database_holds_the_rules_too(office: Office, changes: dict[str, object]) -> None:
    version = office.drafted()
    if name := changes.get("approved_by"):
        changes = {**changes, "approved_by": office[str(name)].user_id}
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(**changes)


def test_at_most_one_version_is_live(office: Office) -> None:
    office.live()
    second = office.reviewed(SECOND)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=second.pk).update(
            state="live", approved_by=office["leader"].user_id, approved_at=NOW
        )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE policies_policyversion SET source = replace(source, '5%', '50%')",
        "UPDATE policies_policyversion SET source = 'policy: ['",
        "UPDATE policies_policyversion SET sha256 = 'x'",
        "UPDATE policies_policyversion SET review = 'exception'",
        "UPDATE policies_policyevent SET note = 'x' WHERE seq = 1",
        "UPDATE policies_policyevent SET head = replace(head, 'passed', 'failed')",
    ],
)
def test_the_audit_finds_what_was_changed_behind_the_guards(office: Office, sql: str) -> None:
    office.live()
    assert verify_database(NOW).findings == []
    connection.check_constraints()
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert verify_database(NOW).findings


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_many_approve_at_once_and_one_does(office: Office) -> None:
    versions = [office.reviewed(ALONE.replace("policy: alone", f"policy: p{number}")).pk for number in range(15)]
    who = [office[name].user_id for name in ("head", "section_head", "leader", "head")]
    with running(*[("tests.policies.version_process:approve", user, versions) for user in who]) as processes:
        said = [process.finish() for process in processes]
    for version in versions:
        answers = Counter(how for process in said for number, how in process if number == version)
        assert answers == {"done": 1, "policy-state": 3}
    assert PolicyVersion.objects.filter(state="live").count() == 15
    assert PolicyEvent.objects.filter(action="approved").count() == 15
    assert verify_database(NOW).findings == []
