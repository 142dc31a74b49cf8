"""How often what is firm was right when it was measured, said for each field."""

from functools import cache

from lexmill_legal.extract.firmness import MEASURED, Strength


@cache
def measured_precision(field: str) -> str:
    """Of the rules of a field that may be firm, and on how many values; empty without rules."""
    rules = [each for rule, each in MEASURED.items() if rule.partition(".")[0] == field]
    firm = [each for each in rules if each.firm]
    measured = [each for each in firm if each.source == "CUAD value"]
    if measured:
        cases = sum(each.cases for each in measured)
        right = sum(each.precision * each.cases for each in measured) / cases
        return f"measured precision {right:.0%} ({cases:,})".replace("%", " %")
    if firm:
        return "not measured; firm by wording or check digit"
    return _never_firm(rules)


def _never_firm(rules: list[Strength]) -> str:
    cases = sum(each.cases for each in rules)
    if not rules:
        return ""
    if not cases:
        return "never firm: not measured"
    right = sum(each.precision * each.cases for each in rules) / cases
    return f"never firm: about {right:.0%} right ({cases:,})".replace("%", " %")
