//! From a topic's table of kernels to `numpy.ufunc` objects.

use super::elementwise::{self, Elementwise, MAX_INPUTS};
use super::failure::{Failure, guarded};
use super::rowwise::{self, Core, RowOperand, Rowwise};
use super::status::Status;
use std::ffi::{CStr, c_char, c_int, c_void};

/// One operand of a loop: where it starts and how many bytes lie from one element to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    data: *mut u8,
    pub(super) stride: isize,
}

// SAFETY: a pointer and a number; whoever reads or writes through it answers for it.
unsafe impl Send for Operand {}
// SAFETY: as above.
unsafe impl Sync for Operand {}

impl Operand {
    pub(super) fn new(data: *mut u8, stride: isize) -> Self {
        Operand { data, stride }
    }

    /// Address of element `i`.
    #[inline(always)]
    pub(super) fn at(&self, i: usize) -> *mut f64 {
        self.data.wrapping_offset(i as isize * self.stride).cast()
    }

    pub(super) fn is_contiguous(&self) -> bool {
        self.stride == size_of::<f64>() as isize
    }

    /// Writes `values` to the elements from `start` on.
    ///
    /// # Safety
    /// Those elements must be writable and no reference to them be held.
    pub(super) unsafe fn store(&self, start: usize, values: &[f64]) {
        if self.is_contiguous() {
            // SAFETY: the caller's promise; `values` is memory of its own.
            unsafe { self.at(start).copy_from_nonoverlapping(values.as_ptr(), values.len()) };
        } else {
            for (k, value) in values.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { self.at(start + k).write(*value) };
            }
        }
    }

    /// Whether writing element `i` of `output` could change another element of this input.
    pub(super) fn feeds_back(&self, output: &Operand, n: usize) -> bool {
        if n < 2 {
            return false;
        }
        if output.stride == 0 {
            return true;
        }
        let same = self.data == output.data && self.stride == output.stride;
        !same && !self.is_apart_from(output, 0, n)
    }

    /// Whether elements `start..start + n` of both, `n` at least 1, share no memory.
    pub(super) fn is_apart_from(&self, other: &Operand, start: usize, n: usize) -> bool {
        let ((low, high), (other_low, other_high)) =
            (self.extent(start, n), other.extent(start, n));
        high <= other_low || other_high <= low
    }

    /// First address of elements `start..start + n` and the address behind the last.
    fn extent(&self, start: usize, n: usize) -> (usize, usize) {
        let (first, last) = (self.at(start) as usize, self.at(start + n - 1) as usize);
        (first.min(last), first.max(last) + size_of::<f64>())
    }
}

/// NumPy's `PyArrayMethod_StridedLoop`.
type StridedLoop = unsafe extern "C" fn(
    context: *mut c_void,
    data: *const *mut c_char,
    dimensions: *const isize,
    strides: *const isize,
    auxdata: *mut c_void,
) -> c_int;

/// A line of a topic's table: one ufunc to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel {
    name: &'static CStr,
    signature: Option<&'static CStr>,
    nin: usize,
    strided_loop: StridedLoop,
}

/// Numbers in a chunk of a loop of a few nanoseconds a number.
const FAST_GRAIN: usize = 1 << 15;

/// … of one that may take milliseconds …
const SLOW_GRAIN: usize = 8;

/// … and of one over rows.
const ROW_GRAIN: usize = 1 << 13;

/// An elementwise ufunc of a function of one to six numbers.
pub(crate) const fn elementwise<F: Elementwise<A>, A: 'static>(
    name: &'static CStr,
    kernel: F,
) -> Kernel {
    elementwise_by::<F, A, FAST_GRAIN>(name, kernel)
}

/// As [`elementwise`], for a function that may take milliseconds: chunks of a few elements keep
/// the threads busy and Ctrl-C prompt.
pub(crate) const fn elementwise_slow<F: Elementwise<A>, A: 'static>(
    name: &'static CStr,
    kernel: F,
) -> Kernel {
    elementwise_by::<F, A, SLOW_GRAIN>(name, kernel)
}

const fn elementwise_by<F: Elementwise<A>, A: 'static, const GRAIN: usize>(
    name: &'static CStr,
    _kernel: F,
) -> Kernel {
    assert!(F::NIN <= MAX_INPUTS && size_of::<F>() == 0);
    Kernel { name, signature: None, nin: F::NIN, strided_loop: elementwise_loop::<F, A, GRAIN> }
}

/// A generalised ufunc of a function of rows and numbers.
pub(crate) const fn rowwise<F: Rowwise<A>, A: 'static>(name: &'static CStr, _kernel: F) -> Kernel {
    assert!(size_of::<F>() == 0);
    let nin = F::CORES.len() - 1;
    Kernel { name, signature: Some(F::SIGNATURE), nin, strided_loop: rowwise_loop::<F, A> }
}

