# SPDX-License-Identifier: BSD-3-Clause
"""What the gate found: the outcome, the table, and the same as JSON and as Markdown for a pull request."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .. import units
from ..repository import write_whole

# argparse has 2.
SAME, SLOWER, COPIES, DID_NOT_RUN = 0, 1, 3, 4
SENTENCES = {
    SAME: "nothing is worse",
    SLOWER: "slower",
    COPIES: "copies",
    DID_NOT_RUN: "did not run, or the environments differ",
}
GATE = "the gate"  # in place of a benchmark, where it is the whole that failed
COUNTED = {
    "requested": "allocated",
    "copied": "copied",
    "readers": "foreign readers",
    "stores": "stores per element",
    "loads": "loads per element",
}


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
        if self.channel == "time":
            human = units.human_time
        elif self.channel in {"requested", "copied"}:
            human = units.human_bytes
        else:
            human = "{:,.6g}".format
        channel = COUNTED.get(self.channel, self.channel)
        change = f"+{100 * (self.head / self.base - 1):.3g} %" if self.base else "new"
        return self.case, channel, human(self.base), human(self.head), change, self.says


@dataclass(frozen=True)
class Timed:
    """A case of the time channel, worse or not.

    Attributes
    ----------
    case : str
    base, head : float
        Seconds: the median of the pairs' base, and head by the median ratio.
    pairs : list of (float, float)
        All of them, in the order in which they were taken.
    least : float
        The smallest slowdown, as a share, that the gate tells from this case's noise.
    """

    case: str
    base: float
    head: float
    pairs: list
    least: float

    def words(self):
        change = f"{100 * (self.head / self.base - 1):+.1f} %"
        return self.case, units.human_time(self.base), units.human_time(self.head), change, f"{100 * self.least:.1f} %"


@dataclass
class Report:
    """All of it.

    Attributes
    ----------
    base, head : str
        What was compared, for people.
    findings : list of Finding
    timed : list of Timed
    failed : dict
        Benchmark -> why it was not compared.
    notes : list of str
    compared : dict
        Channel -> number of figures.
    """

    base: str
    head: str
    findings: list = field(default_factory=list)
    timed: list = field(default_factory=list)
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
        times, instructions = (self.compared.get(name, 0) for name in ("time", "instructions"))
        copies = sum(self.compared.values()) - times - instructions
        counted = f"{times} times, {instructions} counts of instructions and {copies} of copies compared"
        return f"{SENTENCES[self.outcome]} ({counted})"


WORSE = ("benchmark", "channel", "base", "head", "change", "why")
TIMED = ("benchmark", "base", "head", "change", "least that is told from noise")
NUMBERS = {"base", "head", "change", TIMED[-1]}


def markdown_table(names, rows, numbers=NUMBERS):
    """Lines; the columns of numbers stand to the right."""
    yield f"| {' | '.join(names)} |"
    yield f"|{'|'.join('--:' if name in numbers else '---' for name in names)}|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
    yield ""


def markdown(report):
    lines = [f"### strideops gate: {report.verdict}", "", f"base {report.base}  ", f"head {report.head}", ""]
    if report.findings:
        lines += markdown_table(WORSE, (finding.words() for finding in report.findings))
    lines += [f"- did not run: `{name}`: {why}" for name, why in report.failed.items()]
    lines += [f"- {note}" for note in report.notes]
    if report.timed:
        lines += ["", "<details><summary>All times</summary>", ""]
        lines += [*markdown_table(TIMED, (timed.words() for timed in report.timed)), "</details>"]
    return "\n".join(lines) + "\n"


def show(report):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    # A log has no width; a table that wraps every word is none.
    console = Console(width=None if Console().is_terminal else 160)
    tables = ((WORSE, "worse", report.findings), (TIMED, "all times", report.timed))
    for names, title, rows in tables:
        if rows:
            table = Table(title=title)
            for name in names:
                table.add_column(name, justify="right" if name in NUMBERS else "left")
            for row in rows:
                table.add_row(*map(escape, row.words()))
            console.print(table)
    for name, why in report.failed.items():
        print(f"did not run: {name}: {why}")
    for note in report.notes:
        print(note)
    print(f"base {report.base}\nhead {report.head}\n{report.verdict}")


def save(report, folder):
    """gate.json and gate.md."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"outcome": report.outcome, "verdict": report.verdict, **asdict(report)}
    write_whole(folder / "gate.json", json.dumps(whole, indent=1) + "\n")
    write_whole(folder / "gate.md", markdown(report))
