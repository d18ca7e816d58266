"""What every ufunc of the core owes, found by looking and checked one by one."""

from __future__ import annotations

import functools
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import overbuild as ob
from overbuild import _core

UFUNCS = {name: f for name, f in vars(_core).items() if isinstance(f, np.ufunc)}
KERNELS = {name: f for name, f in UFUNCS.items() if "panic" not in name}
ELEMENTWISE = sorted(name for name, f in KERNELS.items() if f.signature is None)
ROWWISE = sorted(name for name, f in KERNELS.items() if f.signature is not None)
BINARY = [name for name in ELEMENTWISE if KERNELS[name].nin == 2]

#: Numbers among which each kernel finds some that it takes and some that it refuses.
CANDIDATES = np.array([0.0, 0.05, 0.3, 0.62, 0.9, 1.0, 2.0, 3.0, 7.0, 12.0, 40.0, 1e3, -1.0, -0.5])
PERIODS = 5


def shaped(name: str, arguments: np.ndarray) -> list[np.ndarray]:
    """Arguments as the kernel takes them: of rows for numbers, the first of each."""
    signature = KERNELS[name].signature
    if signature is None:
        return list(arguments)
    cores = signature.split("->")[0].split(",")
    pairs = zip(arguments, cores, strict=True)
    return [rows[..., 0] if core == "()" else rows for rows, core in pairs]


def call(name: str, arguments: np.ndarray, **keywords: object) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        return KERNELS[name](*shaped(name, arguments), **keywords)


def gives_rows(name: str) -> bool:
    return str(KERNELS[name].signature).endswith("->(t)")


def is_nan(name: str, found: np.ndarray) -> np.ndarray:
    """Which results are NaN; rows, in any of their numbers."""
    return np.isnan(found).any(axis=-1) if gives_rows(name) else np.isnan(found)


@functools.cache
def sample(name: str, n: int, *, seed: int = 0) -> np.ndarray:
    """Arguments in the domain, one row for each operand; rows of periods for a row kernel."""
    kernel = KERNELS[name]
    rng = np.random.default_rng([seed, n])
    tail = () if kernel.signature is None else (PERIODS,)
    found: list[np.ndarray] = []
    for _ in range(1000):
        tried = rng.choice(CANDIDATES, size=(kernel.nin, 4096, *tail)) * rng.choice(
            [1.0, 0.97], size=1
        )
        tried = np.concatenate([tried, rng.choice(CANDIDATES, size=tried.shape)], axis=1)
        found.append(tried[:, ~is_nan(name, call(name, tried))])
        if sum(part.shape[1] for part in found) >= min(n, 4096):
            break
    arguments = np.concatenate(found, axis=1)
    assert arguments.shape[1] > 0, f"{name} takes none of the candidates"
    arguments = np.resize(np.moveaxis(arguments, 1, 0), (n, kernel.nin, *tail))
    return np.ascontiguousarray(np.moveaxis(arguments, 0, 1))


@functools.cache
def outside(name: str) -> np.ndarray:
    """One set of arguments that the kernel refuses though none is NaN."""
    kernel = KERNELS[name]
    tail = () if kernel.signature is None else (PERIODS,)
    rng = np.random.default_rng(1)
    for _ in range(100):
        tried = rng.choice(CANDIDATES, size=(kernel.nin, 1000, *tail))
        refused = is_nan(name, call(name, tried))
        if refused.any():
            return tried[:, np.argmax(refused)]
    pytest.fail(f"{name} refuses nothing")


def bits(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=float).view(np.uint64)