/// The one value of a type without data, such as that of a function.
///
/// # Safety
/// `F` must have no size and a value of it must exist.
unsafe fn value_of<F: Copy>() -> F {
    // SAFETY: reading no bytes from an aligned address; a value exists, so this is one.
    unsafe { std::ptr::NonNull::<F>::dangling().read() }
}

unsafe extern "C" fn elementwise_loop<F: Elementwise<A>, A, const GRAIN: usize>(
    _context: *mut c_void,
    data: *const *mut c_char,
    dimensions: *const isize,
    strides: *const isize,
    _auxdata: *mut c_void,
) -> c_int {
    let loop_over = || {
        let operands: [Operand; MAX_INPUTS + 1] = std::array::from_fn(|k| {
            let k = k.min(F::NIN);
            // SAFETY: NumPy passes a pointer and a stride for each input and the output.
            unsafe { Operand::new((*data.add(k)).cast(), *strides.add(k)) }
        });
        // SAFETY: NumPy passes one dimension. The operands are valid for it, aligned, and held
        // by the call; `elementwise_by` was given a value of `F` and saw that it has no size.
        unsafe {
            let n = usize::try_from(*dimensions).unwrap_or(0);
            elementwise::run(value_of::<F>(), &operands[..=F::NIN], n, GRAIN)
        }
    };
    #[cfg(feature = "python")]
    if GRAIN == SLOW_GRAIN {
        return super::failure::python::without_gil(|| report(loop_over));
    }
    report(loop_over)
}

unsafe extern "C" fn rowwise_loop<F: Rowwise<A>, A>(
    _context: *mut c_void,
    data: *const *mut c_char,
    dimensions: *const isize,
    strides: *const isize,
    _auxdata: *mut c_void,
) -> c_int {
    report(|| {
        // SAFETY: NumPy passes the number of rows, then the lengths of `t` and, if the signature
        // has it, of `k`, which never comes first there; a pointer and a row stride for each
        // operand, then the stride along its row or table for each that is one. Operands are
        // valid for that, aligned, and copied beforehand if they overlap; `rowwise` was given a
        // value of `F` and saw that it has no size.
        unsafe {
            let n = usize::try_from(*dimensions).unwrap_or(0);
            let length = |dimension| usize::try_from(*dimensions.add(dimension)).unwrap_or(0);
            let mut steps = strides.add(F::CORES.len());
            let mut operands = Vec::with_capacity(F::CORES.len());
            for (k, core) in F::CORES.iter().enumerate() {
                let rows = Operand::new((*data.add(k)).cast(), *strides.add(k));
                let (len, step) = match core {
                    Core::Number => (1, 0),
                    Core::Row => (length(1), *steps),
                    Core::Table => (length(2), *steps),
                };
                operands.push(RowOperand { rows, len, step });
                steps = steps.add(usize::from(*core != Core::Number));
            }
            rowwise::run(value_of::<F>(), &operands, n, ROW_GRAIN)
        }
    })
}

/// Turns the outcome of a loop into what NumPy looks at: return value, status, exception.
fn report(run: impl FnOnce() -> Result<bool, Failure>) -> c_int {
    let status = Status::save();
    match guarded(run) {
        Ok(invalid) => {
            status.restore(invalid);
            0
        }
        Err(failure) => {
            status.restore(false);
            #[cfg(feature = "python")]
            failure.set();
            #[cfg(not(feature = "python"))]
            drop(failure);
            -1
        }
    }
}

#[cfg(feature = "python")]
pub(crate) use python::add_kernels;

#[cfg(feature = "python")]
mod python {
    use super::{Kernel, StridedLoop};
    use numpy::npyffi::{NPY_CASTING, NPY_TYPES, PY_UFUNC_API, PyUFuncObject};
    use pyo3::ffi;
    use pyo3::prelude::*;
    use pyo3::types::PyCapsule;
    use std::ffi::{c_char, c_int, c_void};
    use std::ptr::{null, null_mut};

    /// Adds a ufunc to `module` for each line of a topic's table.
    pub(crate) fn add_kernels(module: &Bound<'_, PyModule>, table: &[Kernel]) -> PyResult<()> {
        for kernel in table {
            let name = kernel.name.to_str().expect("kernel names are ASCII");
            module.add(name, new_ufunc(module.py(), kernel)?)?;
        }
        Ok(())
    }

    /// NumPy's `PyType_Slot` and `PyArrayMethod_Spec` (numpy/dtype_api.h).
    #[repr(C)]
    struct Slot {
        id: c_int,
        function: *mut c_void,
    }

