//! This process's threads.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

/// How many threads a call may use; 0 until asked or set.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// More threads than any machine has cores are a mistake, and starting them takes memory.
const MOST_THREADS: usize = 1024;

/// Environment variable that sets the number of threads before the first use.
const THREADS_VARIABLE: &str = "OVERBUILD_NUM_THREADS";

pub(super) fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => *default_threads(),
        threads => threads,
    }
}

fn default_threads() -> &'static usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    DEFAULT.get_or_init(|| {
        (std::env::var(THREADS_VARIABLE).ok())
            .and_then(|text| parse_threads(&text))
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
    })
}

fn parse_threads(text: &str) -> Option<usize> {
    text.trim().parse().ok().filter(|threads| (1..=MOST_THREADS).contains(threads))
}

/// A pool and the process that owns it: a forked child inherits the pointer but no threads.
struct Owned {
    process: u32,
    size: usize,
    pool: rayon::ThreadPool,
}

static POOL: AtomicPtr<Owned> = AtomicPtr::new(null_mut());

/// This process's pool, with a worker for each thread but the caller, or `None` if none can be
/// started.
///
/// There is no lock that a fork could leave closed. A pool that is replaced (after a fork, or by
/// a larger one) is never freed: its threads belong to another process or may still be at work.
fn pool() -> Option<&'static rayon::ThreadPool> {
    let process = std::process::id();
    let size = num_threads().max(*default_threads());
    loop {
        let current = POOL.load(Ordering::Acquire);
        // SAFETY: `current` is null or came from `Box::into_raw` below and is never freed.
        let owned = unsafe { current.as_ref() };
        if let Some(owned) = owned.filter(|owned| owned.process == process && owned.size >= size) {
            return Some(&owned.pool);
        }
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

/// Runs `own` here while up to `helpers` of the pool's threads run `help`, and returns when none
/// of them does any more; calls `look` now and then while it waits for that.
///
/// A helper that has not begun when `own` is done never does: whoever finds the pool busy with
/// another's work does not wait for it.
pub(super) fn together<L: FnMut()>(
    helpers: usize,
    help: &(dyn Fn() + Sync),
    look: &mut L,
    own: impl FnOnce(&mut L),
) {
    let Some(pool) = (helpers > 0).then(pool).flatten() else { return own(look) };
    let gate = Arc::new(Gate::default());
    // Closes the gate and waits also if `own` unwinds.
    let closing = Closing(&gate);
    // SAFETY: only the lifetime is changed. `help` outlives this call, and helpers use it only
    // inside the gate, which is closed and empty before the call returns.
    let help: &'static (dyn Fn() + Sync) = unsafe { std::mem::transmute(help) };
    for _ in 0..helpers {
        let gate = Arc::clone(&gate);
        pool.spawn(move || {
            if gate.enter() {
                let _leaving = Leaving(&gate);
                help();
            }
        });
    }
    own(look);
    while !gate.close_within(Duration::from_millis(20)) {
        look();
    }
    drop(closing);
}

/// Lets helpers in until it is closed, and knows how many are inside.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Default)]
struct State {
    inside: usize,
    closed: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn enter(&self) -> bool {
        let mut state = self.state();
        state.inside += usize::from(!state.closed);
        !state.closed
    }

    fn leave(&self) {
        self.state().inside -= 1;
        self.left.notify_all();
    }

    /// Closes the gate and waits a while; whether nobody is inside any more.
    fn close_within(&self, wait: Duration) -> bool {
        let mut state = self.state();
        state.closed = true;
        let waited = self.left.wait_timeout_while(state, wait, |state| state.inside > 0);
        waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0.inside == 0
    }
}

struct Leaving<'a>(&'a Gate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

struct Closing<'a>(&'a Gate);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        while !self.0.close_within(Duration::from_secs(1)) {}
    }
}

#[cfg(feature = "python")]
pub(super) mod python {
    use super::{MOST_THREADS, THREADS, THREADS_VARIABLE, num_threads, parse_threads};
    use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
    use pyo3::prelude::*;
    use std::ffi::CString;
    use std::sync::atomic::Ordering;

    /// Number of threads that a call may use.
    ///
    /// At first that of the environment variable OVERBUILD_NUM_THREADS, or else the number of
    /// cores that this process may use.
    #[pyfunction]
    fn get_num_threads() -> usize {
        num_threads()
    }

    /// Set the number of threads that a call may use, from 1 to 1024, in the whole process.
    ///
    /// No result depends on it. Raises ValueError if it is out of range.
    #[pyfunction]
    fn set_num_threads(threads: isize) -> PyResult<()> {
        let Some(threads) =
            usize::try_from(threads).ok().filter(|n| (1..=MOST_THREADS).contains(n))
        else {
            let message = format!("threads must be from 1 to {MOST_THREADS}, got {threads}");
            return Err(PyValueError::new_err(message));
        };
        THREADS.store(threads, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        if let Ok(text) = std::env::var(THREADS_VARIABLE)
            && parse_threads(&text).is_none()
        {
            let message =
                format!("{THREADS_VARIABLE} must be from 1 to {MOST_THREADS}, got {text:?}");
            let category = module.py().get_type::<PyRuntimeWarning>();
            PyErr::warn(module.py(), &category, &CString::new(message)?, 1)?;
        }
        module.add_function(wrap_pyfunction!(get_num_threads, module)?)?;
        module.add_function(wrap_pyfunction!(set_num_threads, module)?)
    }
}
