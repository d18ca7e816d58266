//! Tails of the gamma distribution with their derivatives, by quadrature.
//!
//! With shape a and v the logarithm of a time in units of the mean, the logarithm s of a gamma
//! variable has density C exp(-a K(s)), where K(s) = e^s - 1 - s and log C = h(a) (see
//! `special::stirling`). So the derivatives of the logarithm of a tail by a are moments of K over
//! that tail, all of them integrals of one smooth, single-peaked function.

use super::special::stirling;
use crate::bridge::{Body, LANES, Lanes, vectorized};

/// The logarithm of a tail, with derivatives by v and a: itself, v, a, vv, va, aa.
pub(super) type Tail = [f64; 6];

/// What an integrand has fallen to where it is cut: e^-38.
const DROP: f64 = 38.0;

/// Beyond so far to the left e^s counts no more, and the rest has a closed form.
const FAR: f64 = 40.0;

/// Nodes and weights of Gauss and Legendre's rule of sixteen on [-1, 1]: the positive half.
const NODES: [[f64; 2]; LANES] = [
    [0.09501250983763744, 0.1894506104550685],
    [0.2816035507792589, 0.18260341504492358],
    [0.45801677765722737, 0.16915651939500254],
    [0.6178762444026438, 0.14959598881657674],
    [0.755404408355003, 0.12462897125553388],
    [0.8656312023878318, 0.09515851168249279],
    [0.9445750230732326, 0.062253523938647894],
    [0.9894009349916499, 0.027152459411754096],
];

/// Where panels begin and end; the left tail bends near its upper end.
const EVEN: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
const GRADED: [f64; 5] = [0.0, 0.05, 0.15, 0.4, 1.0];

/// K(v) without loss near zero.
#[inline(always)]
pub(super) fn deviance(v: f64) -> f64 {
    libm::expm1(v) - v
}

/// Log-probability of more than v. Absolute error below 1e-12 (derivatives by a: 1e-11), relative
/// to the largest term.
pub(super) fn log_upper(v: f64, a: f64) -> Tail {
    if v < 0.0 {
        return complement(log_lower(v, a));
    }
    let grown = libm::exp(v);
    if grown == f64::INFINITY {
        return [f64::NEG_INFINITY, 0.0, 0.0, 0.0, 0.0, 0.0];
    }
    let c = DROP / (a * grown);
    let mut width = libm::log1p(c + (c * (c + 2.0)).sqrt());
    for _ in 0..2 {
        let falls = a * (grown * libm::expm1(width) - width) - DROP;
        width -= falls / (a * (grown * libm::exp(width) - 1.0));
    }
    let moments = vectorized(Moments { a, grown, width, sign: 1.0, panels: &EVEN });
    let [whole, mean, variance] = centred(moments);
    let hazard = 1.0 / whole;
    let [h, h1, h2] = stirling(a);
    [
        libm::log(whole) - a * deviance(v) + h,
        -hazard,
        h1 - mean - deviance(v),
        a * libm::expm1(v) * hazard - hazard * hazard,
        -hazard * mean,
        h2 + variance,
    ]
}

/// Log-probability of less than v, for v not above zero.
fn log_lower(v: f64, a: f64) -> Tail {
    let grown = libm::exp(v);
    let c = DROP / a;
    let mut width = c + (c * (c + 2.0)).sqrt();
    for _ in 0..2 {
        let falls = a * (width + grown * libm::expm1(-width)) - DROP;
        width -= falls / (a * (1.0 - libm::exp(v - width)));
    }
    let near = width.min(FAR);
    let mut moments = vectorized(Moments { a, grown, width: near, sign: -1.0, panels: &GRADED });
    if width > FAR {
        let from = near - grown;
        let rest = libm::exp(-a * from) / a;
        moments[0] += rest;
        moments[1] += rest * (from + 1.0 / a);
        moments[2] += rest * (from * from + 2.0 * from / a + 2.0 / (a * a));
    }
    let [whole, mean, variance] = centred(moments);
    let hazard = 1.0 / whole;
    let [h, h1, h2] = stirling(a);
    [
        libm::log(whole) - a * deviance(v) + h,
        hazard,
        h1 - mean - deviance(v),
        -a * libm::expm1(v) * hazard - hazard * hazard,
        hazard * mean,
        h2 + variance,
    ]
}

/// The other tail's logarithm.
fn complement([value, v, a, vv, va, aa]: Tail) -> Tail {
    let this = libm::exp(value);
    let other = -libm::expm1(value);
    let (first, odds) = (-this / other, this / other);
    // d²/dx² log(1 - e^x) = -odds (1 + odds)
    let second = -odds * (1.0 + odds);
    [
        libm::log1p(-this),
        first * v,
        first * a,
        second * v * v + first * vv,
        second * v * a + first * va,
        second * a * a + first * aa,
    ]
}

fn centred([whole, first, second]: [f64; 3]) -> [f64; 3] {
    let mean = first / whole;
    [whole, mean, second / whole - mean * mean]
}

/// Integrals over w from 0 to `width` of e^(-a k) k^0, k^1, k^2, where k is K(v ± w) - K(v).
struct Moments<'a> {
    a: f64,
    /// e^v.
    grown: f64,
    width: f64,
    /// 1 to the right of v, -1 to the left.
    sign: f64,
    panels: &'a [f64; 5],
}