    #[repr(C)]
    struct MethodSpec {
        name: *const c_char,
        nin: c_int,
        nout: c_int,
        casting: NPY_CASTING,
        flags: c_int,
        dtypes: *mut *mut ffi::PyObject,
        slots: *mut Slot,
    }

    const STRIDED_LOOP: c_int = 5;
    const ADD_LOOP_FROM_SPEC: usize = 43;
    type AddLoopFromSpec =
        unsafe extern "C" fn(ufunc: *mut ffi::PyObject, spec: *mut MethodSpec) -> c_int;

    fn add_loop_from_spec(py: Python<'_>) -> PyResult<AddLoopFromSpec> {
        let umath = py.import("numpy._core._multiarray_umath")?;
        let capsule = umath.getattr("_UFUNC_API")?.cast_into::<PyCapsule>()?;
        let table = capsule.pointer_checked(None)?.as_ptr().cast::<*const c_void>();
        // SAFETY: since NumPy 2.0 (pyproject.toml asks for 2.2) entry 43 of the table, which
        // lives as long as NumPy, is PyUFunc_AddLoopFromSpec, of this type.
        Ok(unsafe {
            std::mem::transmute::<*const c_void, AddLoopFromSpec>(*table.add(ADD_LOOP_FROM_SPEC))
        })
    }

    fn new_ufunc<'py>(py: Python<'py>, kernel: &Kernel) -> PyResult<Bound<'py, PyAny>> {
        let nin = kernel.nin as c_int;
        let signature = kernel.signature.map_or(null(), |signature| signature.as_ptr());
        // SAFETY: name and signature are static; a ufunc without loops takes no other pointer.
        let ufunc = unsafe {
            let no_identity = -1;
            let object = PY_UFUNC_API.PyUFunc_FromFuncAndDataAndSignature(
                py,
                null_mut(),
                null_mut(),
                null_mut(),
                0,
                nin,
                1,
                no_identity,
                kernel.name.as_ptr(),
                null(),
                0,
                signature,
            );
            Bound::from_owned_ptr_or_err(py, object)?
        };
        list_types(&ufunc, kernel);

        let float64 = py.import("numpy")?.getattr("dtypes")?.getattr("Float64DType")?;
        let mut dtypes = vec![float64.as_ptr(); kernel.nin + 1];
        let mut slots = [
            Slot { id: STRIDED_LOOP, function: kernel.strided_loop as StridedLoop as *mut c_void },
            Slot { id: 0, function: null_mut() },
        ];
        let mut spec = MethodSpec {
            name: kernel.name.as_ptr(),
            nin,
            nout: 1,
            casting: NPY_CASTING::NPY_NO_CASTING,
            flags: 0,
            dtypes: dtypes.as_mut_ptr(),
            slots: slots.as_mut_ptr(),
        };
        // SAFETY: the spec is read during the call only; the loop is a static function of the
        // type that slot 5 asks for; NumPy takes its own references to the dtype.
        match unsafe { add_loop_from_spec(py)?(ufunc.as_ptr(), &mut spec) } {
            0 => Ok(ufunc),
            _ => Err(PyErr::fetch(py)),
        }
    }

    /// Names the loop in `ufunc.types`, which decides how other dtypes are cast.
    ///
    /// A loop that can fail (Ctrl-C, a panic) has to be added by spec, and NumPy lists those
    /// nowhere: integers would find no loop and Polars no result type.
    fn list_types(ufunc: &Bound<'_, PyAny>, kernel: &Kernel) {
        let types: &'static mut [c_char] =
            Box::leak(vec![NPY_TYPES::NPY_DOUBLE as c_char; kernel.nin + 1].into_boxed_slice());
        // SAFETY: NumPy has just made this object and nobody else has it. The pointers live for
        // ever. Dispatch finds the loop added by spec; the listed one does the same work.
        unsafe {
            let fields = &mut (*ufunc.as_ptr().cast::<PyUFuncObject>()).fields;
            fields.types = types.as_mut_ptr();
            fields.functions = Box::leak(Box::new(Some(legacy_loop as _)));
            fields.data = Box::leak(Box::new(kernel.strided_loop as *mut c_void));
            fields.ntypes = 1;
        }
    }

    /// The loop in NumPy's older calling form; `data` is the [`StridedLoop`] itself.
    unsafe extern "C" fn legacy_loop(
        args: *mut *mut c_char,
        dimensions: *mut isize,
        steps: *mut isize,
        data: *mut c_void,
    ) {
        // SAFETY: `list_types` stored a `StridedLoop` as `data`, the other arguments are the
        // same in both forms, and our loops look at neither context nor auxdata.
        unsafe {
            let strided_loop = std::mem::transmute::<*mut c_void, StridedLoop>(data);
            strided_loop(null_mut(), args, dimensions, steps, null_mut());
        }
    }
}
