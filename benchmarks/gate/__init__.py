# SPDX-License-Identifier: BSD-3-Clause
"""`make gate BASE=<rev>`: is this commit slower than that one, or does it copy where that one did not?"""
