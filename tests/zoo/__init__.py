# SPDX-License-Identifier: BSD-3-Clause
"""The zoo: code that copies an array, in every way that we know of, and code that does not. It judges the proof."""
