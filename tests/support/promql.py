"""Which metrics and labels a PromQL expression names, as far as our own rules and dashboards go."""

import re

_STRING = r'"(?:[^"\\]|\\.)*"'
_SELECTOR = re.compile(r"\b((?:paracle|grpc|process)_[a-z0-9_]*(?::[a-z0-9_:]+)?|up)\b(?:\{((?:[^{}\"]|" + _STRING + r")*)\})?")
_MATCHER = re.compile(r"([a-z_]+)\s*(=~|!~|!=|=)\s*(" + _STRING + ")")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


def selectors(expression: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Each metric with its matchers (label, operator, value)."""
    return [(name, [(label, operator, value[1:-1]) for label, operator, value in _MATCHER.findall(matchers)])
            for name, matchers in _SELECTOR.findall(_GROUPING.sub("", expression))]


def grouping_labels(expression: str) -> set[str]:
    return {label.strip() for labels in _GROUPING.findall(expression) for label in labels.split(",") if label.strip()}
