# SPDX-License-Identifier: BSD-3-Clause
"""Results of several machines or shards become one folder: nothing is lost, nothing counts twice, and what does not fit
is refused with the target as it was."""

import json
import math

import generated_results as made
import pytest

from benchmarks.fleet import files, merge
from benchmarks.repository import Refused

COMMIT, OTHER = "a" * 40, "b" * 40
CUT, STEP = made.STRIDED_CUT, made.STRIDED_STEP
WINDOW = ("strided", "window", "512", "float64")


def tree(folder):
    return {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()}


def values(results, commit=COMMIT, machine="made-up"):
    """(benchmark, parameters) -> value of what was measured."""
    path = results / machine / f"{commit[:8]}-{made.ENVIRONMENT}.json"
    found = files.load_results(path, machine)
    return {
        (name, tuple(word.strip("'") for word in case)): columns["result"]
        for name, row in files.rows(found).items()
        for case, columns in files.cases(row, found["result_columns"]).items()
        if files.is_measured(columns["result"])
    }


@pytest.fixture
def shards(tmp_path):
    """Two shards of one machine, and the folder that gets them."""
    for name, case in (("one", CUT), ("two", STEP)):
        rows = {made.TIME: made.row({case: 1e-3}), made.BYTES: made.row({case: 0})}
        made.write_result(tmp_path / name, made.result(COMMIT, rows))
    return tmp_path / "one", tmp_path / "two", tmp_path / "into"


def test_shards_of_one_machine(shards):
    one, two, into = shards
    summary = merge.merge([one, two], into)
    assert values(into) == {(made.TIME, case): 1e-3 for case in (CUT, STEP)} | {
        (made.BYTES, case): 0 for case in (CUT, STEP)
    }
    assert (summary.files, summary.added, summary.known) == (2, 4, 0)
    assert json.loads((into / "benchmarks.json").read_text()) == made.benchmarks_json()


def test_the_same_again_changes_nothing(shards):
    one, two, into = shards
    merge.merge([one, two], into)
    before = tree(into)
    summary = merge.merge([two, one, into], into)
    assert tree(into) == before
    assert (summary.added, summary.replaced, summary.pooled) == (0, 0, 0)


def test_the_order_of_shards_does_not_matter(shards):
    one, two, into = shards
    merge.merge([one, two], into)
    merge.merge([two, one], into.with_name("other"))
    assert values(into) == values(into.with_name("other"))


def test_asv_reads_what_was_merged(shards):
    from asv.results import Results

    one, two, into = shards
    merge.merge([one, two], into)
    (path,) = files.result_files(into / "made-up")
    loaded = Results.load(str(path), machine_name="made-up")
    assert loaded.get_result_value(made.TIME, made.PARAMS)[:2] == [1e-3, 1e-3]


def test_machines_and_commits_stand_beside_each_other(shards):
    one, _, into = shards
    other = {**made.MACHINE, "machine": "another", "cpu": "other"}
    made.write_result(one, made.result(OTHER, {made.TIME: made.row({CUT: 2e-3})}))
    made.write_result(one, made.result(COMMIT, {made.TIME: made.row({CUT: 3e-3})}, machine=other))
    merge.merge([one], into)
    assert values(into, OTHER) == {(made.TIME, CUT): 2e-3}
    assert values(into, machine="another") == {(made.TIME, CUT): 3e-3}


def test_a_folder_of_one_machine_is_enough(shards):
    one, _, into = shards
    merge.merge([one / "made-up"], into)
    assert len(values(into)) == 2


def measured(folder, value, samples=None, started=1_000, **more):
    rows = {made.TIME: made.row({CUT: value}, started, samples={CUT: samples} if samples else None, **more)}
    made.write_result(folder, made.result(COMMIT, rows))
    return folder


def test_measured_twice_with_samples_is_pooled_once(tmp_path):
    one, two = measured(tmp_path / "one", 2.0, [1.0, 2.0, 3.0]), measured(tmp_path / "two", 5.0, [4.0, 5.0, 6.0])
    for _ in range(2):
        merge.merge([one, two], tmp_path / "into")
        assert values(tmp_path / "into") == {(made.TIME, CUT): 3.5}
    (path,) = files.result_files(tmp_path / "into/made-up")
    found = files.load_results(path, "made-up")
    (case,) = [case for case in files.cases(files.rows(found)[made.TIME], made.COLUMNS).values() if case["samples"]]
    assert sorted(case["samples"]) == [1, 2, 3, 4, 5, 6]
    assert case["stats_q_25"] < 3.5 < case["stats_q_75"]


def test_measured_twice_without_samples_the_later_stands(tmp_path):
    one, two = measured(tmp_path / "one", 2.0, started=2_000), measured(tmp_path / "two", 5.0, started=1_000)
    for order in ([one, two], [two, one]):
        into = tmp_path / f"into {order[0].name}"
        assert merge.merge(order, into).replaced == 1
        assert values(into) == {(made.TIME, CUT): 2.0}


def test_overlapping_merges_count_nothing_twice(tmp_path):
    """A and B here, B and C there, and both together: B's samples are those of one run."""
    for name, samples in (("a", [1.0, 2.0]), ("b", [3.0, 4.0]), ("c", [5.0, 6.0])):
        measured(tmp_path / name, samples[1], samples)
    merge.merge([tmp_path / "a", tmp_path / "b"], tmp_path / "ab")
    merge.merge([tmp_path / "b", tmp_path / "c"], tmp_path / "bc")
    merge.merge([tmp_path / "ab", tmp_path / "bc"], tmp_path / "into")
    assert values(tmp_path / "into") == {(made.TIME, CUT): 3.5}


