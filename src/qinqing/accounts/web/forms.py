"""表单 of this room's pages. What is right and wrong beyond “something is written” is for the services to say."""

from __future__ import annotations

from typing import Any

from django import forms

from qinqing.accounts.models import AdminRole, User
from qinqing.lib.labels import Label
from qinqing.ui.forms import Form, choices, said

KINDS = {
    User.Kind.OFFICER.value: Label("工作人员", "Officer"),
    User.Kind.PARTY.value: Label("企业和群众", "Party"),
    User.Kind.PROGRAM.value: Label("程序", "Program"),
}
DUTIES = {
    AdminRole.Role.SYSTEM.value: Label("系统管理员", "System administrator"),
    AdminRole.Role.SECURITY.value: Label("安全管理员", "Security administrator"),
    AdminRole.Role.AUDIT.value: Label("审计管理员", "Audit administrator"),
}


def _text(
    label: Label, most: int = 80, hint: Label | None = None, required: bool = True, **attrs: str
) -> forms.CharField:
    return forms.CharField(
        label=said(label),
        max_length=most,
        required=required,
        help_text=said(hint) if hint else "",
        widget=forms.TextInput(attrs=attrs),
    )


def _secret(label: Label, hint: Label | None = None, **attrs: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"class": "in", **attrs})
    help_text = said(hint) if hint else ""
    return forms.CharField(label=said(label), max_length=200, strip=False, help_text=help_text, widget=widget)


def _code(label: Label, hint: Label | None = None) -> forms.CharField:
    return _text(label, 40, hint, autocomplete="one-time-code", inputmode="numeric")


class SignIn(Form):
    username = _text(Label("账号", "Account name"), autocomplete="username", autocapitalize="none", spellcheck="false")
    password = _secret(Label("密码", "Password"), autocomplete="current-password")


class SecondStep(Form):
    code = _text(
        Label("验证码", "Code"),
        40,
        Label("手机验证器里的6位数字；手机不在身边的，输入一个备用码", "Six digits of the app, or a recovery code"),
        autocomplete="one-time-code",
        autocapitalize="characters",
    )


class FirstCode(Form):
    code = _code(Label("应用里显示的6位数字", "The six digits the app shows"))


class Phone(Form):
    phone = _text(Label("手机号", "Mobile number"), 30, autocomplete="tel", inputmode="tel")


class PhoneCode(Form):
    code = _code(
        Label("短信验证码", "Code from the message"), Label("6位数字，5分钟内有效", "Six digits, good for 5 minutes")
    )


class Password(Form):
    old = _secret(Label("原密码", "Present password"), autocomplete="current-password")
    new = _secret(
        Label("新密码", "New password"),
        Label("至少10位，不能全是数字", "At least 10 characters, not digits only"),
        autocomplete="new-password",
    )
    again = _secret(Label("再输入一次新密码", "New password again"), autocomplete="new-password")

    def clean(self) -> dict[str, Any]:
        entries = super().clean() or {}
        if "new" in entries and "again" in entries and entries["new"] != entries["again"]:
            self.refuse(
                {"again": Label("两次输入的新密码不一样，请重新输入", "The two new passwords differ; type again")}
            )
        return entries


class NewAccount(Form):
    kind = forms.ChoiceField(
        label=said(Label("类别", "Kind")),
        choices=choices((code, KINDS[code]) for code in ("officer", "program")),
        widget=forms.RadioSelect,
        initial="officer",
    )
    username = _text(
        Label("账号", "Account name"),
        40,
        Label("3至40位字母、数字和 . _ -，以字母开头", "3 to 40 letters, digits and . _ -, beginning with a letter"),
        autocapitalize="none",
        spellcheck="false",
    )
    name = _text(Label("姓名", "Name"))
    phone = _text(Label("手机", "Phone"), 20, Label("选填", "Optional"), required=False, inputmode="tel")


class Appoint(Form):
    username = _text(
        Label("账号", "Account name"), 40, Label("专用账号，未在单位任职", "A separate account that holds no post")
    )
    role = forms.ChoiceField(
        label=said(Label("职责", "Duty")), choices=choices(DUTIES.items()), widget=forms.RadioSelect
    )


class NewToken(Form):
    username = _text(Label("程序账号", "Program's account"), 40)
    label = _text(
        Label("用途", "What it is for"), 80, Label("如：县农商行抵押登记接口", "Such as: bank's mortgage link")
    )
    days = forms.IntegerField(
        label=said(Label("有效天数", "Days of life")),
        initial=90,
        min_value=1,
        max_value=366,
        widget=forms.NumberInput(attrs={"class": "in"}),
    )
