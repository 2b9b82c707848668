# SPDX-License-Identifier: BSD-3-Clause
"""When is a case slower? A test on pairs of processes, in two stages, and a threshold from the case's own A/A history.

The logarithm of head/base is symmetric about 0 where nothing but the code can tell the sides apart, and the code is the
same, whatever the noise is: both sides of a pair may be exchanged. A permutation test of signs asks for no more than
that. What the first stage suspects is measured again, and only the new pairs decide, so that the chances of a false
alarm multiply.
"""

import math
from dataclasses import dataclass
from functools import cache

FIRST_PAIRS = 6
SECOND_PAIRS = 12
SUSPICION = 0.1  # of one case by chance
FALSE_ALARMS = 0.005  # of a whole run by chance, at most
LEAST = 0.01  # a smaller share is not worth a regression
DEVIATIONS = 2.5  # of the middle of the pairs
UNKNOWN_SPREAD = 0.04  # of a case without a history


@dataclass(frozen=True)
class Judgement:
    """What the pairs of a case say.

    Attributes
    ----------
    ratio : float
        head / base: the pseudo-median of all pairs.
    p : float
        The chance of pairs so far to the slow side, were both the same.
    slower : bool
    """

    ratio: float
    p: float
    slower: bool


def log_ratios(seconds):
    return [math.log(head / base) for base, head in seconds]


def pseudo_median(values):
    """Hodges and Lehmann's estimate: the median of the means of all pairs of values."""
    import numpy as np

    values = np.asarray(values)
    i, j = np.triu_indices(len(values))
    return float(np.median((values[i] + values[j]) / 2))


@cache
def _p_slower(values):
    import numpy as np
    from scipy.stats import permutation_test

    values = np.asarray(values)
    most = np.median(np.abs(values))
    cut = np.clip(values, -most, most)
    if not most:
        return 1.0
    # As many as 2**12 signs are tried all; of more, so many at random.
    done = permutation_test(
        (cut,), np.mean, permutation_type="samples", vectorized=True, n_resamples=1 << 12, alternative="greater", rng=0
    )
    return float(done.pvalue)


def p_slower(values):
    """One-sided: is the middle of the values above 0?

    The mean of the values, cut at their median size, against the means with all other signs. A wild pair counts no more
    than a usual one, so that one of twelve does not hide a regression.
    """
    return _p_slower(tuple(values)) if len(values) else 1.0


def threshold(spread, pairs):
    """The share that so many pairs of a case can tell from noise.

    Parameters
    ----------
    spread : float or None
        Of one pair of the same code, as a standard deviation of log(head/base); None without a history.
    pairs : int
    """
    return max(LEAST, DEVIATIONS * (UNKNOWN_SPREAD if spread is None else spread) / math.sqrt(pairs))


def is_suspect(values):
    """After the first stage, from its logarithms."""
    return p_slower(values) <= SUSPICION


def judge(values, spread, cases, false_alarms=FALSE_ALARMS):
    """After the second stage, from its pairs alone.

    Parameters
    ----------
    values : sequence of float
        Logarithms of head/base.
    spread : float or None
    cases : int
        How many were compared in the first stage (Bonferroni).
    false_alarms : float
        Of a whole run by chance.
    """
    middle, p = pseudo_median(values), p_slower(values)
    enough = p <= false_alarms / (SUSPICION * cases)
    return Judgement(math.exp(middle), p, enough and middle > math.log1p(threshold(spread, len(values))))


def spread_of(values):
    """A standard deviation that a few wild pairs do not move: from the middle 68 % of |value|, about 0."""
    import numpy as np

    return float(np.quantile(np.abs(values), 0.683))
