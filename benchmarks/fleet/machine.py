# SPDX-License-Identifier: BSD-3-Clause
"""`make machine`: caches, cache line and read bandwidth for asv's machine.json, so that pages can filter by them.

asv keeps the facts in the user's home and writes them into every result from then on. They are measured once, and again
only where somebody asks for it: a bandwidth that is another one in every run would be another machine in every run.
"""

import argparse
import json
import platform
import re
import subprocess
import sys
from pathlib import Path

from .. import environments, units
from ..repository import ROOT, Refused

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
LEVELS = {"cache_l1d": (1, "Data"), "cache_l2": (2, "Unified"), "cache_l3": (3, "Unified")}
SYSCTL = {"cache_l1d": "hw.l1dcachesize", "cache_l2": "hw.l2cachesize", "cache_l3": "hw.l3cachesize"}
READ_BYTES = 2**28  # more than caches hold
ROUNDS = 12
UNKNOWN = "unknown"


def _bytes(text):
    """Of "32K", as Linux writes it."""
    number, unit = re.fullmatch(r"(\d+)([KMG]?)", text.strip()).groups()
    return int(number) * 1024 ** " KMG".index(unit or " ")


def caches(folder=CACHES):
    """Name -> bytes of the caches and the cache line that one core has, of what the system tells.

    Parameters
    ----------
    folder : path
        Of Linux; macOS is asked by sysctl.
    """
    found = {}
    for index in sorted(Path(folder).glob("index*")):
        level, kind, size, line = (
            (index / name).read_text().strip() for name in ("level", "type", "size", "coherency_line_size")
        )
        for name, what in LEVELS.items():
            if what == (int(level), kind):
                found[name] = _bytes(size)
                found["cache_line"] = int(line)
    if platform.system() == "Darwin":
        for name, question in {**SYSCTL, "cache_line": "hw.cachelinesize"}.items():
            done = subprocess.run(["sysctl", "-n", question], capture_output=True, text=True, check=False)
            if done.stdout.strip().isdigit():
                found[name] = int(done.stdout)
    return found


def read_bandwidth():
    """Bytes per second of reading memory in a row on one core, the best of some rounds."""
    from ..peers import limits

    sampler = limits.reading(READ_BYTES // limits.LINE)
    for _ in range(ROUNDS):
        sampler.sample()
    return READ_BYTES / sampler.seconds


def facts():
    """The fields, in words: "512 KiB", "21 GB/s"."""
    found = caches()
    words = {name: units.human_bytes(found[name]) if name in found else UNKNOWN for name in (*LEVELS, "cache_line")}
    try:
        return {**words, "read_bandwidth": f"{read_bandwidth() / 1e9:.2g} GB/s"}
    except (SystemExit, subprocess.CalledProcessError) as error:
        print(f"the read bandwidth was not measured: {error}")
        return {**words, "read_bandwidth": UNKNOWN}


def slug(name):
    """A CPU's name as a part of a file name: "amd-epyc-7763"."""
    words = re.sub(r"\(R\)|\(TM\)|@.*|\d+-Core|Processor|CPU", " ", name)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def describe(name=None, again=False, results=ROOT / "results"):
    """What asv knows of this machine and writes into results, completed by the facts; made where there is none.

    Parameters
    ----------
    name : str or None
        None is asv's own name of it, the host's.
    again : bool
        Measure what is there already.
    results : path
        What was measured before under that name stands, also where asv's file in the user's home is new.

    Returns
    -------
    dict
    """
    from asv.machine import Machine, MachineCollection

    known = environments.machine_facts(name or Machine.get_unique_machine_name())
    known = {**Machine.get_defaults(), **({"machine": name} if name else {}), **known}
    file = Path(results) / known["machine"] / "machine.json"
    if file.exists():
        earlier = json.loads(file.read_text())
        if any(earlier.get(field) != known[field] for field in ("cpu", "num_cpu", "arch")):
            raise Refused(
                f"{file.parent} has the results of another machine ({earlier.get('cpu')}, {earlier.get('num_cpu')} "
                f"cores; this is {known['cpu']}, {known['num_cpu']}): give this one another name, --machine NAME"
            )
        known = {**{field: value for field, value in earlier.items() if field != "version"}, **known}
    if again or "read_bandwidth" not in known:
        known.update(facts())
    MachineCollection.save(known["machine"], known)
    return known


def main(arguments=None):
    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.machine", description=first)
    parser.add_argument("--machine", help="its name in results (default: the host's)")
    parser.add_argument("--again", action="store_true", help="measure what is known already")
    chosen = parser.parse_args(arguments)
    try:
        found = describe(chosen.machine, chosen.again)
    except Refused as error:
        sys.exit(str(error))
    for name, value in sorted(found.items()):
        print(f"{name:>15}: {value}")


if __name__ == "__main__":
    main()