def test_a_failure_does_not_hide_a_number(tmp_path):
    one, two = measured(tmp_path / "one", 2.0), measured(tmp_path / "two", None, started=9_000)
    merge.merge([one, two], tmp_path / "into")
    assert values(tmp_path / "into") == {(made.TIME, CUT): 2.0}
    merge.merge([two], tmp_path / "failed")
    (path,) = files.result_files(tmp_path / "failed/made-up")
    row = files.rows(files.load_results(path, "made-up"))[made.TIME]
    assert row["result"][0] is None
    assert math.isnan(row["result"][1])


def test_a_longer_list_of_patterns(tmp_path):
    """Patterns are append-only: a newer suite has more of them."""
    one = measured(tmp_path / "one", 2.0)
    longer = [made.PARAMS[0], [*made.PARAMS[1], "'window'"], *made.PARAMS[2:]]
    rows = {made.TIME: made.row({WINDOW: 7.0}, params=longer)}
    made.write_result(tmp_path / "two", made.result(COMMIT, rows))
    described = made.benchmarks_json()
    described[made.TIME]["params"] = longer
    (tmp_path / "two/benchmarks.json").write_text(json.dumps(described))
    for number, order in enumerate((["one", "two"], ["two", "one"])):
        merge.merge([tmp_path / name for name in order], tmp_path / f"into{number}")
        assert values(tmp_path / f"into{number}") == {(made.TIME, CUT): 2.0, (made.TIME, WINDOW): 7.0}
        assert files.load(tmp_path / f"into{number}/benchmarks.json")[made.TIME]["params"] == longer
    assert one.exists()


def spoil(path, **changes):
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, **changes}))


def truncate(path):
    path.write_text(path.read_text()[:200])


# What is done to the second shard's result file, and what the refusal says.
REFUSALS = {
    "truncated": (truncate, "truncated or no JSON"),
    "a list": (lambda path: path.write_text("[]"), "no file of asv: it holds a list"),
    "foreign": (lambda path: path.write_text('{"some": "thing"}'), "no result of asv: it has no commit_hash"),
    "an old format": (lambda path: spoil(path, version=1), "asv's result version 1, not 2"),
    "another NumPy": (
        lambda path: spoil(path, requirements={"numpy": "2.0.2", "matplotlib": ""}),
        "two environments: requirements .*2.4.6.* and .*2.0.2",
    ),
    "another Python": (lambda path: spoil(path, python="3.12"), "two environments: python '3.11' and '3.12'"),
    "another CPU": (
        lambda path: spoil(path, params={**made.MACHINE, "cpu": "faster"}),
        "two machines have the name 'made-up'.*cpu 'none' and 'faster'",
    ),
    "another machine's": (
        lambda path: spoil(path, params={**made.MACHINE, "machine": "other"}),
        "measured on 'other', and lies in the folder of 'made-up'",
    ),
    "another version of the benchmark": (
        lambda path: spoil(path, results={made.TIME: made.row({STEP: 1.0}, version="2")}),
        "measured by versions 1 and 2 of the benchmark",
    ),
    "too few values": (
        lambda path: spoil(path, results={made.TIME: [[1.0], made.PARAMS, "1"]}),
        "damaged: ops.Sum.time_call has not as many values as cases",
    ),
    "lists for objects": (lambda path: spoil(path, params=[], results=[]), "no result of asv: its fields"),
    "a copy beside it": (
        lambda path: path.rename(path.with_name("copy.json")),
        "copy.json holds what belongs to aaaaaaaa-.*: asv would count it twice",
    ),
    "machine.json of another": (
        lambda path: (path.parent / "machine.json").write_text('{"machine": "other"}'),
        "machine.json is of 'other'",
    ),
    "machine.json truncated": (lambda path: (path.parent / "machine.json").write_text("{"), "truncated"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refused(what, shards):
    """Whichever shard comes first, and although the first one is fine: nothing is written."""
    spoiling, message = REFUSALS[what]
    one, two, into = shards
    (path,) = files.result_files(two / "made-up")
    spoiling(path)
    made.write_result(into, made.result(OTHER, {made.TIME: made.row({CUT: 1.0})}))
    before = tree(into)
    with pytest.raises(Refused, match=f"(?s){message}"):
        merge.merge([one, two], into)
    assert tree(into) == before


def test_refused_from_the_command_line(shards, tmp_path):
    one, _, into = shards
    with pytest.raises(SystemExit, match=r"nothing was merged: .*this repository does not have"):
        merge.main([str(one), "--into", str(into)])
    with pytest.raises(SystemExit, match=r"nothing was merged: .* has no results of asv"):
        merge.main([str(tmp_path / "nowhere"), "--into", str(into)])
    assert not into.exists()


def test_from_the_command_line(shards, capsys):
    one, two, into = shards
    merge.main([str(one), str(two), "--into", str(into), "--any-commit"])
    assert capsys.readouterr().out.startswith("2 result files: 4 values added, 0 were there already")


def test_real_results_come_through_unchanged(tmp_path):
    """All of ours into an empty folder, and once more into themselves: the same values, the same text."""
    merge.merge([made.ROOT / "results"], tmp_path)
    once = tree(tmp_path)
    assert merge.merge([made.ROOT / "results"], tmp_path).added == 0
    assert tree(tmp_path) == once
    for path, text in once.items():
        assert json.dumps(json.loads(text), sort_keys=True) == json.dumps(
            json.loads((made.ROOT / "results" / path).read_text()), sort_keys=True
        )
