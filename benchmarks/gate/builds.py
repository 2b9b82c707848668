# SPDX-License-Identifier: BSD-3-Clause
"""The two commits as environments of asv, side by side: asv itself keeps one commit installed at a time."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .. import environments

ROOT = Path(__file__).parents[2]


class NotBuilt(Exception):
    """A commit that cannot be compared, with the sentence that says why."""


@dataclass(frozen=True)
class Build:
    """One commit, installed.

    Attributes
    ----------
    side : str
        "base" or "head", or the name of an injected regression.
    commit : str
        Its hash.
    python : str
        The interpreter of its environment.
    environment : str
        asv's name of it: Python and the packages of the matrix.
    version : str
        Of Python, as asv has it.
    requirements : dict
        The packages of the matrix and their versions.
    """

    side: str
    commit: str
    python: str
    environment: str
    version: str
    requirements: dict


def git(*arguments, repo=ROOT, date=None):
    """What git prints; NotBuilt with its last line where it fails. The date is that of a new commit."""
    environment = {**os.environ, **({"GIT_COMMITTER_DATE": date} if date else {})}
    done = subprocess.run(["git", *arguments], cwd=repo, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt(f"git {' '.join(arguments)}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
    return done.stdout.strip()


def find_commit(revision, repo=ROOT):
    """The hash of a revision."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", repo=repo)
    except NotBuilt:
        raise NotBuilt(f"{revision!r} names no commit of this repository; try a hash, a branch or HEAD~1") from None


def install(side, commit, repo=ROOT):
    """Build a commit with asv and install it into an environment of its own, `.asv/gate/SIDE`.

    What asv has built before is taken from its cache. Of a matrix of environments it is the newest NumPy on the Python
    that runs the gate.
    """
    from asv import util
    from asv.config import Config
    from asv.repo import get_repo

    conf = Config.load(ROOT / "asv.conf.json")
    conf.repo = str(repo)
    conf.project_dir = str(ROOT / ".asv/gate" / side)
    conf.env_dir = str(ROOT / ".asv/gate" / side)
    conf.pythons = ["{}.{}".format(*sys.version_info)]
    try:
        # asv reads pyproject.toml where it stands.
        os.chdir(ROOT)
        environment = environments.default(conf)
        environment.create()
        environment.install_project(conf, get_repo(conf), commit)
        broken = environments.broken_claims(environment)
    except (util.UserError, util.ProcessError, OSError, LookupError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines() or ["no reason given"]
        log = ROOT / ".asv/gate" / f"{side}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{error}\n{getattr(error, 'stdout', '')}\n{getattr(error, 'stderr', '')}\n")
        raise NotBuilt(f"{side} ({commit[:8]}) does not build: {said[-1][:200]} (all of it: {log})") from None
    if broken:
        raise NotBuilt(f"{'; '.join(broken)}. Remove .asv/gate and run the gate again")
    python = environment.find_executable("python")
    return Build(side, commit, python, environment.name, environment.python, environment.requirements)


def packages(build):
    """Name -> version of everything in the environment but the package itself."""
    found = environments.installed(build.python)
    found.pop("strideops", None)
    return found
