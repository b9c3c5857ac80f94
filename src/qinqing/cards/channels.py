"""渠道: the county's own doors besides the card: the inspectors' for reports on conduct, others for everything else.

Read from the county's folder (`channels.yaml`, see counties/README.md). What the county has not written down is not
invented: the page then says that no channel is on record and sends people to the office itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label

_LABELS = {
    "phone": Label("电话", "Telephone"),
    "hours": Label("接听、接待时间", "Hours"),
    "address": Label("来访地址", "Address"),
    "post": Label("来信地址", "By post"),
    "web": Label("网址", "On the web"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One way in. `href` where a phone can dial or open it."""

    label: Label
    text: Label
    href: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """渠道: who it is, how to reach them, and what must be known besides."""

    name: Label
    lines: tuple[Line, ...]
    note: Label | None = None


@dataclass(frozen=True, slots=True)
class Channels:
    conduct: Channel | None  # reports on officials' conduct
    doors: tuple[Channel, ...]  # everything else, when a card does not work


class ChannelsError(ValueError):
    """The file cannot be used: says where and why."""


def channels(county: Path) -> Channels:
    """The county's channels. Raises ChannelsError."""
    return _read(county / "channels.yaml")


@lru_cache(maxsize=4)
def _read(file: Path) -> Channels:
    if not file.exists():
        return Channels(None, ())
    try:
        data = safe_yaml.read(file) or {}
    except yaml.YAMLError as error:
        raise ChannelsError(f"{file}: {error}") from error
    conduct = data.get("conduct")
    return Channels(
        _channel(file, "conduct", conduct) if conduct else None,
        tuple(_channel(file, f"doors[{n}]", door) for n, door in enumerate(data.get("doors") or [])),
    )


def _channel(file: Path, where: str, data: Any) -> Channel:
    if not isinstance(data, Mapping) or set(data) - {"name", "note", *_LABELS}:
        raise ChannelsError(f"{file}: {where} has name, note, {', '.join(_LABELS)} and nothing else")
    try:
        name, note = Label.of(data["name"]), data.get("note")
        lines = tuple(_line(kind, data[kind]) for kind in _LABELS if kind in data)
        return Channel(name, lines, Label.of(note) if note else None)
    except (KeyError, TypeError, ValueError) as error:
        raise ChannelsError(f"{file}: {where}: write name as {{zh: ..., en: ...}}, the rest so or as text") from error


def _line(kind: str, value: Any) -> Line:
    text = Label.of(value)
    if kind == "phone":
        return Line(_LABELS[kind], text, f"tel:{text.zh.replace('-', '').replace(' ', '')}")
    if kind == "web" and text.zh.startswith("https://"):
        return Line(_LABELS[kind], text, text.zh)
    return Line(_LABELS[kind], text)
