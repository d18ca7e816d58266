//! One loop body, compiled once for each instruction set and chosen when it runs.
//!
//! A wheel must start on any x86-64 or Arm machine and still use the vectors it finds. Rust
//! never contracts `a * b + c` into a fused multiply-add, so every compilation of a body gives
//! the same bits.

use std::sync::OnceLock;

/// Work whose `run` is compiled for every [`Isa`]; mark `run` as `#[inline(always)]`.
pub(crate) trait Body {
    type Output;
    fn run(self) -> Self::Output;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The instruction sets that this machine has, weakest first.
    pub(crate) fn available() -> Vec<Isa> {
        #[allow(unused_mut)]
        let mut found = vec![Isa::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                found.push(Isa::Avx2);
            }
            let (f, vl) =
                (is_x86_feature_detected!("avx512f"), is_x86_feature_detected!("avx512vl"));
            if f && vl && is_x86_feature_detected!("avx512dq") {
                found.push(Isa::Avx512);
            }
        }
        found
    }

    /// The strongest instruction set of this machine.
    pub(crate) fn best() -> Isa {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| *Isa::available().last().expect("the baseline is always there"))
    }

    /// Runs `body` in its compilation for this instruction set.
    pub(crate) fn run<B: Body>(self, body: B) -> B::Output {
        match self {
            Isa::Baseline => body.run(),
            // SAFETY: `available` is the only source of this variant and has seen AVX2.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { run_avx2(body) },
            // SAFETY: `available` is the only source of this variant and has seen these features.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { run_avx512(body) },
        }
    }
}

/// Runs `body` in its compilation for the strongest instruction set of this machine.
pub(crate) fn vectorized<B: Body>(body: B) -> B::Output {
    Isa::best().run(body)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<B: Body>(body: B) -> B::Output {
    body.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512vl,avx512dq")]
fn run_avx512<B: Body>(body: B) -> B::Output {
    body.run()
}
