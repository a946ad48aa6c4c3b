"""Every rule of the protocols has a test."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "kaizen_widgets" / "sync" / "SPEC.md").read_text("utf-8")
RULES = re.findall(r"^- \*\*([DFS]\d+)\*\*", SPEC, re.MULTILINE)


def test_every_rule_is_named_by_a_test():
    tests = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("js/tests/**/*.test.ts")]
    text = "\n".join(path.read_text("utf-8") for path in tests)
    cited = {rule for rule in RULES if re.search(rf"\b{rule}\b|test_{rule.lower()}_", text)}
    assert [f"D{n}" for n in range(1, 6)] + [f"S{n}" for n in range(1, 20)] == [
        rule for rule in RULES if rule[0] in "DS"
    ]
    assert cited == set(RULES)
