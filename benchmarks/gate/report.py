# SPDX-License-Identifier: BSD-3-Clause
"""What the gate found: the outcome, the table, and the same as JSON and as Markdown for a pull request."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .. import units

# argparse has 2.
SAME, SLOWER, COPIES, DID_NOT_RUN = 0, 1, 3, 4
SENTENCES = {SAME: "nothing is worse", SLOWER: "slower", COPIES: "copies", DID_NOT_RUN: "did not run"}


@dataclass(frozen=True)
class Finding:
    """One figure that is worse.

    Attributes
    ----------
    outcome : int
        SLOWER or COPIES.
    case : str
    channel : str
        "time" or what was counted: "instructions", "copied", "stores" ...
    base, head : float
        Seconds, or the count.
    says : str
        Why it is believed.
    """

    outcome: int
    case: str
    channel: str
    base: float
    head: float
    says: str

    def words(self):
        human = units.human_time if self.channel == "time" else "{:,.6g}".format
        change = f"+{100 * (self.head / self.base - 1):.3g} %" if self.base else "new"
        return self.case, self.channel, human(self.base), human(self.head), change, self.says


@dataclass
class Report:
    """All of it.

    Attributes
    ----------
    base, head : str
        What was compared, for people.
    findings : list of Finding
    failed : dict
        Benchmark -> why it was not compared.
    notes : list of str
    compared : dict
        Channel -> number of figures.
    """

    base: str
    head: str
    findings: list = field(default_factory=list)
    failed: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    compared: dict = field(default_factory=dict)

    @property
    def outcome(self):
        """The worst: a copy, then what is slower, then what did not run."""
        found = {finding.outcome for finding in self.findings}
        if COPIES in found:
            return COPIES
        if SLOWER in found:
            return SLOWER
        return DID_NOT_RUN if self.failed or not sum(self.compared.values()) else SAME

    @property
    def verdict(self):
        counted = ", ".join(f"{count} of {channel}" for channel, count in self.compared.items())
        return f"{SENTENCES[self.outcome]} ({counted or 'nothing'} compared)"


HEAD = ("benchmark", "channel", "base", "head", "change", "why")


def markdown(report):
    lines = [f"### strideops gate: {report.verdict}", "", f"base {report.base}", "", f"head {report.head}", ""]
    if report.findings:
        lines += [f"| {' | '.join(HEAD)} |", "|---|---|--:|--:|--:|---|"]
        lines += [f"| {' | '.join(finding.words())} |" for finding in report.findings]
        lines.append("")
    lines += [f"- did not run: `{name}`: {why}" for name, why in report.failed.items()]
    lines += [f"- {note}" for note in report.notes]
    return "\n".join(lines) + "\n"


def show(report):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if report.findings:
        table = Table(title="worse")
        for name in HEAD:
            table.add_column(name, justify="right" if name in {"base", "head", "change"} else "left")
        for finding in report.findings:
            table.add_row(*map(escape, finding.words()))
        console.print(table)
    for name, why in report.failed.items():
        print(f"did not run: {name}: {why}")
    for note in report.notes:
        print(note)
    print(f"base {report.base}\nhead {report.head}\n{report.verdict}")


def _write(path, text):
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def save(report, folder):
    """gate.json and gate.md."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"outcome": report.outcome, "verdict": report.verdict, **asdict(report)}
    _write(folder / "gate.json", json.dumps(whole, indent=1) + "\n")
    _write(folder / "gate.md", markdown(report))
