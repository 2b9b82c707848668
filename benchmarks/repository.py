# SPDX-License-Identifier: BSD-3-Clause
"""This repository: where it is, what git says of its commits, and how a program of the suite says no."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Refused(Exception):
    """What cannot be done, with the sentence that says why and what would work."""


def git(*arguments, repo=ROOT, date=None):
    """What git prints; Refused with its last line where it fails. The date is that of a new commit."""
    environment = {**os.environ, **({"GIT_COMMITTER_DATE": date} if date else {})}
    done = subprocess.run(["git", *arguments], cwd=repo, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"git {' '.join(arguments)}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
    return done.stdout.strip()


def find_commit(revision, repo=ROOT):
    """The hash of a revision."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", repo=repo)
    except Refused:
        raise Refused(f"{revision!r} names no commit of this repository; try a hash, a branch or HEAD~1") from None


def write_whole(path, text):
    """Whole or not at all: whoever reads the file meanwhile, or after a crash, finds the old one or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
