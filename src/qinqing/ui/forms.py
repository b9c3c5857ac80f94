"""表单: Django's forms with both languages: labels, choices and messages in the reader's.

    class Intake(Form):
        phone = forms.CharField(label=both("手机", "Phone"), help_text=both(...), max_length=11, required=False)
        story = LongText(Label("诉求内容", "What it is about"), 500)
        klass = forms.ChoiceField(
            label=..., choices=choices([("simple", Label("简易", "Simple")), ...]), widget=forms.RadioSelect
        )

Templates show a field with `{% field form.phone %}`, `{% seg form.channel %}`, `{% pick form.klass options %}`,
and all errors with `{% form_errors form %}`. What was typed is always kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import lazy

from qinqing.lib.labels import Label

_lazy = lazy(str, str)  # made once: Django's `lazystr` makes a class at each call
_FILL_IN = Label("请填写此项", "Please fill this in")
_CHOOSE = Label("请选择一项", "Please choose one")
_TEXTUAL = (forms.TextInput, forms.NumberInput, forms.Textarea, forms.Select, forms.FileInput, forms.DateTimeInput)
_MESSAGES = {
    "max_length": Label(
        "最多%(limit_value)d字，现有%(show_value)d字，请删减",
        "At most %(limit_value)d characters; you have %(show_value)d",
    ),
    "min_length": Label(
        "至少%(limit_value)d字，现有%(show_value)d字，请补充",
        "At least %(limit_value)d characters; you have %(show_value)d",
    ),
    "max_value": Label("不能大于%(limit_value)s", "Not more than %(limit_value)s"),
    "min_value": Label("不能小于%(limit_value)s", "Not less than %(limit_value)s"),
    "invalid_choice": Label("所选的项不在可选范围内，请重选", "The choice is not one of those offered; choose again"),
    "invalid_list": Label("请逐项选择", "Choose from the list"),
    "empty": Label("文件是空的，请换一个", "The file is empty; choose another"),
    "missing": Label("没有收到文件，请重新选择", "No file arrived; choose it again"),
}
_INVALID: tuple[tuple[type[forms.Field], Label], ...] = (
    (
        forms.DateTimeField,
        Label("应为日期和时间，如2026-09-30 17:00", "Write a date and time, such as 2026-09-30 17:00"),
    ),
    (forms.DateField, Label("应为日期，如2026-09-30", "Write a date, such as 2026-09-30")),
    (forms.IntegerField, Label("应为整数，如42", "Write a whole number, such as 42")),
    (forms.DecimalField, Label("应为数字，如42.50", "Write a number, such as 42.50")),
    (forms.EmailField, Label("邮箱格式不对，如name@example.com", "Not an e-mail address; write name@example.com")),
    (forms.Field, Label("格式不对，请核对", "Not in the expected form; please check")),
)


class Form(forms.Form):
    """A form that speaks both languages and shows its errors where they are."""

    use_required_attribute = False  # the server says what is missing, in the reader's language, with the rest kept
    error_css_class = "bad"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _speak(field)
            if isinstance(field.widget, _TEXTUAL):
                field.widget.attrs["class"] = f"in {field.widget.attrs.get('class', '')}".strip()

    def refuse(self, fields: Mapping[str, Label]) -> None:
        """Take over a service's `Problem.fields`; what belongs to no field stands at the top."""
        for name, text in fields.items():
            self.add_error(name if name in self.fields else None, said(text))


def whole(text: str) -> int | None:
    """The number that an address or a hidden field gives, as of a row; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


class LongText(forms.CharField):
    """Several lines of text, at most `most` characters; a line's end counts once, as it does while typing."""

    def __init__(self, label: Label, most: int, *, rows: int = 3, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "maxlength": None})
        super().__init__(label=said(label), max_length=most, widget=widget, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}  # no maxlength: a pasted text must not be cut silently; the counter and the server tell

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ManyFiles(forms.FileInput):
    """The browser's own choice of several files."""

    allow_multiple_selected = True


def both(zh: str, en: str) -> Any:
    """A text for Django's `label=`, `help_text=` and error messages: chooses the language when it is shown."""
    return said(Label(zh, en))


def said(label: Label | str) -> Any:
    """The same from a Label."""
    return _lazy(label)


def choices(pairs: Iterable[tuple[str, Label | str]]) -> list[tuple[str, Any]]:
    """Choices with both languages (a bare Label is a tuple, which Django would take for a group)."""
    return [(value, said(label)) for value, label in pairs]


def _speak(field: forms.Field) -> None:
    """Give `field` messages in both languages wherever it has only Django's English ones."""
    texts = {
        **_MESSAGES,
        "required": _CHOOSE if isinstance(field, forms.ChoiceField) else _FILL_IN,
        "invalid": next(text for kind, text in _INVALID if isinstance(field, kind)),
    }
    usual: dict[str, object] = {}
    for kind in reversed(type(field).__mro__):
        usual.update(getattr(kind, "default_error_messages", {}))
    for code, text in texts.items():
        given = field.error_messages.get(code)
        if given is None or given is usual.get(code):  # the form's author brought none
            field.error_messages[code] = said(text)
