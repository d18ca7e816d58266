//! Why a computation ended without a result, and how Python learns of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug)]
pub(crate) enum Failure {
    /// A kernel panicked, with this message.
    Panicked(String),
    /// Python has an exception set on the calling thread (Ctrl-C, or what its handler raised).
    Interrupted,
    /// So many bytes were not to be had.
    OutOfMemory(usize),
}

impl Failure {
    fn of_panic(payload: Box<dyn Any + Send>) -> Self {
        let message = (payload.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Failure::Panicked(message)
    }
}

/// Runs `work`; a panic in it becomes a failure.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(Failure::of_panic(payload)))
}

/// `n` values of `T`, or a failure where a plain `vec!` would end the process.
pub(crate) fn allocate<T: Clone + Default>(n: usize) -> Result<Vec<T>, Failure> {
    let mut values = Vec::new();
    let bytes = n.saturating_mul(size_of::<T>());
    values.try_reserve_exact(n).map_err(|_| Failure::OutOfMemory(bytes))?;
    values.resize(n, T::default());
    Ok(values)
}

#[cfg(feature = "python")]
pub(super) mod python {
    use super::{Failure, guarded};
    use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
    use pyo3::ffi;
    use pyo3::prelude::*;

    impl Failure {
        /// The Python exception, for a function that returns `PyResult`.
        fn into_pyerr(self, py: Python<'_>) -> PyErr {
            match self {
                Failure::Interrupted => PyErr::fetch(py),
                Failure::Panicked(message) => PyRuntimeError::new_err(format!(
                    "overbuild: a kernel panicked, which is a bug worth a report: {message}"
                )),
                Failure::OutOfMemory(bytes) => {
                    PyMemoryError::new_err(format!("overbuild: no memory for {bytes} bytes"))
                }
            }
        }

        /// Leaves the Python exception set on the calling thread, for a loop called by NumPy.
        pub(in super::super) fn set(self) {
            with_gil(|| {
                // SAFETY: `with_gil` holds the interpreter lock; PyO3 may not know, as it was
                // taken behind its back.
                let py = unsafe { Python::assume_attached() };
                self.into_pyerr(py).restore(py);
            });
        }
    }

    /// Runs `work` without the interpreter lock; a panic in it becomes a `RuntimeError`.
    pub(crate) fn detached<T: Send>(
        py: Python<'_>,
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        py.detach(|| guarded(work)).map_err(|failure| failure.into_pyerr(py))
    }

    /// Whether a signal handler has raised; its exception stays set on this thread.
    pub(in super::super) fn signal_pending() -> bool {
        // SAFETY: the interpreter lock is held.
        with_gil(|| unsafe { ffi::PyErr_CheckSignals() } != 0)
    }

    /// Takes the interpreter lock, which NumPy may have dropped without PyO3's knowing.
    fn with_gil<T>(f: impl FnOnce() -> T) -> T {
        // SAFETY: ensure and release come in pairs on one thread, and the interpreter is alive
        // because the call that got us here is still on its stack.
        unsafe {
            let state = ffi::PyGILState_Ensure();
            let value = f();
            ffi::PyGILState_Release(state);
            value
        }
    }

    /// Drops the interpreter lock, which NumPy keeps in calls of few elements.
    pub(in super::super) fn without_gil<T>(f: impl FnOnce() -> T) -> T {
        // SAFETY: ensure and release come in pairs. If the lock was ours before, this thread has
        // a thread state to save, and gets it back; `f` must not unwind, and does not.
        unsafe {
            let state = ffi::PyGILState_Ensure();
            ffi::PyGILState_Release(state);
            if state != ffi::PyGILState_STATE::PyGILState_LOCKED {
                return f();
            }
            let thread = ffi::PyEval_SaveThread();
            let value = f();
            ffi::PyEval_RestoreThread(thread);
            value
        }
    }
}
