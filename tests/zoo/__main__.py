# SPDX-License-Identifier: BSD-3-Clause
"""make zoo: every inhabitant, several times; the table of results/zoo.md is written anew.

cd tests && python -m zoo [--rounds N] [--calls N]
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

from .alarms import count
from .build import build
from .inhabitants import controls, copies
from .scores import LAYERS, score

TABLE = Path(__file__).parents[2] / "results/zoo.md"
WORDS = {True: "seen", False: "-", None: ""}
HEAD = """# The zoo

What each layer of the proof, and the guard as a whole, sees of code that copies an array (a cut of 200 x 200 random
float64; `trace` with 12 x 12), and of code that does not. Written by `make zoo`, in {rounds} rounds; "seen" is in every
round, a number says in how many.

`guard` is `assert_no_copy(X)`; `guard, readers named` says who may read, as `readers="strideops"`. `audit` is the
object audit, of C sources. `allocations` says that half of the array's bytes were allocated at least, for whatever
purpose, and is no reason for a verdict.
"""

ALARMS = """
{alarms} false alarms in {calls:,} guarded calls of clean code, beside a thread that allocates: every op of the strided
path on every pattern in four dtypes and three sizes, and the code above. In every second call the readers are named.
"""


def word(values):
    if len(set(values)) == 1:
        return WORDS[values[0]]
    return f"{sum(map(bool, values))} of {len(values)}"


def table(scores):
    """Rows of inhabitants, a row of sums by family at the end."""
    lines = ["| | " + " | ".join(LAYERS) + " |", "|---|" + "---|" * len(LAYERS)]
    family = None
    for (of, name), seen in scores.items():
        if of != family:
            lines.append(f"| **{of}** |" + " |" * len(LAYERS))
            family = of
        lines.append(f"| `{name}` | " + " | ".join(word(seen[layer]) for layer in LAYERS) + " |")
    sums = []
    for layer in LAYERS:
        looked = [all(seen[layer]) for seen in scores.values() if None not in seen[layer]]
        sums.append(f"{sum(looked)} of {len(looked)}")
    lines.append("| **all** | " + " | ".join(sums) + " |")
    return "\n".join(lines)


def collect(inhabitants, rounds):
    from rich.progress import track

    scores = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        for inhabitant in track(inhabitants, description="zoo"):
            for layer, seen in score(inhabitant).seen.items():
                scores[inhabitant.family, inhabitant.name][layer].append(seen)
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="how often each inhabitant is looked at (default: 10)")
    parser.add_argument("--calls", type=int, default=10_000, help="of clean code, for false alarms (default: 10,000)")
    options = parser.parse_args()
    rounds = options.rounds
    with tempfile.TemporaryDirectory() as folder:
        built = build(folder)
        copying, clean = collect(copies(*built), rounds), collect(list(controls(*built)), rounds)
        alarms = count(list(controls(*built)), options.calls)
    text = f"{HEAD.format(rounds=rounds)}\n## Copies\n\n{table(copying)}\n\n## No copies\n\n{table(clean)}\n"
    text += ALARMS.format(alarms=len(alarms), calls=options.calls)
    TABLE.write_text(text)
    print(text)
    print(*alarms, f"written to {TABLE}", sep="\n")


if __name__ == "__main__":
    main()
