# SPDX-License-Identifier: BSD-3-Clause
"""`asv publish` of the whole suite in less than half of the time, with the same output: a test compares every file.

Of 25,600 cases asv 0.6 averages each commit's values three times over, looks through all steps of a benchmark for every
one of its cases, and sends series that never change to its step detection. Other versions of asv are left as they are.
"""

KNOWN = ("0.6.",)


def install():
    """Replace four methods of asv.graph.Graph."""
    import asv
    from asv import graph

    if not asv.__version__.startswith(KNOWN):
        return
    known, detect = graph.Graph, graph._compute_graph_steps
    add, get_data = known.add_data_point, known.get_data

    def add_data_point(self, revision, value, weight=None):
        self.__dict__.pop("_reduced", None)
        add(self, revision, value, weight)

    def get_data_once(self):
        if "_reduced" not in self.__dict__:
            self._reduced = get_data(self)
        return self._reduced

    def detect_steps(self, pool=None):
        if self._steps is not None:
            return
        data = self.get_data()
        if not data:
            self._steps = [[]] * self.n_series
            return
        count = 1 if self.scalar_series else self.n_series
        columns = [data] if self.scalar_series else [[(at, v[j], w[j]) for at, v, w in data] for j in range(count)]
        self._steps = [
            _steady(column) or (pool.apply_async(detect, (column,)) if pool else detect(column, reraise=False))
            for column in columns
        ]

    def get_steps(self):
        if self._steps is None:
            self.detect_steps()
        if "_resolved" not in self.__dict__:
            self._steps = [each if isinstance(each, list) else each.get() for each in self._steps]
            self._resolved = True
        return self._steps[0] if self.scalar_series else self._steps

    for method in (add_data_point, detect_steps, get_steps):
        setattr(known, method.__name__, method)
    known.get_data = get_data_once


def _steady(column):
    """The steps of a series that has the same value everywhere, and no commit that asv would skip; else None."""
    value = column[0][1]
    if value is None or any(each != value or (weight is not None and weight <= 0) for _, each, weight in column):
        return None
    return [(column[0][0], column[-1][0] + 1, value, value, 0.0)]
