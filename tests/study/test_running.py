"""A run under way: its progress, how it is stopped, and the memory it takes."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import time

import nbclient
import nbformat
import numpy as np
import pytest
from scipy import stats

import overbuild as ob


def run_script(code: str, **options) -> subprocess.CompletedProcess[str]:
    script = textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", script], text=True, capture_output=True, timeout=120, **options
    )


def small(draws: int = 64, **run) -> ob.Result:
    def model(a):
        return {"b": 2 * a}

    return ob.Study(model, {"a": stats.norm()}).run(draws, chunk=16, **run)


class TestProgress:
    def test_it_is_shown_on_demand(self, capsys) -> None:
        small(progress=True)
        shown = capsys.readouterr().err
        assert "model" in shown
        assert "/64.0" in shown
        assert "draw/s" in shown
        small(progress=False)
        small()
        assert capsys.readouterr().err == ""

    def test_a_run_that_goes_on_counts_from_there(self, capsys, tmp_path) -> None:
        small(48, store=tmp_path / "draws")
        small(64, store=tmp_path / "draws", progress=True)
        assert "48.0/64.0" in capsys.readouterr().err
        small(32, store=tmp_path / "draws", progress=True)  # nothing to do
        assert capsys.readouterr().err == ""

    @pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
    @pytest.mark.parametrize(("pause", "expected"), [(0.4, True), (0.0, False)])
    def test_a_terminal_shows_what_takes_longer(self, pause, expected) -> None:
        import fcntl
        import pty
        import struct
        import termios

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
        run_terminal = f"""
            import time
            from scipy import stats
            import overbuild as ob
            def patient(a):
                time.sleep({pause} if a.size == 16 else 0)
                return {{"b": a}}
            ob.Study(patient, {{"a": stats.norm()}}).run(96, chunk=16)
        """
        script = [sys.executable, "-c", textwrap.dedent(run_terminal)]
        subprocess.run(script, stderr=theirs, timeout=60, check=True)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(ours, 4_096):
                shown += part
        os.close(ours)
        assert (b"patient" in shown and b"/96.0" in shown) == expected


def test_a_notebook_shows_what_takes_longer() -> None:
    code = """
        import time
        from scipy import stats
        import overbuild as ob
        def patient(a):
            time.sleep(0.4 if a.size == 16 else 0)
            return {"b": a}
        _ = ob.Study(patient, {"a": stats.norm()}).run(96, chunk=16)
    """
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(code))])
    nbclient.NotebookClient(book, timeout=60).execute()
    shown = "".join(output.get("text", "") for output in book.cells[0].outputs)
    assert "patient" in shown
    assert "/96.0" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("everyone", [False, True], ids=["alone", "as a terminal does"])
@pytest.mark.parametrize("executor", ["None", "ThreadPoolExecutor(2)", "ProcessPoolExecutor(2)"])
def test_ctrl_c_stops_a_run(tmp_path, executor, everyone) -> None:
    """A run of an hour stops, with what is done."""
    code = f"""
        import contextlib, time
        from concurrent.futures import *
        from scipy import stats
        import overbuild as ob

        def slow(a):
            time.sleep(0.02)
            with open({str(tmp_path / "calls")!r}, "a") as calls:
                calls.write("x")
            return {{"b": 2 * a}}

        study = ob.Study(slow, {{"a": stats.norm()}})
        with {executor} or contextlib.nullcontext() as workers:
            try:
                study.run(2**22, seed=1, chunk=32, executor=workers)
            except KeyboardInterrupt as error:
                done = study.partial.dataset
                assert done.sizes["draw"] == done.attrs["draws"] >= 32
                assert done.equals(ob.Study(slow, study.inputs).run(done.sizes["draw"], 1).dataset)
                assert f"{{done.sizes['draw']:,}} draws are done" in error.__notes__[0]
                print("stopped", flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Three calls for the first chunk, and four chunks under way: some are done by then.
    while not (tmp_path / "calls").exists() or (tmp_path / "calls").stat().st_size < 16:
        assert process.poll() is None
        time.sleep(0.05)
    if everyone:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert out == "stopped\n", err


MEMORY = """
    import pathlib, resource, sys, tempfile
    import overbuild as ob
    from benches.cases import coreweave
    study = ob.Study(coreweave, ob.read_inputs(ob.data.path("coreweave_2024")))
    with tempfile.TemporaryDirectory() as folder:
        result = study.run({draws}, seed=1, store={store})
        assert len(result.summary()) > 10
        unit = 2**20 if sys.platform == "darwin" else 2**10
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        # Linux counts what the process was forked from in that, but not in this.
        status = pathlib.Path("/proc/self/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            peak = float(lines["VmHWM"].split()[0]) / 2**10
        print(peak, result.dataset.sizes["draw"])
"""


def peak_memory(draws: int, store: str = "None") -> float:
    """Return the most megabytes that the CoreWeave study takes, summary included."""
    gc.collect()
    done = run_script(MEMORY.format(draws=draws, store=store))
    assert done.returncode == 0, done.stderr
    megabytes, found = done.stdout.split()
    assert int(found) == draws
    return float(megabytes)


@pytest.mark.skipif(sys.platform == "win32", reason="measured with resource")
class TestMemory:
    def test_of_a_million_draws(self) -> None:
        assert peak_memory(2**20) < 600

    def test_a_stored_run_takes_no_more_for_more_draws(self) -> None:
        """Six times as many draws, 0.3 GB more of them."""
        few, many = (peak_memory(draws, 'folder + "/draws"') for draws in (2**19, 3 * 2**20))
        assert many < few + 60
        assert many < 500


@pytest.mark.parametrize("name", ["draws", "seed", "chunk"])
def test_yes_is_no_number(name: str) -> None:
    study = ob.Study(lambda a: {"y": a}, {"a": stats.norm()})
    with pytest.raises(TypeError, match=f"{name} must be a whole number, got True"):
        study.run(**{name: True})


def test_draws_made_ahead_of_a_model_that_fails_do_no_harm() -> None:
    calls = []

    def model(a):
        calls.append(a.size)
        if len(calls) == 7:  # three of the calls look whether it works draw by draw
            raise ArithmeticError("enough")
        return {"y": 2 * a}

    study = ob.Study(model, {"a": stats.norm()})
    with pytest.raises(ArithmeticError) as caught:
        study.run(1000, chunk=100, seed=3)
    assert study.partial is not None
    done = study.partial.dataset
    assert caught.value.__notes__ == ["300 draws are done, and in attribute partial of the study"]
    whole = ob.Study(lambda a: {"y": 2 * a}, {"a": stats.norm()}).run(1000, seed=3).dataset
    for name in ("a", "y"):
        np.testing.assert_array_equal(done[name], whole[name][:300])
