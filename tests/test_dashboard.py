# SPDX-License-Identifier: BSD-3-Clause
"""What `asv publish` finds in results: the verdict, the changes, what is missing. How it looks is in test_pages.py."""

import json
import math
import re

import generated_results as made
import numpy as np
import pytest

from benchmarks.dashboard import site, skin, verdict
from strideops import results

COPIES = "1 copy"


def page_data(html):
    text = (html / "index.html").read_text()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def scripted(html, name):
    """What a script of data/ hands to the page."""
    return json.loads(re.fullmatch(r"strideops\.\w+\([^,]+,(.*)\)\n", (html / f"data/{name}.js").read_text())[1])


def answer(html):
    """The words of the first page that tell whether the strided path copies."""
    text = (html / "index.html").read_text()
    (tone,) = re.findall(r'class="answer (\w+)"', text)
    (word,) = re.findall(r'id="answer">(.*?)</p>', text)
    (told,) = re.findall(r'id="verdict">(.*?)</p>', text)
    return tone, word, told


def read(folder, hashes):
    benchmarks = results.read_benchmarks(folder / "results")
    order = {commit: place for place, commit in enumerate(hashes)}
    runs, left_out = results.read(folder / "results", benchmarks, order)
    return runs, benchmarks, order, left_out


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    folder = tmp_path_factory.mktemp("steady")
    made.make_history(folder)
    return made.publish(folder)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    hashes = made.make_history(folder, rise_at=15)
    return made.publish(folder), hashes


def test_nothing_copies(steady):
    assert answer(steady) == ("good", "No", "2 cases, 0 copies")
    assert "Last broken: never." in (steady / "index.html").read_text()
    assert page_data(steady)["changes"] == []


def test_a_planted_copy_turns_the_verdict(planted):
    html, hashes = planted
    assert answer(html) == ("bad", "Yes, it copies", f"2 cases, {COPIES}")
    text = (html / "index.html").read_text()
    assert "sum of cut, size 512, float64: 288 B on made-up" in text
    assert f"Last broken: {hashes[-1][:8]}" in text


def test_a_copy_that_is_gone_is_remembered(tmp_path):
    hashes = made.make_history(tmp_path, count=4, rise_at=2)
    for path in (tmp_path / "results/made-up").glob(f"{hashes[3][:8]}*"):
        path.write_text(path.read_text().replace("[288, 0, 288, 288]", "[0, 0, 288, 288]"))
    runs, benchmarks, order, _ = read(tmp_path, hashes)
    found = verdict.judge(runs, benchmarks, order)
    assert (str(found), found.broken, found.commit) == ("2 cases, 0 copies", hashes[2], hashes[3])


def test_the_step_is_found_where_it_was_planted(planted):
    html, hashes = planted
    changes = {(change["benchmark"], tuple(change["case"])): change for change in page_data(html)["changes"]}
    assert set(changes) == {(name, made.STRIDED_CUT) for name in (made.TIME, made.BYTES)}
    commits = [commit for commit, _, _ in page_data(html)["commits"]]
    for change in changes.values():
        assert (commits[change["from"]], commits[change["to"]]) == (hashes[14], hashes[15])
    count, time = changes[made.BYTES, made.STRIDED_CUT], changes[made.TIME, made.STRIDED_CUT]
    assert (count["before"], count["after"], count["confidence"]) == (0, 288, verdict.EXACT)
    assert time["after"] / time["before"] == pytest.approx(1.3, abs=0.05)


@pytest.mark.parametrize(
    ("spread", "before", "confidence"),
    [(0.01, 2, verdict.CLEAR), (0.01, 1, verdict.LIKELY), (0.3, 2, verdict.WEAK), (math.nan, 2, verdict.WEAK)],
)
def test_confidence(spread, before, confidence):
    benchmark = results.Benchmark(made.TIME, "time", "seconds", (), (), "1")
    values = np.array([[1.0]] * before + [[1.3]] * 2)
    found = results.Series(values, values * (1 - spread), values * (1 + spread), np.zeros(values.shape, bool))
    rows = np.arange(before), np.arange(before, before + 2)
    assert verdict._confidence(benchmark, found, 0, *rows) == confidence


