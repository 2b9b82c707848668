# SPDX-License-Identifier: BSD-3-Clause
"""Results of many commits and many machines: history.py measures, machine.py describes, merge.py joins."""
