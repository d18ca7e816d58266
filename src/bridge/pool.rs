//! This process's threads: ordered chunks, panics, Ctrl-C.
//!
//! Work on `0..n` is cut into chunks whose borders depend on `n` and the grain alone, never on
//! the number of threads, and results come back in chunk order: one thread or sixty-four give
//! the same bits. The calling thread works too and, being the one Python sends signals to,
//! looks for Ctrl-C between its chunks.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Why a computation ended without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A kernel panicked, with this message.
    Panicked(String),
    /// Python has an exception set on the calling thread (Ctrl-C, or what its handler raised).
    Interrupted,
}

impl Failure {
    fn of_panic(payload: Box<dyn Any + Send>) -> Self {
        let message = (payload.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Failure::Panicked(message)
    }
}

/// Runs `work` on every chunk of `0..n` and returns its results in chunk order.
pub(crate) fn map_chunks<T: Send>(
    n: usize,
    grain: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Result<Vec<T>, Failure> {
    let chunks = n.div_ceil(grain);
    run_on(num_threads().min(chunks), n, grain, work)
}

/// As [`map_chunks`] on the calling thread alone, first chunk first.
pub(crate) fn map_chunks_in_order<T: Send>(
    n: usize,
    grain: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Result<Vec<T>, Failure> {
    run_on(1, n, grain, work)
}

/// Fills `out` chunk by chunk; `fill` gets the index of a chunk's first number and the chunk.
pub(crate) fn fill_chunks(
    out: &mut [f64],
    grain: usize,
    fill: impl Fn(usize, &mut [f64]) + Sync,
) -> Result<(), Failure> {
    let n = out.len();
    let first = Shared(out.as_mut_ptr());
    map_chunks(n, grain, |range| {
        // SAFETY: chunks are disjoint parts of `out`, which is borrowed for the whole call.
        let chunk = unsafe { std::slice::from_raw_parts_mut(first.add(range.start), range.len()) };
        fill(range.start, chunk);
    })?;
    Ok(())
}

/// A pointer that threads may share; each uses a part of its own.
struct Shared(*mut f64);

// SAFETY: see `fill_chunks`, its only user.
unsafe impl Sync for Shared {}

impl Shared {
    fn add(&self, offset: usize) -> *mut f64 {
        self.0.wrapping_add(offset)
    }
}

fn run_on<T: Send>(
    threads: usize,
    n: usize,
    grain: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Result<Vec<T>, Failure> {
    let chunks = n.div_ceil(grain);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(chunks));

    let run = |watch: Option<&mut Watch>| {
        let mut watch = watch;
        while !stop.load(Ordering::Relaxed) {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                break;
            }
            let range = chunk * grain..((chunk + 1) * grain).min(n);
            let outcome = match catch_unwind(AssertUnwindSafe(|| work(range))) {
                Ok(value) => {
                    lock(&results).push((chunk, value));
                    match watch.as_deref_mut() {
                        Some(watch) => watch.look(),
                        None => Ok(()),
                    }
                }
                Err(payload) => Err(Failure::of_panic(payload)),
            };
            if let Err(found) = outcome {
                stop.store(true, Ordering::Relaxed);
                lock(&failure).get_or_insert(found);
            }
        }
    };

    let mut watch = Watch::new();
    match (threads > 1).then(|| pool(threads)).flatten() {
        Some(pool) => pool.in_place_scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|_| run(None));
            }
            run(Some(&mut watch));
        }),
        None => run(Some(&mut watch)),
    }

    match into_inner(failure) {
        Some(failure) => Err(failure),
        None => {
            let mut results = into_inner(results);
            results.sort_unstable_by_key(|(chunk, _)| *chunk);
            Ok(results.into_iter().map(|(_, value)| value).collect())
        }
    }
}

/// A lock held while a thread panicked still guards whole values here.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Asks Python for pending signals, at most twenty times a second.
struct Watch(Instant);

impl Watch {
    const INTERVAL: Duration = Duration::from_millis(50);

    fn new() -> Self {
        Watch(Instant::now())
    }

    fn look(&mut self) -> Result<(), Failure> {
        if self.0.elapsed() < Self::INTERVAL {
            return Ok(());
        }
        self.0 = Instant::now();
        #[cfg(feature = "python")]
        if python::signal_pending() {
            return Err(Failure::Interrupted);
        }
        Ok(())
    }
}

/// How many threads a call may use; 0 until asked or set.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// More threads than any machine has cores are a mistake, and starting them takes memory.
const MOST_THREADS: usize = 1024;

/// Environment variable that sets the number of threads before the first use.
const THREADS_VARIABLE: &str = "OVERBUILD_NUM_THREADS";

fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => *default_threads(),
        threads => threads,
    }
}

fn default_threads() -> &'static usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    DEFAULT.get_or_init(|| {
        (std::env::var(THREADS_VARIABLE).ok())
            .and_then(|text| text.trim().parse().ok())
            .filter(|threads| (1..=MOST_THREADS).contains(threads))
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
    })
}

