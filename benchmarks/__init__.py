# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark suite. asv imports every module here, in an environment that may lack all but the package."""
