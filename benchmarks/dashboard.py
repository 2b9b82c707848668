# SPDX-License-Identifier: BSD-3-Clause
"""The page that answers first: the verdict, and per call and pattern how much slower copying is. Needs no network."""

import math
from html import escape

from . import units

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>strideops: does the strided path copy?</title>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }}
  body {{ margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }}
  .wide {{ overflow-x: auto; }}
  table {{ border-collapse: collapse; }}
  th, td {{ padding: .25rem .6rem; text-align: right; white-space: nowrap; }}
  th:first-child {{ text-align: left; }}
  td {{ font-variant-numeric: tabular-nums; background: color-mix(in srgb, var(--tone) var(--share), transparent); }}
  .faster {{ --tone: #0072b2; }}
  .slower {{ --tone: #e69f00; }}
  .none {{ --tone: transparent; --share: 0%; }}
</style>
<h1>{verdict}</h1>
<p>{commit}, machine {machine}.</p>
<h2>Time of the contiguous path / time of the strided path</h2>
<p>{dtype}, size {size}. Above 1 (blue) striding is faster, below 1 (orange) copying is.
Point at a number for the times.</p>
<div class="wide"><table>
<tr><th scope="col">pattern</th>{head}</tr>
{rows}
</table></div>
<p><a href="index.html">asv's own pages</a> (they load their scripts from the internet)</p>
</html>
"""


def cell(strided, contiguous):
    """One ratio; the colour is as strong as its distance from 1, full at a factor of 8."""
    if strided is None or contiguous is None or math.isnan(strided) or math.isnan(contiguous):
        return '<td class="none">–</td>'
    ratio = contiguous / strided
    share = min(abs(math.log(ratio, 8)), 1)
    title = f"strided {units.human_time(strided)}, contiguous {units.human_time(contiguous)}"
    tone = "faster" if ratio >= 1 else "slower"
    return f'<td class="{tone}" style="--share: {60 * share:.0f}%" title="{title}">{units.human_ratio(ratio)}</td>'


def render(values, verdict, commit, machine, patterns, size, dtype):
    """The page as text.

    Parameters
    ----------
    values : dict
        (benchmark, (path, pattern, size, dtype)) -> value, as bench.read_results gives it.
    verdict, commit, machine : str
    patterns : iterable of Pattern
    size : int
    dtype : str
    """
    calls = sorted({name for name, case in values if name.endswith(".time_call") and case[2:] == (str(size), dtype)})
    head = "".join(f'<th scope="col">{escape(name.split(".")[1])}</th>' for name in calls)
    rows = []
    for pattern in patterns:
        times = [[values.get((call, (path, pattern.name, str(size), dtype))) for path in ("strided", "contiguous")]
                 for call in calls]  # fmt: skip
        cells = "".join(cell(*pair) for pair in times)
        rows.append(f'<tr><th scope="row" title="{escape(pattern.code)}">{escape(pattern.name)}</th>{cells}</tr>')
    return PAGE.format(
        verdict=escape(verdict), commit=escape(commit), machine=escape(machine), dtype=dtype, size=size, head=head,
        rows="\n".join(rows),
    )  # fmt: skip
