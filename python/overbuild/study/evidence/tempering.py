"""Sequential Monte Carlo: from draws of the prior, step by step, to draws that agree.

Draws live in the space where all inputs are independent standard normal numbers. First the
distance that draws may have from what is possible shrinks to 0, then the likelihood's exponent
grows to 1, each step as far as half of the draws survive. After a step draws move by random
steps and leaps that leave the distribution at hand as it is, until they have forgotten where they
were.

Source: P. Del Moral, A. Doucet, A. Jasra, "Sequential Monte Carlo samplers", *JRSS B* 68 (2006),
411-436; the shrinking distance as in S.-K. Au, J. L. Beck, "Estimation of small failure
probabilities in high dimensions by subset simulation", *Probabilistic Engineering Mechanics* 16
(2001), 263-277; leaps as in N. Chopin, "A sequential particle filter method for static models",
*Biometrika* 89 (2002), 539-552; steps along differences of other draws as in C. J. F. ter Braak,
"A Markov chain Monte Carlo version of the genetic algorithm Differential Evolution", *Statistics
and Computing* 16 (2006), 239-249.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Share of draws that a step keeps.
_KEPT = 0.5

#: Correlation with where a move began that counts as forgotten: on the way, and at the end.
_ON_THE_WAY, _AT_THE_END = 0.2, 0.1

#: Sweeps over all draws that a move takes at the most, on the way and at the end.
_MOST_SWEEPS = 50, 400

#: Leaps for each step: leaps forget fast, steps get draws out of the tails.
_LEAPS = 3

#: Degrees of freedom of the distribution that leaps are drawn from: tails that reach the draws'.
_FREEDOM = 8.0

#: Steps after which evidence that has not been reached is given up.
_MOST_STEPS = 200


@dataclasses.dataclass
class Standing:
    """How draws stand with the evidence.

    Attributes
    ----------
    distance : array of shape (n,)
        How far from what is possible, 0 for what is.
    log_likelihood : array of shape (n,)
        How likely the observations are.
    """

    distance: Floats
    log_likelihood: Floats

    def take(self, which: NDArray[np.intp]) -> Standing:
        """Return the standing of some draws."""
        return Standing(self.distance[which], self.log_likelihood[which])


class UnreachableError(Exception):
    """Draws come no closer to the evidence."""

    def __init__(self, distance: float) -> None:
        super().__init__(distance)
        self.distance = distance


@dataclasses.dataclass
class Population:
    """Draws on their way to the posterior.

    Attributes
    ----------
    z : array of shape (inputs, n)
        Standard normal numbers. Draw i belongs to replicate ``i % replicates``.
    standing : Standing
        Of these draws.
    evaluate : callable
        Gives the standing of draws.
    rng : numpy.random.Generator
        Where chance comes from.
    replicates : int
        Parts that are resampled each on their own, so that they stay independent.
    distance : float
        What is allowed now.
    power : float
        The likelihood's exponent now.
    scale : float
        How long steps are, adapted so that a quarter are taken.
    log_evidence : float
        Log of the prior probability, or density, of the evidence.
    memory : float
        Correlation with where the last move began.
    """

    z: Floats
    standing: Standing
    evaluate: Callable[[Floats], Standing]
    rng: np.random.Generator
    replicates: int
    distance: float = math.inf
    power: float = 0.0
    scale: float = 1.0
    log_evidence: float = 0.0
    memory: float = 0.0

    def settle(self) -> None:
        """Go on until draws are those of the posterior."""
        for _ in range(_MOST_STEPS):
            weight = self._tighten() if self.distance > 0 else self._temper()
            self.log_evidence += math.log(weight.mean())
            self._resample(weight)
            at_the_end = self.distance == 0 and self.power == 1
            self._move(_AT_THE_END if at_the_end else _ON_THE_WAY, _MOST_SWEEPS[at_the_end])
            if at_the_end:
                return
        raise UnreachableError(self.distance)

    def _tighten(self) -> Floats:
        """Allow less distance; return the weights that this gives draws."""
        distance = self.standing.distance
        closest = float(np.quantile(distance, _KEPT, method="lower"))
        if not closest < self.distance:
            # All that are left are equally far; what is closer may be rare.
            closer = distance[distance < self.distance]
            if closer.size == 0 or math.isinf(closest):
                raise UnreachableError(float(distance.min()))
            closest = float(closer.max())
        self.distance = closest
        return (distance <= closest).astype(float)

    def _temper(self) -> Floats:
        """Raise the likelihood's exponent; return the weights that this gives draws."""
        log_likelihood = self.standing.log_likelihood
        best = log_likelihood.max()
        if best == -math.inf:
            raise UnreachableError(0.0)

        def weights(power: float) -> Floats:
            raised = (power - self.power) * (log_likelihood - best)
            return np.where(log_likelihood > -math.inf, np.exp(raised), 0.0)

        def is_gentle(power: float) -> bool:
            weight = weights(power)
            return bool(weight.sum() ** 2 >= _KEPT * weight.size * np.square(weight).sum())

        low, high = self.power, 1.0
        if not is_gentle(high):
            while high - low > 1e-6 * (high - self.power):
                middle = (low + high) / 2
                low, high = (middle, high) if is_gentle(middle) else (low, middle)
        weight = weights(high)
        self.log_evidence += (high - self.power) * best
        self.power = high
        return weight

    def _resample(self, weight: Floats) -> None:
        """Draw again by weight, systematically and within each replicate."""
        by_replicate = weight.reshape(-1, self.replicates)
        size = by_replicate.shape[0]
        kept = np.empty(by_replicate.shape, dtype=np.intp)
        for k in range(self.replicates):
            ours = by_replicate[:, k]
            if not ours.any():
                # A replicate without a draw left takes any that is left.
                kept[:, k] = self.rng.choice(weight.size, size, p=weight / weight.sum())
                continue
            rising = np.cumsum(ours)
            at = (np.arange(size) + self.rng.random()) / size * rising[-1]
            rows = np.searchsorted(rising, at, side="right").clip(max=size - 1)
            # Draws in no order, so that halves of a replicate are alike.
            kept[:, k] = self.rng.permutation(rows) * self.replicates + k
        which = kept.ravel()
        self.z, self.standing = self.z[:, which], self.standing.take(which)

    def _move(self, forgotten: float, most_sweeps: int) -> None:
        """Take steps until draws have little to do with where they began."""
        began = self.z.copy()
        for _ in range(most_sweeps):
            taken = np.mean([self._step(half) for half in (0, 1)])
            self.scale = float(np.clip(self.scale * math.exp(taken - 0.25), 1e-3, 4))
            for half in (0, 1) * _LEAPS:
                self._leap(half)
            self.memory = _correlation(began, self.z)
            if self.memory < forgotten:
                return

    def _step(self, half: int) -> float:
        """Try a step of every draw in one half, along differences of the other half's."""
        ours, others = self._halves(half)
        inputs, middle = len(others), ours.size
        first = self.rng.integers(middle, size=middle)
        second = (first + self.rng.integers(1, middle, size=middle)) % middle
        length = self.scale * 2.38 / math.sqrt(2 * inputs) * self.rng.uniform(0.5, 1.5, middle)
        # Now and then a whole difference, from one mode to another.
        length[self.rng.random(middle) < 0.1] = 1.0
        step = length * (others[:, first] - others[:, second])
        proposed = self.z[:, ours] + step + 1e-4 * self.rng.standard_normal((inputs, middle))
        return self._try(ours, proposed, 0.0)

    def _leap(self, half: int) -> float:
        """Try to put every draw of one half anywhere that the other half's spread allows."""
        ours, others = self._halves(half)
        spread = Spread.of(others)
        proposed = spread.draw(self.rng, others.shape[1])
        back = spread.log_density(self.z[:, ours]) - spread.log_density(proposed)
        return self._try(ours, proposed, back)

    def _halves(self, half: int) -> tuple[NDArray[np.intp], Floats]:
        """Return which draws are in a half, and the draws of the other."""
        middle = self.z.shape[1] // 2
        others = self.z[:, middle:] if half == 0 else self.z[:, :middle]
        return np.arange(middle) + half * middle, others

    def _try(self, ours: NDArray[np.intp], proposed: Floats, back: Floats | float) -> float:
        """Move draws by the rule of Metropolis and Hastings; return the share that moved.

        `back` is the log density of proposing where a draw is from where it would go, less that
        of proposing where it would go.
        """
        then, now = self.evaluate(proposed), self.standing.take(ours)
        log_ratio = 0.5 * (np.square(self.z[:, ours]) - np.square(proposed)).sum(axis=0) + back
        if self.power > 0:
            with np.errstate(invalid="ignore"):
                log_ratio += self.power * (then.log_likelihood - now.log_likelihood)
        possible = then.distance <= self.distance
        if self.power > 0:
            possible &= then.log_likelihood > -math.inf
        taken = possible & (np.log(self.rng.random(ours.size)) < log_ratio)
        moved = ours[taken]
        self.z[:, moved] = proposed[:, taken]
        self.standing.distance[moved] = then.distance[taken]
        self.standing.log_likelihood[moved] = then.log_likelihood[taken]
        return float(taken.mean())


