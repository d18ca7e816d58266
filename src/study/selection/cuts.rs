//! Where a row is cut into classes, so that few draws need a closer look.
//!
//! From a sample of the row follow windows that all wanted quantiles lie in almost surely. How
//! many draws lie below a window is counted; only those within it are kept. A window that missed
//! is seen from the counts, and another look follows: the result is exact in any case.

/// Classes of values; class `j` has those above cut `j - 1` up to cut `j`.
#[derive(Clone, Debug)]
pub(super) struct Cuts {
    /// Rising.
    pub(super) values: Vec<f64>,
    /// For each class the number of it among those whose draws are kept.
    slots: Vec<Option<usize>>,
    /// How many classes are kept.
    pub(super) kept: usize,
}

/// Values above `lower` (all, if that is none) up to `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    pub(super) lower: Option<f64>,
    pub(super) upper: f64,
}

impl Bracket {
    const ALL: Bracket = Bracket { lower: None, upper: f64::INFINITY };

    /// The only value there is in the bracket, if there is but one.
    pub(super) fn only(self) -> Option<f64> {
        let single = match self.lower {
            None => self.upper == f64::NEG_INFINITY,
            Some(lower) => lower.next_up() == self.upper,
        };
        single.then_some(self.upper + 0.0)
    }

    fn holds(self, other: Bracket) -> bool {
        let lower = |bracket: Bracket| bracket.lower.unwrap_or(f64::NEG_INFINITY);
        let below = self.lower.is_none() || other.lower.is_some();
        below && lower(self) <= lower(other) && other.upper <= self.upper
    }
}

/// How many independent draws tell of a quantile: those of the sample and those of a replicate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precision {
    pub(super) sample: f64,
    pub(super) draws: f64,
}

impl Precision {
    /// Four standard errors of the share below the quantile at `probability`, and a few draws.
    fn margin(self, probability: f64) -> f64 {
        let per_draw = 1.0 / self.sample + 1.0 / self.draws;
        4.0 * ((probability * (1.0 - probability) * per_draw).sqrt() + 2.0 * per_draw)
    }
}

impl Cuts {
    /// Keeps all draws.
    pub(super) fn none() -> Self {
        Cuts::new(Vec::new(), &[Bracket::ALL])
    }

    /// Keeps the draws of brackets whose ends are among `values`.
    fn new(mut values: Vec<f64>, brackets: &[Bracket]) -> Self {
        values.retain(|value| *value < f64::INFINITY);
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let mut cuts = Cuts { values, slots: Vec::new(), kept: 0 };
        for class in 0..=cuts.values.len() {
            let bracket = cuts.bracket(class);
            let kept =
                bracket.only().is_none() && brackets.iter().any(|wanted| wanted.holds(bracket));
            cuts.slots.push(kept.then_some(cuts.kept));
            cuts.kept += usize::from(kept);
        }
        cuts
    }

    /// Keeps windows around the quantiles at rising `probabilities` of a sorted sample.
    pub(super) fn around(sample: &[f64], probabilities: &[f64], precision: Precision) -> Self {
        if sample.is_empty() {
            return Cuts::none();
        }
        let size = sample.len() as f64;
        let mut windows: Vec<[f64; 2]> = Vec::new();
        for p in probabilities {
            let margin = precision.margin(*p);
            let [first, last] = [((p - margin) * size).floor(), ((p + margin) * size).ceil()];
            match windows.last_mut() {
                Some(window) if first <= window[1] + 1.0 => window[1] = window[1].max(last),
                _ => windows.push([first, last]),
            }
        }
        let (mut values, mut brackets) = (Vec::new(), Vec::new());
        for [first, last] in windows {
            let mut bracket = Bracket::ALL;
            if first >= 0.0 {
                let first = first as usize;
                push_cut(sample, first, &mut values);
                bracket.lower = Some(sample[first]);
            }
            if last < size {
                let last = last as usize;
                push_cut(sample, last, &mut values);
                bracket.upper = sample[last];
            }
            brackets.push(bracket);
        }
        Cuts::new(values, &brackets)
    }

    /// Keeps brackets, cut once more at some of a sorted sample of each.
    pub(super) fn within(brackets: &[(Bracket, Vec<f64>)]) -> Self {
        const PARTS: usize = 32;
        let mut values = Vec::new();
        for (bracket, sample) in brackets {
            values.extend(bracket.lower);
            values.push(bracket.upper);
            // A value cut off on both sides is settled, so that every look gets further.
            let parts = PARTS.min(sample.len() + 1);
            for part in 1..parts {
                let value = sample[part * sample.len() / parts];
                values.extend([value.next_down(), value]);
            }
        }
        let brackets: Vec<Bracket> = brackets.iter().map(|(bracket, _)| *bracket).collect();
        Cuts::new(values, &brackets)
    }

    pub(super) fn classes(&self) -> usize {
        self.values.len() + 1
    }

    pub(super) fn slot(&self, class: usize) -> Option<usize> {
        self.slots[class]
    }

    /// The values of a class.
    pub(super) fn bracket(&self, class: usize) -> Bracket {
        let lower = class.checked_sub(1).map(|before| self.values[before]);
        let upper = self.values.get(class).copied().unwrap_or(f64::INFINITY);
        Bracket { lower, upper }
    }
}

/// Cuts at an element of a sample, and just below it if it occurs there more than once.
fn push_cut(sample: &[f64], at: usize, values: &mut Vec<f64>) {
    let value = sample[at];
    values.push(value);
    let same = |neighbour: Option<usize>| neighbour.and_then(|k| sample.get(k)) == Some(&value);
    if same(at.checked_sub(1)) || same(Some(at + 1)) {
        values.push(value.next_down());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_repeats_is_a_class_of_its_own() {
        let sample: Vec<f64> = (0..1000).map(|k| f64::from(k.max(200))).collect();
        let precision = Precision { sample: 1000.0, draws: 1e6 };
        let cuts = Cuts::around(&sample, &[0.2], precision);
        let own = (0..cuts.classes()).filter_map(|class| cuts.bracket(class).only());
        assert_eq!(own.collect::<Vec<_>>(), [200.0]);
        assert_eq!(cuts.kept, 1);
        let constant = Cuts::around(&[f64::NEG_INFINITY; 100], &[0.5], precision);
        assert_eq!((constant.kept, constant.bracket(0).only()), (0, Some(f64::NEG_INFINITY)));
    }

    #[test]
    fn both_zeros_are_one_value() {
        let bracket = Bracket { lower: Some(-5e-324), upper: 0.0 };
        assert_eq!(bracket.only(), Some(0.0));
        assert_eq!(Bracket { lower: Some(-0.0), upper: 5e-324 }.only(), Some(5e-324));
    }
}