def assert_same_bits(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(bits(found), bits(expected))


every = pytest.mark.parametrize("name", sorted(KERNELS))
elementwise = pytest.mark.parametrize("name", ELEMENTWISE)
#: A kernel of loops that may take microseconds gets fewer elements.
SLOW = {"erlang_b", "erlang_c", "carried_load", "rate", "irr", "irr_count", "xirr", "xirr_count"}
#: Sums, and what is defined for all numbers, refuse nothing.
TOTAL = {
    "_test_add",
    "book_value",
    "deliveries_in_part",
    "irr_count",
    "payback",
    "share_sum",
    "vintages",
}
refusing = pytest.mark.parametrize("name", sorted(set(KERNELS) - TOTAL))


def test_the_kernels_are_found() -> None:
    assert {"implied", "erlang_c", "fleet_ramp_linear"} <= set(ELEMENTWISE)
    assert "fleet_hours" in ROWWISE
    assert BINARY


@every
def test_a_batch_is_its_elements(name: str) -> None:
    x = sample(name, 1000)
    batch = call(name, x)
    single = np.array([call(name, x[:, i]) for i in range(200)])
    assert_same_bits(batch[:200], single)


@every
@pytest.mark.parametrize("n", [1, 7, 15, 16, 17, 255, 256, 257, 1025])
def test_any_length_and_any_stride(name: str, n: int) -> None:
    x = sample(name, n)
    expected = call(name, x)
    assert_same_bits(call(name, x[:, ::-1])[::-1], expected)
    spaced = np.full((x.shape[0], 3 * n, *x.shape[2:]), np.nan)
    spaced[:, 1::3] = x
    assert_same_bits(call(name, spaced[:, 1::3]), expected)
    out = np.full((2 * n, *expected.shape[1:]), -7.0)
    call(name, x, out=out[::-2])
    assert_same_bits(out[::-2], expected)
    assert (out[::2] == -7.0).all()


@every
def test_fortran_order_and_more_axes(name: str) -> None:
    x = sample(name, 60)
    expected = call(name, x)
    expected = expected.reshape(3, 4, 5, *expected.shape[1:])
    boxes = [operand.reshape(3, 4, 5, *operand.shape[1:]) for operand in x]
    assert_same_bits(call(name, [np.asfortranarray(box) for box in boxes]), expected)
    mixed = [np.asfortranarray(box) if k % 2 else box for k, box in enumerate(boxes)]
    assert_same_bits(call(name, mixed), expected)


@every
def test_operands_broadcast(name: str) -> None:
    x = sample(name, 24)
    single = x[:1, 0]
    rest = x[1:]
    repeated = np.broadcast_to(single[0], x[0].shape)
    found = call(name, [single[0], *rest])
    assert_same_bits(found, call(name, [repeated, *rest]) if len(rest) else found)


@every
def test_empty_and_zero_dimensional(name: str) -> None:
    x = sample(name, 1)
    row = (PERIODS,) if gives_rows(name) else ()
    assert call(name, x[:, :0]).shape == (0, *row)
    scalar = call(name, x[:, 0])
    assert np.shape(scalar) == row
    assert isinstance(scalar, np.ndarray if row else float)


@pytest.mark.parametrize("name", ROWWISE)
def test_rows_without_periods(name: str) -> None:
    kernel = KERNELS[name]
    cores = str(kernel.signature).split("->")[0].split(",")
    rows = [np.empty(3) if core == "()" else np.empty((3, 0)) for core in cores]
    with np.errstate(invalid="ignore"):
        assert kernel(*rows).shape == ((3, 0) if gives_rows(name) else (3,))


@every
def test_nan_comes_through_silently(name: str) -> None:
    x = sample(name, 100).copy()
    for operand in range(x.shape[0]):
        y = x.copy()
        y[operand, ::3] = np.nan
        found = KERNELS[name](*shaped(name, y))  # warnings are errors
        assert is_nan(name, found)[::3].all()
        assert not is_nan(name, found)[1::3].any()


@refusing
@pytest.mark.parametrize("n", [3, 3_000_000])
def test_a_domain_error_warns_once(name: str, n: int) -> None:
    if name in SLOW:
        n = min(n, 100_000)
    x = np.repeat(outside(name)[:, np.newaxis], n, axis=1)
    x[:, : n // 2] = sample(name, 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = KERNELS[name](*shaped(name, x))
    assert is_nan(name, found)[n // 2 :].all()
    assert not is_nan(name, found)[: n // 2].any()
    assert [str(w.message) for w in caught] == [f"invalid value encountered in {name}"]


@refusing
def test_errstate_governs_domain_errors(name: str) -> None:
    x = outside(name)
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match=name):
        KERNELS[name](*shaped(name, x))
    with np.errstate(invalid="ignore"):
        assert is_nan(name, KERNELS[name](*shaped(name, x)))


@refusing
def test_a_domain_error_in_one_of_many_buffers_is_seen(name: str) -> None:
    # Integers are cast in buffers: many inner loops in one call, the first with the error.
    n = 40_000
    good, bad = sample(name, 1)[:, 0], outside(name)
    x = np.repeat(good[:, np.newaxis], n, axis=1).astype(np.longdouble).astype(np.float32)
    x[:, 5] = bad
    with pytest.warns(RuntimeWarning, match=f"invalid value encountered in {name}"):
        KERNELS[name](*shaped(name, x))


@elementwise
def test_in_place(name: str) -> None:
    for n in (5, 100_000):
        x = sample(name, 1000 if name in SLOW else n)
        expected = call(name, x)
        for operand in range(x.shape[0]):
            y = x.copy()
            call(name, y, out=y[operand])
            assert_same_bits(y[operand], expected)


@elementwise
@pytest.mark.parametrize("shift", [1, -1, 300])
def test_shifted_overlap(name: str, shift: int) -> None:
    n = 1000 if name in SLOW else 70_000
    x = sample(name, n)
    expected = call(name, x)
    for operand in range(x.shape[0]):
        room = np.empty(n + abs(shift))
        lower, upper = room[: n + 0], room[abs(shift) :]
        source, out = (lower, upper) if shift > 0 else (upper, lower)
        source[:] = x[operand]
        arguments = [source if k == operand else x[k] for k in range(x.shape[0])]
        call(name, arguments, out=out)
        assert_same_bits(out, expected)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("n", [1, 2, 20, 1000])
def test_reduce_and_accumulate_take_one_step_after_the_other(name: str, n: int) -> None:
    terms = sample(name, n)[0]
    with np.errstate(invalid="ignore"):
        steps = [terms[0]]
        for term in terms[1:]:
            steps.append(KERNELS[name](steps[-1], term))
        assert_same_bits(KERNELS[name].accumulate(terms), steps)
        assert_same_bits(KERNELS[name].reduce(terms), steps[-1])


def test_sums_along_either_axis() -> None:
    x = np.random.default_rng(0).integers(0, 100, (300, 400)).astype(float)
    for order in ("C", "F"):
        y = np.asarray(x, order=order)
        for axis in (0, 1):
            np.testing.assert_array_equal(_core._test_add.reduce(y, axis=axis), x.sum(axis))
            np.testing.assert_array_equal(
                _core._test_add.accumulate(y, axis=axis), np.cumsum(x, axis)
            )
    big = np.ones(3_000_000)
    assert _core._test_add.reduce(big) == big.size
    assert _core._test_add.accumulate(big)[-1] == big.size
    np.testing.assert_array_equal(_core._test_add.reduceat(big, [0, 10, 400]), [10, 390, 2999600])
    np.testing.assert_array_equal(_core._test_add.outer([1, 2], [10, 20]), [[11, 21], [12, 22]])
    totals = np.zeros(2)
    _core._test_add.at(totals, [0, 1, 1], [1, 2, 3])
    np.testing.assert_array_equal(totals, [1, 5])


@elementwise
def test_where_leaves_the_rest_alone(name: str) -> None:
    x = sample(name, 1000)
    mask = np.arange(1000) % 3 == 0
    out = np.full(1000, -7.0)
    call(name, x, out=out, where=mask)
    assert_same_bits(out[mask], call(name, x)[mask])
    assert (out[~mask] == -7.0).all()


@every
def test_out_is_returned(name: str) -> None:
    x = sample(name, 50)
    out = np.empty_like(call(name, x))
    assert call(name, x, out=out) is out
    assert_same_bits(out, call(name, x))
    single = np.empty(out.shape, np.float32)
    call(name, x, out=single, casting="same_kind")
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(single, call(name, x).astype(np.float32))


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8])
def test_narrower_numbers_are_cast(name: str, dtype: type) -> None:
    x = np.abs(sample(name, 500)).astype(dtype)
    found = call(name, x)
    assert found.dtype == np.float64
    assert_same_bits(found, call(name, x.astype(float)))


@every
@pytest.mark.parametrize("values", [[object()], ["text"], [1j], [None], np.array(["NaT"], "M8[s]")])
def test_what_is_no_number_is_a_type_error(name: str, values: list[object]) -> None:
    x = [np.array(values)] * KERNELS[name].nin
    with pytest.raises(TypeError, match=name):
        KERNELS[name](*x)


@every
def test_one_thread_and_many_give_the_same_bits(name: str) -> None:
    n = 5_000 if name in SLOW else 300_001
    x = sample(name, n).copy()
    x[0, ::7] = np.nan
    results = []
    for threads in (1, 2, 8):
        ob.set_num_threads(threads)
        results.append(call(name, x))
    assert_same_bits(results[1], results[0])
    assert_same_bits(results[2], results[0])


@every
def test_eight_python_threads_at_once(name: str) -> None:
    x = sample(name, 2_000 if name in SLOW else 200_000)
    expected = call(name, x)
    barrier = threading.Barrier(8)

    def work(_: int) -> np.ndarray:
        barrier.wait()
        return call(name, x)

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(work, range(8)):
            assert_same_bits(found, expected)


def _in_child(queue: multiprocessing.Queue) -> None:
    queue.put(float(_core._test_add(np.ones(3_000_000), 1.0).sum()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_after_use() -> None:
    ob.set_num_threads(4)
    _core._test_add(np.ones(3_000_000), 1.0)  # starts this process's threads
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=60) == 6_000_000
    finally:
        child.join(timeout=10)
        child.kill()
    assert _core._test_add(np.ones(3_000_000), 1.0).sum() == 6_000_000


PANICS = [f for name, f in UFUNCS.items() if "panic" in name]


@pytest.mark.parametrize("ufunc", PANICS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [1, 300_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_panic_is_a_runtime_error(ufunc: np.ufunc, n: int, dtype: type) -> None:
    x = np.full((n, 1) if ufunc.signature else n, 2, dtype)
    ob.set_num_threads(4)
    with pytest.raises(RuntimeError, match="deliberate, x = 2"):
        ufunc(x)
    assert ufunc(x / 2).sum() == n


def test_a_panic_outside_ufuncs_is_a_runtime_error() -> None:
    with pytest.raises(RuntimeError, match="deliberate, x = 2"):
        _core._test_detached_panic()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_stops_long_work() -> None:
    # More than a minute of work: a million servers, where hardly anyone may wait.
    code = (
        "import numpy as np; from overbuild import _core\n"
        "print('ready', flush=True)\n"
        "try: _core.carried_load(np.full(100_000, 1e6), 1e-300)\n"
        "except KeyboardInterrupt: print('stopped', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        sent = time.monotonic()
        assert child.stdout.readline() == "stopped\n"
        waited = time.monotonic() - sent
    assert waited < 10.0, "the work would have gone on for more than a minute"


def test_a_short_call_waits_for_nobody() -> None:
    # A long call of a slow kernel, begun with few elements: NumPy would keep the interpreter.
    ob.set_num_threads(2)
    long = threading.Thread(target=_core.carried_load, args=(np.full(400, 1e9), 1e-300))
    long.start()
    for _ in range(3):
        _core.erlang_b(np.full(64, 5.0), 10.0)
        _core.implied(np.ones(300_000), 0.5, 1.0)
        time.sleep(0.01)
    assert long.is_alive(), "the short calls waited for the long one"
    long.join()


@elementwise
def test_containers_come_back_as_what_they_were(name: str) -> None:
    n = 12
    x = sample(name, n)
    expected = call(name, x)
    rest = list(x[1:])

    index = pd.Index(list("abcdefghijkl"), name="key")
    series = call(name, [pd.Series(x[0], index=index), *rest])
    assert isinstance(series, pd.Series)
    assert series.index.equals(index)
    assert_same_bits(series.to_numpy(), expected)

    columns = pd.Index(["one", "two", "three"])
    frames = [pd.DataFrame(operand.reshape(4, 3), columns=columns) for operand in x]
    frame = call(name, frames)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.equals(columns)
    assert_same_bits(frame.to_numpy(), expected.reshape(4, 3))

    arrays = [xr.DataArray(operand, dims="draw", coords={"draw": range(n)}) for operand in x]
    array = call(name, arrays)
    assert isinstance(array, xr.DataArray)
    assert array.dims == ("draw",)
    assert_same_bits(array.values, expected)

    lazy = call(name, [da.from_array(x[0], chunks=5), *rest])
    assert isinstance(lazy, da.Array)
    assert_same_bits(lazy.compute(), expected)

    chunked = call(name, [array.chunk(draw=5) for array in arrays])
    assert isinstance(chunked, xr.DataArray)
    assert isinstance(chunked.data, da.Array)
    assert_same_bits(chunked.values, expected)

    polars = call(name, [pl.Series("first", x[0]), *rest])
    assert isinstance(polars, pl.Series)
    assert_same_bits(polars.to_numpy(), expected)
    whole = np.ones(n, int)
    assert_same_bits(
        call(name, [pl.Series(whole), *np.ones_like(rest)]).to_numpy(), call(name, np.ones_like(x))
    )


def test_types_are_listed() -> None:
    for name, ufunc in UFUNCS.items():
        assert ufunc.types == ["d" * ufunc.nin + "->d"], name
        assert re.fullmatch(r"(\([tk]?\),?)+->\(t?\)", ufunc.signature or "(t)->()")


def test_number_of_threads() -> None:
    ob.set_num_threads(3)
    assert ob.get_num_threads() == 3
    for wrong in (0, 5_000):
        with pytest.raises(ValueError, match="from 1 to 1024"):
            ob.set_num_threads(wrong)
    code = "import overbuild as ob; print(ob.get_num_threads())"
    found = subprocess.run(
        [sys.executable, "-c", code], env={"OVERBUILD_NUM_THREADS": "5"}, capture_output=True
    )
    assert found.stdout == b"5\n"


@pytest.mark.parametrize("text", ["many", "0", "-2", "1e3", ""])
def test_a_wrong_number_of_threads_in_the_environment_is_said(text: str) -> None:
    code = "import overbuild as ob; print(ob.get_num_threads() >= 1)"
    environment = os.environ | {"OVERBUILD_NUM_THREADS": text}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout == "True\n"
    assert "OVERBUILD_NUM_THREADS must be from 1 to 1024" in found.stderr
