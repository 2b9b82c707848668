# SPDX-License-Identifier: BSD-3-Clause
"""asv's environments and machine: what asv.conf.json asks for, what is the default, and does it hold what it claims?

asv files a result under the versions that its matrix names, not under those that were there. `make matrix` makes every
environment, installs HEAD into it and tells what is there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

VERSIONS = (
    "import importlib.metadata as m, json, platform; packages = {d.metadata['Name']: d.version "
    "for d in m.distributions()}; print(json.dumps({'python': platform.python_version(), **packages}))"
)


def numbers(version):
    """What orders versions: "2.10.0" comes after "2.9.1"."""
    return [int(part) if part.isdigit() else -1 for part in version.split(".")]


def matrix(conf):
    """All environments that can be had here; a Python that is missing has none, and asv says so."""
    from asv.environment import get_environments

    return list(get_environments(conf, []))


def default(conf):
    """The environment with the newest NumPy on the Python that runs this; LookupError where there is none."""
    python = "{}.{}".format(*sys.version_info)
    mine = [environment for environment in matrix(conf) if environment.python == python]
    if not mine:
        raise LookupError(f"asv.conf.json names no environment with Python {python}; it has {', '.join(conf.pythons)}")
    return max(mine, key=lambda environment: numbers(environment.requirements.get("numpy", "0")))


def installed(python):
    """What an interpreter finds, by name: the version of Python and those of all packages."""
    done = subprocess.run([python, "-P", "-c", VERSIONS], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def broken_claims(environment):
    """Sentences: where an environment that asv has made holds something else than its results will be filed under.

    Parameters
    ----------
    environment : asv.environment.Environment
    """
    found = installed(environment.find_executable("python"))
    claimed = {"python": environment.python, **environment.requirements}
    return [
        f"{environment.name} has {name} {found.get(name)}: its results would be filed under {version}"
        for name, version in claimed.items()
        if version and not f"{found.get(name)}.".startswith(f"{version}.")
    ]


def machine_facts(name):
    """What asv knows of a machine; nothing of one that it does not know."""
    from asv import util
    from asv.machine import MachineCollection

    try:
        return MachineCollection.load(name)
    except util.UserError:
        return {}


def machine_name(name=None):
    """Under which name asv files the results of this machine: the one that it was given, or the host's."""
    from asv.machine import Machine

    host = Machine.get_unique_machine_name()
    return name or machine_facts(host).get("machine", host)


def main():
    from asv import util
    from asv.config import Config
    from asv.repo import get_repo

    os.chdir(ROOT)
    conf = Config.load(ROOT / "asv.conf.json")
    repo = get_repo(conf)
    head, broken = repo.get_hash_from_name("HEAD"), []
    for environment in matrix(conf):
        print(f"{environment.name}: ", end="", flush=True)
        try:
            environment.create()
            environment.install_project(conf, repo, head)
        except util.ProcessError as error:
            why = (error.stderr or error.stdout or str(error)).strip().splitlines()[-1]
            broken.append(f"{environment.name} cannot be made: {why}")
            print("cannot be made", flush=True)
            continue
        code = "import numpy as np, strideops; print(strideops.strided.sum(np.arange(48).reshape(6, 8)[:, :6]))"
        total = environment.run_executable("python", ["-P", "-c", code]).strip()
        found = installed(environment.find_executable("python"))
        print(f"Python {found['python']}, NumPy {found['numpy']}, the sum of the question's cut is {total}", flush=True)
        broken += broken_claims(environment)
    sys.exit("\n".join(broken) or None)


if __name__ == "__main__":
    main()