impl Body for Moments<'_> {
    type Output = [f64; 3];

    #[inline(always)]
    fn run(self) -> [f64; 3] {
        let Moments { a, grown, width, sign, panels } = self;
        let mut sums = [Lanes::splat(0.0); 3];
        let weights = Lanes(std::array::from_fn(|k| NODES[k][1]));
        for panel in panels.windows(2) {
            let middle = Lanes::splat(width * 0.5 * (panel[0] + panel[1]));
            let half = width * 0.5 * (panel[1] - panel[0]);
            for side in [-half, half] {
                let w = middle + Lanes(std::array::from_fn(|k| NODES[k][0] * side));
                let signed = w * Lanes::splat(sign);
                let k = signed.exp_m1() * Lanes::splat(grown) - signed;
                let density = (k * Lanes::splat(-a)).exp() * weights * Lanes::splat(half);
                sums[0] += density;
                sums[1] += density * k;
                sums[2] += density * k * k;
            }
        }
        sums.map(|lanes| lanes.0.into_iter().fold(0.0, |sum, x| sum + x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From mpmath with 60 digits: v, a, the logarithm of the upper tail, and its derivatives by
    /// v, a, vv, va, aa.
    #[test]
    fn upper_tails_to_eleven_digits() {
        for [v, a, exact @ ..] in [
            [
                0.0,
                1.0,
                -1.0,
                -1.0,
                0.17356302722472694,
                -1.0,
                -0.4036526376768059,
                -0.27593874868685087,
            ],
            [
                0.5,
                0.05,
                -2.3353523834476215,
                -0.43138707985418745,
                10.704415567784139,
                -0.1721023139347918,
                -2.8682822885755948,
                -274.079337875277,
            ],
            [
                -3.0,
                0.05,
                -1.4315143531234642,
                -0.15887448118629846,
                14.340645063631127,
                -0.032789330098693864,
                -0.17661767630541697,
                -328.76956052837863,
            ],
            [
                -0.7,
                1.5,
                -0.37886698874787694,
                -0.5030674275144978,
                0.18253230162657624,
                -0.6329541409180267,
                0.005102346939693974,
                -0.15746128066212098,
            ],
            [
                -6.5,
                1.5,
                -8.045617744080768e-05,
                -0.00012058027999775411,
                0.00046658046246333496,
                -0.00018061303192228224,
                0.0006189379605237472,
                -0.0027200666853785427,
            ],
            [
                2.0,
                3.0,
                -16.572981800471364,
                -20.257056239427733,
                -4.529559618317583,
                -22.077921348647262,
                -6.40794443798236,
                0.038998978651934454,
            ],
            [
                0.0,
                100.0,
                -0.720104893025474,
                -8.190034597861853,
                0.00013663629430908788,
                -67.07666671417417,
                -0.039899366617439334,
                -2.0684245862999674e-06,
            ],
            [
                0.2,
                100.0,
                -4.02916764005507,
                -26.356239846496262,
                -0.02508157270922816,
                -111.11695917151286,
                -0.22896055097404786,
                2.895698547451734e-05,
            ],
            [
                -0.3,
                100.0,
                -0.002381045876252308,
                -0.06743252618913198,
                0.00010749672660266945,
                -1.7522753577508363,
                0.002421999947900796,
                -4.9489599336970495e-06,
            ],
            [
                1.1,
                20.0,
                -21.234649690301637,
                -41.51648159463121,
                -0.9273019659094048,
                -59.49980708220573,
                -2.0070820557955367,
                0.001072603715512078,
            ],
            [
                0.01,
                10000.0,
                -1.8486573450679264,
                -153.42468924753226,
                -7.633005781316002e-05,
                -8119.697652959223,
                -0.011685408417575415,
                1.7939744241112254e-09,
            ],
            [
                -0.02,
                10000.0,
                -0.02357015890828989,
                -5.601645594896613,
                5.629747337968074e-06,
                -1140.5785778140535,
                0.0008643463552026703,
                -1.4326002312533771e-09,
            ],
            [
                -40.0,
                0.3,
                -4.770713677009149e-06,
                -1.431217517064522e-06,
                0.00019099493723087683,
                -4.2936730350293767e-07,
                5.2528029467681146e-05,
                -0.007656968343634088,
            ],
            [
                3.0,
                0.5,
                -11.813293209298811,
                -10.502215285693849,
                -16.64629989220742,
                -10.076317101873583,
                -19.23087751887339,
                0.4624636158183234,
            ],
        ] {
            let found = log_upper(v, a);
            for (found, exact) in found.into_iter().zip(exact) {
                assert!(
                    (found - exact).abs() <= 1e-11 * exact.abs() + 1e-14,
                    "v = {v}, a = {a}: {found} is not {exact}"
                );
            }
        }
    }

    #[test]
    fn no_probability_is_left_at_infinity() {
        assert_eq!(log_upper(800.0, 2.0)[0], f64::NEG_INFINITY);
        assert_eq!(log_upper(-800.0, 2.0)[0], 0.0);
    }
}
