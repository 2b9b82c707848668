# SPDX-License-Identifier: BSD-3-Clause
"""`make peers`: strideops against the libraries that people use, call by call, and against the memory itself."""
