# SPDX-License-Identifier: BSD-3-Clause
"""What `asv publish` shows: a first page that answers, and asv's own pages in a skin that needs no internet."""
