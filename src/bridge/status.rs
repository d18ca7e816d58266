//! The calling thread's floating-point status, through which a ufunc tells NumPy of a NaN.
//!
//! NumPy clears the status before its loops and reads it after the last of them, on the thread
//! that made the call. What kernels leave there (inexact, an overflow on the way to a right
//! result) is no message, so a loop restores what it found and adds *invalid* only if a NaN
//! came out where none went in.

use std::ffi::c_int;

#[cfg(windows)]
mod flags {
    pub(super) const INVALID: super::c_int = 0x10;
    pub(super) const ALL: super::c_int = 0x1f;
}
#[cfg(not(windows))]
mod flags {
    pub(super) const INVALID: super::c_int = 0x01;
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    pub(super) const ALL: super::c_int = 0x3d;
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    pub(super) const ALL: super::c_int = 0x1f;
}

// The C standard's <fenv.h>; NumPy itself calls these functions.
#[cfg_attr(unix, link(name = "m"))]
unsafe extern "C" {
    fn fetestexcept(excepts: c_int) -> c_int;
    fn feclearexcept(excepts: c_int) -> c_int;
    fn feraiseexcept(excepts: c_int) -> c_int;
}

/// The status as a loop found it.
#[derive(Debug)]
pub(crate) struct Status(c_int);

impl Status {
    /// Remembers the status of the calling thread.
    pub(crate) fn save() -> Self {
        // SAFETY: a C99 function without preconditions; `ALL` is the platform's FE_ALL_EXCEPT.
        Status(unsafe { fetestexcept(flags::ALL) })
    }

    /// Puts the remembered status back, with *invalid* added if `invalid`.
    pub(crate) fn restore(self, invalid: bool) {
        let wanted = self.0 | if invalid { flags::INVALID } else { 0 };
        // SAFETY: C99 functions without preconditions; NumPy keeps floating-point traps off.
        unsafe {
            feclearexcept(flags::ALL);
            feraiseexcept(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_leave_no_trace_but_invalid() {
        Status(0).restore(false);
        let status = Status::save();
        std::hint::black_box(std::hint::black_box(1.0) / std::hint::black_box(0.0));
        assert_ne!(Status::save().0, 0, "a division by zero sets a flag");
        status.restore(false);
        assert_eq!(Status::save().0, 0);
        Status::save().restore(true);
        let found = Status::save();
        assert_eq!(found.0, flags::INVALID);
        found.restore(false);
        assert_eq!(Status::save().0, flags::INVALID, "an earlier loop's message stays");
        Status(0).restore(false);
    }
}
