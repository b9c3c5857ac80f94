"""Forms: errors in the reader's language, what was typed is kept, nothing typed becomes markup."""

from __future__ import annotations

from django import forms
from django.template import Context, Template

from qinqing.lib.labels import Label, speaking
from qinqing.ui.forms import Form, LongText, both, choices
from qinqing.ui.parts import Option


class Ask(Form):
    phone = forms.CharField(label=both("手机", "Phone"), min_length=11)
    story = LongText(Label("诉求", "Matter"), 10)
    count = forms.IntegerField(
        label=both("数量", "Count"), required=False, error_messages={"invalid": both("写数字", "digits")}
    )
    channel = forms.ChoiceField(
        label=both("来源", "Channel"),
        choices=choices([("w", Label("窗口", "Window")), ("p", Label("电话", "Phone"))]),
        widget=forms.RadioSelect,
    )


def render(text: str, form: Form, **more: object) -> str:
    return Template(text).render(Context({"form": form, **more}))


def errors_of(form: Form) -> dict[str, list[str]]:
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def test_errors_say_what_to_do_in_both_languages() -> None:
    sent = {"phone": "138", "story": "长" * 12, "count": "x"}
    assert errors_of(Ask(sent)) == {
        "phone": ["至少11字，现有3字，请补充"],
        "story": ["最多10字，现有12字，请删减"],
        "count": ["写数字"],
        "channel": ["请选择一项"],
    }
    with speaking("en"):
        assert errors_of(Ask(sent))["phone"] == ["At least 11 characters; you have 3"]
        assert errors_of(Ask({}))["story"] == ["Please fill this in"]


def test_a_line_end_counts_once() -> None:
    form = Ask({"phone": "1" * 11, "story": "四字一行\r\n五字一行了", "channel": "w"})
    assert form.is_valid()
    assert form.cleaned_data["story"] == "四字一行\n五字一行了"


def test_a_wrong_field_shows_its_error_above_and_keeps_the_value() -> None:
    html = render("{% form_errors form %}{% field form.phone %}", Ask({"phone": '"><script>'}))
    assert "<script>" not in html
    assert "&quot;&gt;&lt;script&gt;" in html
    assert html.index("至少11字") < html.index("<input")
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_phone_error"' in html
    assert 'id="id_phone_error"' in html
    assert 'href="#id_phone"' in html
    assert "有3处没填好" in html


def test_a_good_form_shows_no_errors() -> None:
    form = Ask({"phone": "1" * 11, "story": "好", "channel": "p"})
    html = render("{% form_errors form %}{% field form.story %}{% seg form.channel %}", form)
    assert "没填好" not in html
    assert "bad" not in html
    assert "<span data-n>1</span>／10字" in html
    assert 'value="p" checked' in html
    assert 'value="w" id="id_channel"' in html


def test_picks_show_their_consequence_and_guesses_their_probability() -> None:
    options = [Option("w", "窗口", "10月12日（周一）17:00前", share=0.78), Option("p", "电话", disabled=True)]
    html = render("{% pick form.channel options %}{% guess form.channel options %}", Ask(), options=options)
    assert "10月12日（周一）17:00前" in html
    assert "78%" in html
    assert "disabled" in html


def test_a_services_refusal_finds_its_field() -> None:
    form = Ask({"phone": "1" * 11, "story": "好", "channel": "p"})
    assert form.is_valid()
    form.refuse({"phone": Label("查无此号", "no such number"), "case": Label("已有人办理", "taken")})
    assert errors_of(form) == {"phone": ["查无此号"], "__all__": ["已有人办理"]}
    assert "已有人办理" in render("{% form_errors form %}", form)
