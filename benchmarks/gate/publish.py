# SPDX-License-Identifier: BSD-3-Clause
"""The calibration as people read it: README.md with the table, figures.json for the gate, and the ROC picture.

All of it in results/calibration/MACHINE, from the runs alone.
"""

import json
import math
from dataclasses import asdict
from pathlib import Path

from ..repository import ROOT, Refused, write_whole
from . import decide, subset, verdicts
from .report import markdown_table
from .verdicts import SHARES, share_name

SHOWN = SHARES[:-1]
LEAST_SHARE = 1e-3  # where 0 is drawn on the logarithmic axis
COLOURS = ("#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08306b")


def known_spreads(machine, results=ROOT / "results"):
    """Case -> spread of one pair, from the A/A history of a machine; none of a machine that has no calibration."""
    file = Path(results) / "calibration" / machine / "figures.json"
    if not file.exists():
        return {}
    try:
        return {case: float(spread) for case, spread in json.loads(file.read_text())["spreads"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(
            f"{file} is no calibration ({error!r}): make calibrate CALIBRATE=--report writes it anew"
        ) from None


def _percent(share):
    return f"{100 * share:.3g} %" if math.isfinite(share) else "–"


def _cases(runs, known):
    """Rows: what each case can tell from noise, and what was caught of it."""
    rows = []
    for case in map(str, subset.TIMED):
        slower = [verdicts.timed(runs, share_name(share)) for share in (0.05, 0.1)]
        seen = [verdicts.caught(some, lambda run: verdicts.alarms(run, known), case).share for some in slower]
        same = verdicts.caught(verdicts.judged(runs), lambda run: verdicts.alarms(run, known), case)
        least = decide.threshold(known.get(case), decide.SECOND_PAIRS)
        spread = _percent(known.get(case, math.nan))
        rows.append((f"`{case}`", spread, _percent(least), same.count, *map(_percent, seen)))
    return rows


def _incomplete(runs):
    missing = verdicts.missing(runs)
    if missing:
        some = ", ".join(f"{number} of {name}" for (_, name), number in list(missing.items())[:6])
        more = " and others" if len(missing) > 6 else ""
        yield f"**Not all of it is measured yet**: `make calibrate` goes on. Missing are runs: {some}{more}."
        yield ""


def text(runs, machine, commit):
    """README.md."""
    known = verdicts.spreads(runs)
    same, count = len(verdicts.judged(runs)), sum(run["what"] in {"time", "exact"} for run in runs)
    figures = [
        (row.name, row.gate, row.asv or "", row.target, row.target and ("yes" if row.met else "**no**"))
        for row in verdicts.figures(runs)
    ]
    planted = [
        (injection.name, injection.says, ", ".join(kinds) or "nothing", slower)
        for injection, (kinds, slower) in verdicts.planted(runs, known).items()
    ]
    alarms = f"alarms in {same} A/A runs"
    columns = ("case", "spread of a pair", "least told from noise", alarms, "+5 % caught", "+10 %")
    planted_columns = ("planted", "what is wrong", "rose in the exact channel", "time runs with an alarm")
    false = verdicts.runs_with_alarms(verdicts.judged(runs), lambda run: verdicts.alarms(run, known))
    lines = [
        f"# Calibration of the gate: {machine}",
        "",
        f"`make calibrate`, code of {commit[:8]}: {count:,} runs. A/A runs compare two builds of it. The first",
        f"{verdicts.HISTORY} are the history that gives each case its threshold, the other {same} are judged.",
        "Each exact run of one build is compared with each of the other. asv's rule is asv's own code with its own",
        "factor, 1.1, on the samples of the first stage. What moves code about and does not change its work is not in",
        "the rate of false alarms: all of it is one pair of builds.",
        "",
        *_incomplete(runs),
        *markdown_table(("figure", "gate", "asv's rule", "target", "met"), figures, ("gate", "asv's rule")),
        f"With a confidence of 95 %, at most {_percent(false.most)} of A/A runs have an alarm.",
        "",
        "![slower cases caught against A/A runs with an alarm](roc.png)",
        "",
        *markdown_table(planted_columns, planted, planted_columns[-1:]),
        *markdown_table(columns, _cases(runs, known), columns[1:]),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _gate_rules(known):
    chances = [10 ** (exponent / 4) for exponent in range(-24, 5)]
    return [lambda run, chance=chance: verdicts.alarms(run, known, chance) for chance in chances]


def _asv_rules():
    factors = [1 + step / 100 for step in range(51)]
    return [lambda run, factor=factor: verdicts.asv_alarms(run, factor) for factor in factors]


def picture(runs, folder):
    """roc.png and roc.svg: for each size of slowdown, what is caught at what cost in false alarms."""
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    known = verdicts.spreads(runs)
    rules = (
        ("the gate", _gate_rules(known), lambda run: verdicts.alarms(run, known)),
        ("asv's rule, the same samples", _asv_rules(), verdicts.asv_alarms),
    )
    figure, panels = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
    for panel, (title, strictnesses, default) in zip(panels, rules, strict=True):
        for share, colour in zip(SHOWN, COLOURS, strict=True):
            points = sorted(verdicts.curve(runs, share, strictnesses))
            panel.plot(*zip(*((max(x, LEAST_SHARE), y) for x, y in points), strict=True), color=colour, lw=1.8)
            ((x, y),) = verdicts.curve(runs, share, [default])
            panel.plot(max(x, LEAST_SHARE), y, "o", color=colour, label=share_name(share), ms=7)
        panel.axvline(0.01, color="0.6", lw=1, ls=":")
        panel.set(title=title, xscale="log", xlim=(LEAST_SHARE / 1.3, 1.1), ylim=(-0.03, 1.03))
        panel.set_xticks([LEAST_SHARE, 0.01, 0.1, 1], ["0", "1 %", "10 %", "100 %"])
        panel.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        panel.set_xlabel("A/A runs of the whole suite with any alarm")
        panel.grid(color="0.92")
    panels[0].set_ylabel("slower cases caught")
    panels[1].legend(title="slower by (dot: the rule as it is)", loc="lower right")
    for kind in ("png", "svg"):
        figure.savefig(folder / f"roc.{kind}", dpi=140, metadata={"Date": None} if kind == "svg" else {})
    plt.close(figure)


def write(runs, machine, commit, folder):
    """All files; the text."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    words = text(runs, machine, commit)
    figures = {
        "machine": machine,
        "commit": commit,
        "spreads": {case: round(value, 5) for case, value in verdicts.spreads(runs).items()},
        "figures": [asdict(row) for row in verdicts.figures(runs)],
    }
    write_whole(folder / "README.md", words)
    write_whole(folder / "figures.json", json.dumps(figures, indent=1) + "\n")
    picture(runs, folder)
    return words
