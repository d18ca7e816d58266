"""What a fit gives."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from overbuild._calls import Values

_Floats: TypeAlias = NDArray[np.float64]

#: As in src/leadtime/survival/families.rs, in that order.
FAMILIES = ("weibull", "lognormal", "gamma", "exponential", "loglogistic")

#: As in src/leadtime/survival/observations.rs, in that order.
STATUS = (
    "ok",
    "missing number",
    "negative time",
    "infinite time",
    "event at time zero",
    "bounds reversed",
    "entry not before the end",
    "weight negative or infinite",
    "weights all zero",
    "fewer than two rows",
    "no event observed",
    "all times equal",
    "not converged",
)

_PARAMETERS = ("shape", "scale")


class Band(NamedTuple):
    """A value with the ends of its confidence interval, each in one shape."""

    value: Values
    lower: Values
    upper: Values


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Fit:
    """Distributions fitted to rows of lead times; all fields have one entry a row.

    With one row, entries are plain numbers; with DataArrays in, they are DataArrays.

    Attributes
    ----------
    family : str
        weibull, lognormal, gamma, exponential or loglogistic.
    parameters : mapping
        ``shape`` and ``scale`` in scipy's sense, at location 0: ``c`` of ``weibull_min`` and of
        ``fisk`` (log-logistic), ``s`` of ``lognorm``, ``a`` of ``gamma``; of an exponential
        distribution the shape is 1. The scale is in the unit of the times.
    covariance : array, shape (..., 2, 2)
        Of shape and scale, from the observed information.
    log_likelihood, aic : float
        At the highest point, and Akaike's criterion: 2 for each free parameter less twice that.
    status : str
        ``ok``, or why there is no fit; then all numbers are NaN.
    n, events : int
        Orders of some weight, and those of them that are not open.
    """

    family: Any
    parameters: Mapping[str, Any]
    covariance: Any
    log_likelihood: Any
    aic: Any
    status: Any
    n: Any
    events: Any
    _log_covariance: _Floats = dataclasses.field(repr=False)

    @classmethod
    def _of_table(cls, table: _Floats, labels: xr.DataArray | None) -> Fit:
        """Make it of what the core gives, in shape (..., fields)."""
        single = table.ndim == 1
        labels = None if single else labels

        def own(values: Any) -> Any:
            if labels is not None:
                return labels.copy(data=values)
            return values.item() if single else values

        codes = table[..., 1].astype(int)
        shape, scale = table[..., 2], table[..., 3]
        free = np.where(codes == FAMILIES.index("exponential"), 1.0, 2.0)
        logs = table[..., [4, 5, 5, 6]].reshape(*table.shape[:-1], 2, 2)
        sizes = table[..., 2:4]
        covariance: Any = logs * sizes[..., :, np.newaxis] * sizes[..., np.newaxis, :]
        if labels is not None:
            covariance = xr.DataArray(
                covariance,
                dims=(*labels.dims, "parameter", "with_parameter"),
                coords={
                    **labels.coords,
                    "parameter": list(_PARAMETERS),
                    "with_parameter": list(_PARAMETERS),
                },
            )
        return cls(
            family=own(np.asarray(FAMILIES)[codes]),
            parameters=MappingProxyType({"shape": own(shape), "scale": own(scale)}),
            covariance=covariance,
            log_likelihood=own(table[..., 7]),
            aic=own(2.0 * free - 2.0 * table[..., 7]),
            status=own(np.asarray(STATUS)[table[..., 0].astype(int)]),
            n=own(table[..., 8].astype(int)),
            events=own(table[..., 9].astype(int)),
            _log_covariance=logs,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields; a read-only view of a mapping cannot be pickled."""
        return {**self.__dict__, "parameters": dict(self.parameters)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, parameters=MappingProxyType(state["parameters"]))

    def __getitem__(self, row: Any) -> Fit:
        """Return some of the rows, chosen as in an array of them."""
        if np.ndim(self.status) == 0:
            msg = "this is the fit of one row"
            raise TypeError(msg)

        def chosen(values: Any) -> Any:
            part = values[row]
            return part.item() if isinstance(part, np.generic) else part

        parameters = {name: chosen(values) for name, values in self.parameters.items()}
        names = ("family", "covariance", "log_likelihood", "aic", "status", "n", "events")
        return Fit(
            parameters=MappingProxyType(parameters),
            _log_covariance=self._log_covariance[row],
            **{name: chosen(getattr(self, name)) for name in names},
        )

    def __len__(self) -> int:
        if np.ndim(self.status) == 0:
            msg = "this is the fit of one row"
            raise TypeError(msg)
        return len(self.status)

    def __iter__(self) -> Iterator[Fit]:
        return (self[row] for row in range(len(self)))

    @property
    def distribution(self) -> Any:
        """The fitted distribution, a frozen one of ``scipy.stats`` that goes into a study.

        Raises ValueError if there is no fit, or if there are many.
        """
        self._check_single("distribution")
        shape, scale = (float(self.parameters[name]) for name in _PARAMETERS)
        return _frozen(str(_plain(self.family)), shape, scale)

    @property
    def distributions(self) -> Any:
        """The fitted distributions of all rows, as an array of objects, or that of the one row.

        Raises ValueError if a row has no fit.
        """
        if np.ndim(self.status) == 0:
            return self.distribution
        status = np.asarray(_plain(self.status))
        if (status != "ok").any():
            row = tuple(map(int, np.argwhere(status != "ok")[0]))
            msg = f"there is no fit in row {', '.join(map(str, row))}: {status[row]}"
            raise ValueError(msg)
        found = np.empty(status.shape, dtype=object)
        shapes, scales = (np.asarray(_plain(self.parameters[name])) for name in _PARAMETERS)
        for row, family in np.ndenumerate(np.asarray(_plain(self.family))):
            found[row] = _frozen(str(family), float(shapes[row]), float(scales[row]))
        return self.status.copy(data=found) if isinstance(self.status, xr.DataArray) else found

    def quantile(self, q: ArrayLike, level: float = 0.95) -> Band:
        """Give times by which a share of orders is delivered, with confidence intervals.

        The interval is normal for the logarithm of the time, its variance carried over from that
        of log shape and log scale (delta method).

        Parameters
        ----------
        q : array_like, shape (k,), or number
            Shares, fractions between 0 and 1.
        level : float
            Probability of the interval, a fraction between 0 and 1.

        Returns
        -------
        Band
            Value, lower and upper bound, in shape (..., k), in the unit of the times.

        Raises
        ------
        ValueError
            If a share or the level does not lie between 0 and 1.
        """
        share = np.asarray(q, dtype=float)
        if not ((share > 0) & (share < 1)).all():
            msg = f"q must lie between 0 and 1, got {q!r:.80}"
            raise ValueError(msg)
        z = normal_score(level)
        values, slopes = self._by_family(
            lambda f, shape: _log_quantile(f, share, shape), share.ndim
        )
        scale = np.asarray(_plain(self.parameters["scale"]))
        logs = values + np.log(_widened(scale, share.ndim))
        (aa, ab), (_, bb) = np.moveaxis(self._log_covariance, (-2, -1), (0, 1))
        aa, ab, bb = (_widened(part, share.ndim) for part in (aa, ab, bb))
        error = np.sqrt(np.maximum(slopes * slopes * aa + 2 * slopes * ab + bb, 0.0))
        return Band(*(_bare(np.exp(logs + k * z * error)) for k in (0, -1, 1)))

    def draws(self, size: int, seed: int | np.random.Generator | None = None) -> _Floats:
        r"""Lead times drawn with what is uncertain about the parameters themselves.

        For each draw log shape and log scale are drawn from a normal distribution around the
        estimates with their covariance, and then one lead time with these. So few orders, or few
        that have ended, give a wider spread than ``distribution`` alone.

        Parameters
        ----------
        size : int
            Number of draws.
        seed : int or Generator, optional
            Seed of the draws, as for :func:`numpy.random.default_rng`.

        Returns
        -------
        ndarray, shape (..., size)
            Lead times in the unit of the times; NaN in rows without a fit.

        Raises
        ------
        ValueError
            If it is one row without a fit.
        """
        if np.ndim(self.status) == 0:
            self._check_single("draws")
        random = np.random.default_rng(seed)
        rows = np.shape(self.status)
        normal = random.standard_normal((2, *rows, size))
        share = random.random((*rows, size))
        (aa, ab), (_, bb) = np.moveaxis(self._log_covariance, (-2, -1), (0, 1))[..., np.newaxis]
        # Scale first: an exponential distribution's shape has no variance.
        spread = np.sqrt(bb)
        slope = ab / spread
        rest = np.sqrt(np.maximum(aa - slope * slope, 0.0))
        shape, scale = (np.asarray(_plain(self.parameters[name])) for name in _PARAMETERS)
        scales = scale[..., np.newaxis] * np.exp(spread * normal[0])
        shapes = shape[..., np.newaxis] * np.exp(slope * normal[0] + rest * normal[1])
        names = np.broadcast_to(np.asarray(_plain(self.family))[..., np.newaxis], shapes.shape)
        drawn = np.full(shapes.shape, np.nan)
        for family in np.unique(names):
            here = (names == family) & ~np.isnan(shapes)
            if here.any():
                drawn[here] = _frozen(str(family), shapes[here], scales[here]).ppf(share[here])
        return drawn

    def _by_family(self, of: Any, axes: int) -> tuple[_Floats, _Floats]:
        """Return two numbers for each row and position of `axes` more axes."""
        shapes = np.asarray(_plain(self.parameters["shape"]))
        names = np.asarray(_plain(self.family))
        values = slopes = np.full(_widened(names, axes).shape, np.nan)
        for family in np.unique(names):
            here = _widened(names, axes) == family
            value, slope = of(str(family), np.where(here, _widened(shapes, axes), np.nan))
            values, slopes = np.where(here, value, values), np.where(here, slope, slopes)
        return values, slopes

    def _check_single(self, what: str) -> None:
        if np.ndim(self.status) != 0:
            msg = f"{what} is that of one row; choose one of {np.shape(self.status)}, as in fit[0]"
            raise ValueError(msg)
        if str(_plain(self.status)) != "ok":
            msg = f"there is no {what}, because there is no fit: {_plain(self.status)}"
            raise ValueError(msg)

    def __repr__(self) -> str:
        if np.ndim(self.status) == 0:
            return self._describe()
        words, counts = np.unique(np.asarray(self.status), return_counts=True)
        found = ", ".join(f"{count:,} {word}" for word, count in zip(words, counts, strict=True))
        return f"Fits of {np.size(self.status):,} rows in shape {np.shape(self.status)}: {found}"

    def _describe(self) -> str:
        name = str(_plain(self.family)).capitalize()
        status = str(_plain(self.status))
        head = f"{name} fit: {status}, {int(self.n):,} orders, {int(self.events):,} ended"
        if status != "ok":
            return head
        errors = np.sqrt(np.diag(np.asarray(self.covariance)))
        shape, scale = (
            f"{parameter} {float(self.parameters[parameter]):.4g}" for parameter in _PARAMETERS
        )
        shape += f" (standard error {errors[0]:.4g})" if errors[0] > 0 else ""
        scale += f" ({'' if errors[0] > 0 else 'standard error '}{errors[1]:.4g})"
        return (
            f"{head}\n  {shape}, {scale}\n  log-likelihood {float(self.log_likelihood):.3f}, "
            f"AIC {float(self.aic):.3f}"
        )