@dataclasses.dataclass(frozen=True)
class Spread:
    """A multivariate Student distribution with the mean and covariance of some draws.

    Sums go by einsum: products of matrices start threads, which takes longer than all the rest.

    Attributes
    ----------
    center : array of shape (inputs, 1)
        The mean.
    root : array of shape (inputs, inputs)
        Lower triangle whose square is the covariance.
    inverse : array of shape (inputs, inputs)
        The inverse of `root`.
    """

    center: Floats
    root: Floats
    inverse: Floats

    @classmethod
    def of(cls, z: Floats) -> Spread:
        """Return the distribution that draws of shape (inputs, n) suggest."""
        inputs, n = z.shape
        center = z.mean(axis=1, keepdims=True)
        covariance: Floats = np.einsum("in,jn->ij", z - center, z - center) / (n - 1)
        root: Floats = np.linalg.cholesky(covariance + 1e-8 * np.eye(inputs)).astype(np.float64)
        inverse: Floats = np.linalg.inv(root).astype(np.float64)
        return cls(center, root, inverse)

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Return draws of shape (inputs, n)."""
        normal = rng.standard_normal((len(self.root), n))
        heavy = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, n))
        drawn: Floats = self.center + np.einsum("ij,jn->in", self.root, normal * heavy)
        return drawn

    def log_density(self, z: Floats) -> Floats:
        """Return the log density of draws, but for a constant."""
        off: Floats = np.einsum("ij,jn->in", self.inverse, z - self.center)
        far: Floats = np.log1p(np.square(off).sum(axis=0) / _FREEDOM)
        return -0.5 * (_FREEDOM + self.center.size) * far


def _correlation(one: Floats, other: Floats) -> float:
    """Return the largest correlation of an input between two states of the draws."""
    ones = one - one.mean(axis=1, keepdims=True)
    others = other - other.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(ones).sum(axis=1) * np.square(others).sum(axis=1))
    with np.errstate(invalid="ignore"):
        return float(np.nanmax((ones * others).sum(axis=1) / spread, initial=0.0))
