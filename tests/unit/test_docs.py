"""What the documents say of themselves: links lead to files, and each decision has its number and stands in the index."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs/decisions"
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def test_links_lead_to_files() -> None:
    texts = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [(text, link) for text in texts for link in LINK.findall(text.read_text(encoding="utf-8"))]
    assert [f"{text.relative_to(ROOT)}: {link}" for text, link in links if not (text.parent / link).exists()] == []


def test_decisions_are_numbered_and_in_the_index() -> None:
    files = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    headings = [(DECISIONS / name).read_text(encoding="utf-8").partition(".")[0] for name in files]
    assert headings == [f"# {number}" for number in range(1, len(files) + 1)]
    assert sorted(LINK.findall((DECISIONS / "README.md").read_text(encoding="utf-8"))[1:]) == files