def normal_score(level: float) -> float:
    """Return how many standard deviations to either side hold that probability."""
    if not 0 < level < 1:
        msg = f"level must be between 0 and 1, got {level}"
        raise ValueError(msg)
    return float(special.ndtri(0.5 + level / 2))


def _frozen(family: str, shape: Any, scale: Any) -> Any:
    match family:
        case "weibull":
            return stats.weibull_min(shape, scale=scale)
        case "lognormal":
            return stats.lognorm(shape, scale=scale)
        case "gamma":
            return stats.gamma(shape, scale=scale)
        case "loglogistic":
            return stats.fisk(shape, scale=scale)
        case _:
            return stats.expon(scale=scale)


def _log_quantile(family: str, share: _Floats, shape: _Floats) -> tuple[Any, Any]:
    """Return the log quantile at scale 1, and its derivative by log shape."""
    match family:
        case "lognormal":
            value = shape * special.ndtri(share)
            return value, value
        case "gamma":
            # A difference over 1e-4 of the shape; its error is some 1e-8 of the derivative.
            step = 1e-4
            up, down = (
                np.log(special.gammaincinv(shape * math.exp(k), share)) for k in (step, -step)
            )
            return np.log(special.gammaincinv(shape, share)), (up - down) / (2 * step)
        case "loglogistic":
            value = special.logit(share) / shape
        case "weibull":
            value = np.log(-np.log1p(-share)) / shape
        case _:
            return np.log(-np.log1p(-share)) + 0.0 * shape, 0.0 * shape * share
    return value, -value


def _plain(values: Any) -> Any:
    return values.values if isinstance(values, xr.DataArray) else values


def _widened(values: Any, axes: int) -> Any:
    return np.asarray(values)[(..., *[np.newaxis] * axes)]


def _bare(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values
