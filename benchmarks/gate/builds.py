# SPDX-License-Identifier: BSD-3-Clause
"""The two commits as environments of asv, side by side: asv itself keeps one commit installed at a time."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .. import environments
from ..repository import ROOT, Refused


@dataclass(frozen=True, eq=False)
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
    package : path
        The installed package.
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
    package: Path
    environment: str
    version: str
    requirements: dict


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
    except (util.UserError, subprocess.SubprocessError, OSError, LookupError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines() or ["no reason given"]
        log = ROOT / ".asv/gate" / f"{side}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{error}\n{getattr(error, 'stdout', '')}\n{getattr(error, 'stderr', '')}\n")
        raise Refused(f"{side} ({commit[:8]}) does not build: {said[-1][:200]} (all of it: {log})") from None
    if broken:
        raise Refused(f"{'; '.join(broken)}. Remove .asv/gate and run the gate again")
    python = environment.find_executable("python")
    package = find_package(python)
    return Build(side, commit, python, package, environment.name, environment.python, environment.requirements)


def find_package(python):
    """Where an interpreter has strideops installed."""
    code = "import importlib.util as u; print(u.find_spec('strideops').submodule_search_locations[0])"
    done = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def packages(build):
    """Name -> version of everything in the environment but the package itself."""
    found = environments.installed(build.python)
    found.pop("strideops", None)
    return found
