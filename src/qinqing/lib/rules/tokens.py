"""词: an expression's text as tokens, with the mends for slips of the pen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import TermError

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\n\f\r]+|//[^\n]*)
  | (?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
  | (?P<raw>[rR](?:\"{3}(?s:.*?)\"{3}|'{3}(?s:.*?)'{3}|"[^"\n\r]*"|'[^'\n\r]*'))
  | (?P<string>\"{3}(?s:\\.|[^\\])*?\"{3}|'{3}(?s:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n\r])*"|'(?:\\.|[^'\\\n\r])*')
  | (?P<bytes>(?:[bB][rR]?|[rR][bB])["'])
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op>\|\||&&|==|!=|<=|>=|[-+*/%!<>?:()\[\],.])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))"
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# Slips of the pen with one certain mend.
_SLIPS = {"=": "==", "&": "&&", "|": "||", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/"}
_SLIPS |= {"（": "(", "）": ")", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "＞": ">", "＜": "<", "＝": "=="}
_SLIPS |= {"！": "!", "＋": "+", "－": "-", "：": ":", "？": "?", "。": ".", "［": "[", "］": "]", "【": "[", "】": "]"}
WORD_SLIPS = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!", "IN": "in"}
WORD_SLIPS |= {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "None": "null", "NULL": "null"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind, word = str(match.lastgroup), match.group()
        if kind == "bytes":
            raise TermError(
                at, Label("不支持字节串；请去掉引号前的 b", "bytes are not supported; leave out the b before the quote")
            )
        at = match.end()
        if kind in ("int", "float") and at < len(text) and (text[at] == "_" or text[at].isalnum()):
            raise _bad_number(text, match.start(), at)
        if kind != "blank":
            found.append(Token(kind, word, match.start()))
    found.append(Token("end", "", len(text)))
    return found


def _unreadable(text: str, at: int) -> TermError:
    char = text[at]
    if mend := _SLIPS.get(char):
        return TermError(at, Label(f"不认识“{char}”；请写 {mend}", f"“{char}” is not known; write {mend}"))
    if char in "\"'":
        return TermError(at, Label("文字没有结束；请补上引号", "the text does not end; add the closing quote"))
    if char.isalpha():
        word = re.match(r"\w+", text[at:])
        name = word.group() if word else char
        return TermError(
            at,
            Label(
                f"“{name}”不能作名称；请写事实的代码（英文字母、数字、下划线），文字请加引号",
                f"“{name}” cannot be a name; write the fact's code (ASCII letters, digits, _), and texts in quotes",
            ),
        )
    return TermError(at, Label(f"不能用“{char}”；请删去", f"“{char}” cannot be used here; leave it out"))


def _bad_number(text: str, start: int, end: int) -> TermError:
    if text[end] in "uU":
        return TermError(end, Label("不支持无符号数；请去掉 u", "unsigned numbers are not supported; leave out the u"))
    number = text[start:end]
    return TermError(
        end,
        Label(
            f"数字{number}后面不能紧跟“{text[end]}”；请写成完整的数，例如50万写作 500000.0",
            f"“{text[end]}” cannot follow the number {number}; write the number in full",
        ),
    )


def string(token: Token) -> str:
    body = token.text[1:] if token.kind == "raw" else token.text
    quotes = 3 if len(body) >= 6 and body[:3] in ('"""', "'''") else 1
    body = body[quotes:-quotes]
    if token.kind == "raw":
        return body
    parts: list[str] = []
    at = 0
    while (slash := body.find("\\", at)) >= 0:
        match = _ESCAPE.match(body, slash)
        if match is None:
            raise TermError(
                token.at + quotes + slash,
                Label(
                    f"不认识转义“{body[slash : slash + 2]}”；反斜杠本身请写 \\\\",
                    f"the escape “{body[slash : slash + 2]}” is not known; write \\\\ for a backslash itself",
                ),
            )
        parts += [body[at:slash], _character(match, token.at + quotes + slash)]
        at = match.end()
    return "".join([*parts, body[at:]])


def _character(escape: re.Match[str], at: int) -> str:
    plain, *hexes, octal = escape.groups()
    if plain:
        return _PLAIN.get(plain, plain)
    code = int(octal, 8) if octal else int(next(filter(None, hexes)), 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise TermError(at, Label(f"没有字符 {escape.group()}", f"there is no character {escape.group()}"))
    return chr(code)