def test_values_are_those_of_the_results(steady):
    data = page_data(steady)
    place = (data["patterns"].index("step2") * len(data["sizes"]) * len(data["dtypes"])) * 2
    lines = scripted(steady, "0-sum")["time"]
    last = lines[str(place)][-4:]
    assert data["values"]["0"]["time"]["sum"][place] == last[1]
    assert len(lines[str(place)]) == 4 * len(data["commits"])
    assert data["values"]["0"]["bytes"]["sum"][place : place + 2] == [0, 288]
    assert scripted(steady, "0") == data["values"]["0"]


def test_pages_ask_nobody_else(planted):
    html, _ = planted
    assert not any((html / name).exists() for name in skin.STOCK if name != "index.html")
    for path in html.glob("*.html"):
        assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", path.read_text()), path


def test_tracked_values_should_be_low(steady):
    described = json.loads((steady / "index.json").read_text())["benchmarks"]
    assert all(benchmark["less_is_better"] for benchmark in described.values())


def test_asv_tachyon_has_no_page_that_is_missing(steady):
    """Each graph has its file of samples: a browser reports what is not there as an error."""
    graphs = {path.relative_to(steady / "graphs") for path in (steady / "graphs").rglob("*.json")}
    samples = {path.relative_to(steady / "samples") for path in (steady / "samples").rglob("*.json")}
    assert {path for path in graphs if "summary" not in str(path)} == samples


