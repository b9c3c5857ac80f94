"""Keys of banks: filed, renewed, revoked, by whom, and what stands in the security log."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.test import Client

from qinqing.accounts.actor import SYSTEM, Actor
from qinqing.audit.models import SecurityLog
from qinqing.mortgages import keys
from qinqing.mortgages.models_doors import BankKey, Refusal
from qinqing.ui.errors import Invalid, NotAllowed
from tests.conftest import Clock
from tests.messaging.people import reader, signed_in
from tests.mortgages.doors import bank_of, public_pem
from tests.mortgages.world import NOW, World
from tests.worlds import Once

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(db: None, built: World, clock: Clock) -> World:
    clock.set(NOW)
    return deepcopy(built)


@pytest.fixture
def admin(world: World) -> Client:
    return signed_in(reader("系统员", role="system_admin"))


def pem() -> str:
    return public_pem(Ed25519PrivateKey.generate())


def filed(world: World, **options: object) -> BankKey:
    return keys.add_public_key(SYSTEM, world.bank("a"), pem(), NOW, starts=NOW, **options)  # type: ignore[arg-type]


def private_pem() -> str:
    private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def other_pem() -> str:
    public = ec_key(SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("text", ["", "abc", private_pem(), other_pem(), "-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_only_an_ed25519_public_key_is_filed(world: World, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        keys.add_public_key(SYSTEM, world.bank("a"), text, NOW, starts=NOW)
    assert set(refused.value.fields) == {"pem"}
    assert not BankKey.objects.exists() and not SecurityLog.objects.filter(event__startswith="mortgages").exists()


def test_a_key_is_filed_once_for_ever(world: World) -> None:
    text = pem()
    first = keys.add_public_key(SYSTEM, world.bank("a"), text, NOW, starts=NOW)
    keys.revoke(SYSTEM, first.key_id, "更换", NOW)
    for short in ("a", "b"):
        with pytest.raises(Invalid):
            keys.add_public_key(SYSTEM, world.bank(short), text, NOW, starts=NOW)


def test_two_of_a_kind_and_no_third(world: World) -> None:
    first, second = filed(world), filed(world)
    assert (first.key_id, second.key_id) == ("bank-a.1", "bank-a.2")
    with pytest.raises(keys.NotPossible):
        filed(world)
    assert keys.add_secret(SYSTEM, world.bank("a"), NOW, starts=NOW)[0].key_id == "bank-a.3", "another kind"
    keys.end(SYSTEM, first.key_id, NOW + timedelta(days=7), NOW)
    with pytest.raises(keys.NotPossible):
        filed(world)
    keys.revoke(SYSTEM, first.key_id, "更换", NOW)
    assert filed(world).key_id == "bank-a.4"


def test_states_of_a_key(world: World) -> None:
    key = keys.add_public_key(SYSTEM, world.bank("a"), pem(), NOW, starts=NOW + timedelta(days=1), days=30)
    moments = {0: "ahead", 1: "valid", 30.9: "valid", 31: "over"}
    assert {days: key.state(NOW + timedelta(days=days)) for days in moments} == moments
    keys.revoke(SYSTEM, key.key_id, "更换", NOW)
    key.refresh_from_db()
    assert key.state(NOW + timedelta(days=2)) == "revoked"


def test_an_end_is_only_moved_forward_and_a_reason_is_needed(world: World) -> None:
    key = filed(world, days=30)
    for until in (NOW, NOW + timedelta(days=31)):
        with pytest.raises(Invalid):
            keys.end(SYSTEM, key.key_id, until, NOW)
    with pytest.raises(Invalid):
        keys.revoke(SYSTEM, key.key_id, "  ", NOW)
    keys.revoke(SYSTEM, key.key_id, "更换", NOW)
    for again in (
        lambda: keys.revoke(SYSTEM, key.key_id, "再次", NOW),
        lambda: keys.end(SYSTEM, key.key_id, NOW + timedelta(days=1), NOW),
        lambda: keys.revoke(SYSTEM, "none", "x", NOW),
    ):
        with pytest.raises(keys.NotPossible):
            again()


@pytest.mark.parametrize("days", [0, 732])
def test_a_key_lives_for_a_while(world: World, days: int) -> None:
    with pytest.raises(Invalid):
        filed(world, days=days)


def test_only_the_system_administrator(world: World) -> None:
    for actor in (world.county["registrar_head"], Actor(1, "x", "officer", extra_roles=frozenset({"security_admin"}))):
        with pytest.raises(NotAllowed):
            keys.add_secret(actor, world.bank("a"), NOW, starts=NOW)
    key = filed(world)
    with pytest.raises(NotAllowed):
        keys.revoke(world.county["registrar"], key.key_id, "x", NOW)


def test_the_page_files_shows_once_and_revokes(world: World, admin: Client) -> None:
    data = {"bank": "bank-a", "kind": "ed25519", "pem": pem(), "days": "366"}
    page = admin.post("/mortgages/keys/", data).content.decode()
    assert "bank-a.1" in page and "已登记" in page
    page = admin.post("/mortgages/keys/", {**data, "kind": "webhook", "pem": ""}).content.decode()
    assert page.count("whsec_") == 1
    secret = BankKey.objects.get(kind="webhook")
    assert secret.material in page and secret.material not in admin.get("/mortgages/keys/").content.decode()
    answer = admin.post("/mortgages/keys/bank-a.1/revoke/", {"reason": ""})
    assert answer.status_code == 422
    assert admin.post("/mortgages/keys/bank-a.2/end/", {"days": "7"}).status_code == 302
    assert admin.post("/mortgages/keys/bank-a.1/revoke/", {"reason": "外泄"}).status_code == 302
    assert "外泄" in admin.get("/mortgages/keys/").content.decode()
    logged = SecurityLog.objects.filter(event__startswith="mortgages.key").order_by("pk")
    assert list(logged.values_list("event", flat=True)) == [
        "mortgages.key.ed25519", "mortgages.key.webhook", "mortgages.key.end", "mortgages.key.revoke"
    ]  # fmt: skip
    assert all(row.user_name == "系统员" and secret.material not in row.detail for row in logged)
    assert b"whsec_" not in admin.get("/mortgages/keys/?format=xlsx").content


def test_what_was_typed_is_kept(world: World, admin: Client) -> None:
    answer = admin.post("/mortgages/keys/", {"bank": "bank-b", "kind": "ed25519", "pem": "不是公钥", "days": "100"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "不是公钥" in page and 'value="100"' in page


def test_refusals_are_shown_and_exported(world: World, admin: Client) -> None:
    bank = bank_of(world).filed()
    bank.post(bank.event(certificate=""))
    page = admin.get("/mortgages/refusals/").content.decode()
    assert "settlement-incomplete" in page and bank.row.key_id in page and Refusal.objects.get().sha256[:12] in page
    assert admin.get("/mortgages/refusals/?format=xlsx").content[:2] == b"PK"
