"""Every template parses, every `{% url %}` leads somewhere, every template named in another exists."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.template import Template, TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.base import FilterExpression, Node, Variable
from django.template.defaulttags import URLNode
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.urls import URLResolver, get_resolver

SOURCE = Path(__file__).resolve().parents[1] / "src" / "qinqing"


def main() -> int:
    django.setup()
    templates = sorted(SOURCE.glob("*/templates/**/*.*"))
    faults = [f"{path.relative_to(SOURCE)}: {fault}" for path in templates for fault in faults_of(path)]
    print("\n".join(faults) or f"{len(templates)} templates are sound")
    return 1 if faults else 0


def faults_of(path: Path) -> Iterator[str]:
    """What is wrong with one template file, in words."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    try:
        template = Template(path.read_text(encoding="utf-8"), engine=engine)
    except TemplateSyntaxError as error:
        yield str(error)
        return
    for node in template.nodelist.get_nodes_by_type(Node):
        match node:
            case URLNode():
                fault = _address_fault(node)
            case IncludeNode():
                fault = _missing_template(node.template)
            case ExtendsNode():
                fault = _missing_template(node.parent_name)
            case _:
                fault = ""
        if fault:
            yield f"line {node.token.lineno if node.token else '?'}: {fault}"


def _literal(expression: FilterExpression) -> str | None:
    """The text of `"..."` in a tag; None where it is a variable, known only at run time."""
    return None if isinstance(expression.var, Variable) or expression.filters else str(expression.var)


def _missing_template(expression: FilterExpression | Node) -> str:
    name = _literal(expression) if isinstance(expression, FilterExpression) else None
    if name is not None:
        try:
            engines["django"].get_template(name)
        except TemplateDoesNotExist:
            return f"there is no template {name}"
        except TemplateSyntaxError:
            pass  # reported with that template
    return ""


def _address_fault(node: URLNode) -> str:
    name = _literal(node.view_name)
    if name is None:
        return ""
    *namespaces, view = name.split(":")
    resolver: URLResolver = get_resolver()
    for namespace in namespaces:
        if namespace not in resolver.namespace_dict:
            return f"{{% url %}}: there is no namespace {namespace!r} ({name})"
        resolver = resolver.namespace_dict[namespace][1]
    candidates = resolver.reverse_dict.getlist(view)
    if not candidates:
        return f"{{% url %}}: there is no route {name}"
    given = set(node.kwargs)
    for possible, _pattern, defaults, _converters in candidates:
        for _format, parameters in possible:
            fits_names = given == set(parameters) - (set(defaults) - given)
            if len(node.args) == len(parameters) if node.args else fits_names:
                return ""
    said = ", ".join(sorted(given)) or f"{len(node.args)} arguments"
    return f"{{% url %}}: {name} does not take {said}"


if __name__ == "__main__":
    sys.exit(main())