def test_no_results_yet(tmp_path):
    made.make_repository(tmp_path, 1)
    made.configure(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results/benchmarks.json").write_text(json.dumps(made.benchmarks_json()))
    html = made.publish(tmp_path)
    assert answer(html) == ("unknown", "Not measured", "No results are there yet: make bench measures this commit")


def test_one_commit_only(tmp_path):
    made.make_history(tmp_path, count=1)
    html = made.publish(tmp_path)
    assert "results of one commit only" in (html / "index.html").read_text()
    assert answer(html)[0] == "good"


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(tmp_path):
    hashes = made.make_history(tmp_path, count=3)
    files = [next((tmp_path / "results/made-up").glob(f"{commit[:8]}*")) for commit in hashes]
    files[0].write_text(files[0].read_text().replace('"version": 2}', '"version": 1}'))
    (tmp_path / "results/advice").mkdir()
    (tmp_path / "results/advice/made-up.json").write_text("[{")
    html = made.publish(tmp_path)
    notes = re.search(r'id="notes">(.*?)</ul>', (html / "index.html").read_text())[1]
    assert "result version 1, not 2" in notes
    assert "advice/made-up.json is truncated" in notes
    assert len(page_data(html)["commits"]) == 2
    assert answer(html) == ("good", "No", "2 cases, 0 copies")


def test_failed_and_missing_benchmarks(tmp_path):
    (commit,) = made.make_repository(tmp_path, 1)
    made.configure(tmp_path)
    rows = {made.TIME: made.row({made.STRIDED_CUT: None, made.CONTIGUOUS_CUT: 1e-3})}
    made.write_result(tmp_path / "results", made.result(commit, rows))
    html = made.publish(tmp_path)
    assert answer(html) == (
        "unknown",
        "Not measured",
        "No result tells what the strided path allocates: make bench measures this commit",
    )
    assert "1 cases failed in their newest run" in (html / "index.html").read_text()
    assert page_data(html)["values"]["0"]["time"]["sum"] == [False, 1_000_000, None, None]


def test_results_of_fewer_patterns_lie_where_they_belong(tmp_path):
    (commit,) = made.make_repository(tmp_path, 1)
    fewer = [made.PARAMS[0], ["'step2'", "'gone'"], *made.PARAMS[2:]]
    found = made.row({made.STRIDED_STEP: 2.0, ("strided", "gone", "512", "float64"): 3.0}, params=fewer)
    made.write_result(tmp_path / "results", made.result(commit, {made.TIME: found}))
    runs, benchmarks, _, _ = read(tmp_path, [commit])
    values = dict(zip(benchmarks[made.TIME].cases, runs[0].series[made.TIME].values[0], strict=True))
    assert {case: value for case, value in values.items() if value == value} == {made.STRIDED_STEP: 2.0}


def test_another_version_of_a_benchmark_is_another_benchmark(tmp_path):
    (commit,) = made.make_repository(tmp_path, 1)
    found = made.row({made.STRIDED_STEP: 2.0}, version="0")
    made.write_result(tmp_path / "results", made.result(commit, {made.TIME: found}))
    runs, *_ = read(tmp_path, [commit])
    assert runs[0].series == {}


@pytest.mark.parametrize(
    ("name", "call"), [("ops.Sum.time_call", "sum"), ("ops.SumLastAxis.track_allocated", "sum_last_axis")]
)
def test_calls_are_named_as_in_the_suite(name, call):
    assert results.Benchmark(name, "", "", (), (), "").call == call


def test_names_are_no_markup(tmp_path):
    (commit,) = made.make_repository(tmp_path, 1)
    machine = {**made.MACHINE, "cpu": "</script><b>"}
    made.configure(tmp_path)
    made.write_result(tmp_path / "results", made.result(commit, {}, machine=machine))
    html = made.publish(tmp_path)
    assert page_data(html)["runs"][0]["facts"]["CPU"] == "</script><b>"
    assert "</script><b>" not in (html / "index.html").read_text()
    assert site.SKIN in (html / "index.html").read_text()


def test_faster_publishing_changes_nothing(tmp_path):
    """Every file that asv writes is the same without our methods; ours are not for a version that we do not know."""
    made.make_history(tmp_path, rise_at=15, copies=math.nan)
    html = made.publish(tmp_path)
    found = {path.relative_to(html): path.read_bytes() for path in html.rglob("*.json")}
    configuration = tmp_path / "asv.conf.json"
    plain = tmp_path / "plain.py"
    plain.write_text("from benchmarks.dashboard import faster, plugin\nfaster.KNOWN = ('none',)\nplugin.setup()\n")
    configuration.write_text(configuration.read_text().replace(".benchmarks.dashboard.plugin", ".plain"))
    made.publish(tmp_path)
    assert len(found) > 10
    for path, content in found.items():
        if path.name != "info.json":  # when it was published
            assert (html / path).read_bytes() == content, path


def test_facts_of_a_machine_are_no_parameters_of_graphs(tmp_path):
    """A new kernel of the same machine goes on with its history, in asv's pages as on ours."""
    hashes = made.make_repository(tmp_path, 2)
    made.configure(tmp_path)
    for number, commit in enumerate(hashes):
        machine = {**made.MACHINE, "os": f"Linux {number}"}
        rows = {made.TIME: made.row({made.STRIDED_CUT: 1.0 + number})}
        made.write_result(tmp_path / "results", made.result(commit, rows, machine=machine))
    html = made.publish(tmp_path)
    index = json.loads((html / "index.json").read_text())
    assert set(index["params"]) == {"machine", "python", "numpy", "matplotlib", "branch"}
    assert len(index["graph_param_list"]) == 1
    (path,) = (path for path in (html / "graphs").rglob(f"{made.TIME}.json") if "summary" not in path.parts)
    assert [[row[0], row[1][0]] for row in json.loads(path.read_text())] == [[0, 1.0], [1, 2.0]]


def test_asv_publishes_where_our_pages_cannot_be_made(tmp_path):
    made.make_history(tmp_path, count=2)
    configuration = tmp_path / "asv.conf.json"
    plain = "import sys\nfrom benchmarks.dashboard import plugin\nsys.modules['asv_tachyon'] = None\nplugin.setup()\n"
    (tmp_path / "plain.py").write_text(plain)
    configuration.write_text(configuration.read_text().replace(".benchmarks.dashboard.plugin", ".plain"))
    html, told = made.publish(tmp_path, told=True)
    assert "Our pages need strideops and asv-tachyon" in told
    assert "airspeed velocity" in (html / "index.html").read_text()
