//! Work in ordered chunks over this process's threads.
//!
//! Work on `0..n` is cut into chunks whose borders depend on `n` and the grain alone, never on
//! the number of threads, and results come back in chunk order: one thread or sixty-four give
//! the same bits. The calling thread works too and, being the one Python sends signals to,
//! looks for Ctrl-C between its chunks and while it waits.

use super::failure::{Failure, guarded};
use super::pool::{num_threads, together};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Runs `work` on every chunk of `0..n` and returns its results in chunk order.
pub(crate) fn map_chunks<T: Send>(
    n: usize,
    grain: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Result<Vec<T>, Failure> {
    let chunks = n.div_ceil(grain);
    run_on(num_threads().min(chunks).max(1), n, grain, work)
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
    let first = Parts(out.as_mut_ptr());
    map_chunks(n, grain, |range| {
        // SAFETY: chunks are disjoint parts of `out`, which is borrowed for the whole call.
        let chunk = unsafe { std::slice::from_raw_parts_mut(first.add(range.start), range.len()) };
        fill(range.start, chunk);
    })?;
    Ok(())
}

/// As [`map_chunks`] where chunks also fill columns of `n` numbers: `work` gets a piece of each.
pub(crate) fn map_columns<T: Send>(
    n: usize,
    grain: usize,
    columns: Vec<&mut [f64]>,
    work: impl Fn(Range<usize>, &mut [&mut [f64]]) -> T + Sync,
) -> Result<Vec<T>, Failure> {
    assert!(columns.iter().all(|column| column.len() == n));
    let mut pieces: Vec<Vec<&mut [f64]>> = Vec::new();
    pieces.resize_with(n.div_ceil(grain), || Vec::with_capacity(columns.len()));
    for column in columns {
        for (of_chunk, piece) in pieces.iter_mut().zip(column.chunks_mut(grain)) {
            of_chunk.push(piece);
        }
    }
    let pieces: Vec<_> = pieces.into_iter().map(Mutex::new).collect();
    map_chunks(n, grain, |range| {
        let of_chunk = &pieces[range.start / grain];
        work(range, &mut lock(of_chunk))
    })
}

/// A pointer that threads may share; each uses a part of its own.
struct Parts(*mut f64);

// SAFETY: see `fill_chunks`, its only user.
unsafe impl Sync for Parts {}

impl Parts {
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
    let shared = Shared { next: AtomicUsize::new(0), stop: AtomicBool::new(false) };
    let failure = Mutex::new(None);
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let fail = |found| {
        shared.stop.store(true, Ordering::Relaxed);
        lock(&failure).get_or_insert(found);
    };
    // Does the next chunk; false if there is none to do.
    let step = || {
        let Some(chunk) = shared.next_of(chunks) else { return false };
        let range = chunk * grain..((chunk + 1) * grain).min(n);
        match guarded(|| Ok(work(range))) {
            Ok(value) => lock(&results).push((chunk, value)),
            Err(panicked) => fail(panicked),
        }
        true
    };

    let mut watch = Watch::new();
    let mut look = || {
        if let Err(interrupted) = watch.look() {
            fail(interrupted);
        }
    };
    let help = || while step() {};
    together(threads - 1, &help, &mut look, |look| {
        while step() {
            look();
        }
    });

    match into_inner(failure) {
        Some(failure) => Err(failure),
        None => {
            let mut results = into_inner(results);
            results.sort_unstable_by_key(|(chunk, _)| *chunk);
            Ok(results.into_iter().map(|(_, value)| value).collect())
        }
    }
}

/// Which chunk comes next, and whether to go on at all.
struct Shared {
    next: AtomicUsize,
    stop: AtomicBool,
}

impl Shared {
    fn next_of(&self, chunks: usize) -> Option<usize> {
        let go_on = !self.stop.load(Ordering::Relaxed);
        let next = || self.next.fetch_add(1, Ordering::Relaxed);
        go_on.then(next).filter(|chunk| *chunk < chunks)
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
        if super::failure::python::signal_pending() {
            return Err(Failure::Interrupted);
        }
        Ok(())
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
    fn a_short_call_does_not_wait_for_a_long_one() {
        let (begun, seen) = std::sync::mpsc::channel();
        let begun = Mutex::new(begun);
        std::thread::scope(|scope| {
            let long = scope.spawn(move || {
                run_on(2, 8, 1, |_| {
                    let _ = lock(&begun).send(());
                    std::thread::sleep(Duration::from_millis(100));
                })
            });
            seen.recv().unwrap();
            run_on(2, 2, 1, |_| ()).unwrap();
            assert!(!long.is_finished(), "the short call waited for the long one");
            long.join().unwrap().unwrap();
        });
    }

    #[test]
    fn chunks_fill_their_pieces_of_columns() {
        let (mut a, mut b) = (vec![0.0; 21], vec![0.0; 21]);
        let firsts = map_columns(21, 8, vec![&mut a, &mut b], |range, pieces| {
            for (k, place) in range.clone().enumerate() {
                pieces[0][k] = place as f64;
                pieces[1][k] = -(place as f64);
            }
            range.start
        });
        assert_eq!(firsts.unwrap(), [0, 8, 16]);
        assert!((0..21).all(|k| a[k] == k as f64 && b[k] == -a[k]));
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
