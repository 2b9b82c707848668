# SPDX-License-Identifier: BSD-3-Clause
"""The proof is proved: every planted copy is caught, no clean code is, and the published table is true."""

import re

import pytest
from ccompiler import ROOT, require
from zoo.alarms import count
from zoo.build import build
from zoo.inhabitants import controls, copies
from zoo.scores import LAYERS, score

TABLE = (ROOT / "results/zoo.md").read_text()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    require("gcc")
    require("g++")
    return build(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="module")
def copying(built):
    return [score(each) for each in copies(*built)]


@pytest.fixture(scope="module")
def clean(built):
    return [score(each) for each in controls(*built)]


def named(scores):
    return [f"{each.family}: {each.name}" for each in scores]


def test_the_zoo_is_large(copying, clean):
    assert len(copying) >= 100
    assert len({each.family for each in copying}) >= 10
    assert len(clean) >= 25
    assert len(set(named(copying))) == len(copying)


def test_every_copy_is_caught(copying):
    assert named(each for each in copying if not each.seen["guard, readers named"]) == []


def test_no_false_alarm(clean):
    verdicts = ("contents", "memcpy", "readers", "trace", "guard", "guard, readers named")
    assert named(each for each in clean if any(each.seen[layer] for layer in verdicts)) == []


def published(part):
    """By family and name, the words of the table."""
    rows, family = {}, None
    for line in part.splitlines():
        if head := re.match(r"\| \*\*(.*?)\*\* \|", line):
            family = head[1]
        elif row := re.match(r"\| `(.*?)` \| (.*) \|", line):
            rows[family, row[1]] = [word.strip() for word in row[2].split("|")]
    return rows


@pytest.mark.parametrize("layer", LAYERS)
def test_the_table_is_true(copying, clean, layer):
    """Of each inhabitant, what results/zoo.md says; `make zoo` writes it anew."""
    words = {True: "seen", False: "-", None: ""}
    for scores, part in zip((copying, clean), TABLE.split("## No copies"), strict=True):
        rows = published(part)
        assert set(rows) == {(each.family, each.name) for each in scores}
        for each in scores:
            word = rows[each.family, each.name][LAYERS.index(layer)]
            assert word == words[each.seen[layer]] or " of " in word, (each.family, each.name)


def test_no_false_alarm_beside_a_busy_thread(built):
    """`make zoo` counts 10,000."""
    assert count(list(controls(*built)), 600) == []