/// A pool and the process that owns it: a forked child inherits the pointer but no threads.
struct Owned {
    process: u32,
    size: usize,
    pool: rayon::ThreadPool,
}

static POOL: AtomicPtr<Owned> = AtomicPtr::new(null_mut());

/// This process's pool of at least `threads - 1` workers, or `None` if none can be started.
///
/// There is no lock that a fork could leave closed. A pool that is replaced (after a fork, or by
/// a larger one) is never freed: its threads belong to another process or may still be at work.
fn pool(threads: usize) -> Option<&'static rayon::ThreadPool> {
    let process = std::process::id();
    loop {
        let current = POOL.load(Ordering::Acquire);
        // SAFETY: `current` is null or came from `Box::into_raw` below and is never freed.
        let owned = unsafe { current.as_ref() };
        if let Some(owned) = owned.filter(|owned| owned.process == process && owned.size >= threads)
        {
            return Some(&owned.pool);
        }
        let size = threads.max(*default_threads());
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads((size - 1).max(1))
            .thread_name(|k| format!("overbuild-{k}"))
            .build()
            .ok()?;
        let new = Box::into_raw(Box::new(Owned { process, size, pool }));
        if POOL.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: the exchange failed, so `new` was never shared and this is its only owner.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

#[cfg(feature = "python")]
pub(crate) mod python {
    use super::{Failure, MOST_THREADS, THREADS, num_threads};
    use pyo3::exceptions::{PyRuntimeError, PyValueError};
    use pyo3::prelude::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::Ordering;

    impl Failure {
        /// The Python exception, for a function that returns `PyResult`.
        fn into_pyerr(self, py: Python<'_>) -> PyErr {
            match self {
                Failure::Panicked(message) => PyRuntimeError::new_err(describe_panic(&message)),
                Failure::Interrupted => PyErr::fetch(py),
            }
        }

        /// Leaves the Python exception set on the calling thread, for a loop called by NumPy.
        pub(crate) fn set(self) {
            let Failure::Panicked(message) = self else {
                return;
            };
            let text = std::ffi::CString::new(describe_panic(&message).replace('\0', "?"))
                .unwrap_or_default();
            with_gil(|| {
                // SAFETY: the interpreter lock is held and `text` ends in NUL.
                unsafe { pyo3::ffi::PyErr_SetString(pyo3::ffi::PyExc_RuntimeError, text.as_ptr()) }
            });
        }
    }

    /// Runs `work` without the interpreter lock; a panic in it becomes a `RuntimeError`.
    pub(crate) fn detached<T: Send>(
        py: Python<'_>,
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let guarded = || {
            catch_unwind(AssertUnwindSafe(work))
                .unwrap_or_else(|payload| Err(Failure::of_panic(payload)))
        };
        py.detach(guarded).map_err(|failure| failure.into_pyerr(py))
    }

    fn describe_panic(message: &str) -> String {
        format!("overbuild: a kernel panicked, which is a bug worth a report: {message}")
    }

    /// Whether a signal handler has raised; its exception stays set on this thread.
    pub(super) fn signal_pending() -> bool {
        // SAFETY: the interpreter lock is held.
        with_gil(|| unsafe { pyo3::ffi::PyErr_CheckSignals() } != 0)
    }

    /// Takes the interpreter lock, which NumPy may have dropped without PyO3's knowing.
    fn with_gil<T>(f: impl FnOnce() -> T) -> T {
        // SAFETY: ensure and release come in pairs on one thread, and the interpreter is alive
        // because the call that got us here is still on its stack.
        unsafe {
            let state = pyo3::ffi::PyGILState_Ensure();
            let value = f();
            pyo3::ffi::PyGILState_Release(state);
            value
        }
    }

    /// Number of threads that a call may use.
    #[pyfunction]
    fn get_num_threads() -> usize {
        num_threads()
    }

    /// Sets the number of threads that a call may use.
    #[pyfunction]
    fn set_num_threads(threads: usize) -> PyResult<()> {
        if !(1..=MOST_THREADS).contains(&threads) {
            let message = format!("threads must be from 1 to {MOST_THREADS}, got {threads}");
            return Err(PyValueError::new_err(message));
        }
        THREADS.store(threads, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(get_num_threads, module)?)?;
        module.add_function(wrap_pyfunction!(set_num_threads, module)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_chunk_order_whatever_the_threads() {
        let expected: Vec<_> = (0..100).map(|k| k * 7..((k + 1) * 7).min(695)).collect();
        for threads in [1, 2, 8] {
            assert_eq!(run_on(threads, 695, 7, |range| range).unwrap(), expected);
        }
    }

    #[test]
    fn no_work_gives_no_chunks() {
        assert!(map_chunks(0, 16, |range| range).unwrap().is_empty());
    }

    #[test]
    fn a_panic_on_any_thread_comes_back_as_a_failure() {
        for threads in [1, 4] {
            let outcome = run_on(threads, 64, 1, |range| assert_ne!(range.start, 40, "forty"));
            match outcome {
                Err(Failure::Panicked(message)) => assert!(message.contains("forty")),
                other => panic!("expected a panic, got {other:?}"),
            }
        }
    }
}
