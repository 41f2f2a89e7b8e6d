//! A panel of pairs of columns of J through all layers, and the adjoint pass through them, by Strassen's scheme
//! ([`crate::strassen`]):
//!
//! ```text
//! y_i = K_i J_{i-1}      J_bar_{i-1} = J_bar_i + K_i^T y_bar_i      K_bar_i += y_bar_i J_{i-1}'
//! ```
//!
//! The elementwise loops between the products are those of [`super::columns`].

use std::ops::Range;

use super::columns::{
    Before, Cache, Curvatures, LayerPanel, Seed, SlopeSum, TracePoint, add_squares, first_columns,
    first_columns_adjoint, first_columns_transposed, next_columns, next_columns_adjoint,
    next_columns_transposed, y_bar_columns,
};
use crate::lanes::{Lanes, add};
use crate::network::Network;
use crate::strassen::{self, ColumnPair, FormedOperands, scale_halves};
use crate::tile::Scratch;
use crate::weight_gradient::{PairTerm, WeightGradient};

/// Runs the forward pass: it leaves y_i in `scratch.layers` and adds to c_i.
pub fn forward<T: Lanes, const P: usize>(
    at: TracePoint<T>,
    panel: &Range<usize>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
) {
    let TracePoint { net, resnet, .. } = at;
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    let (slope, k0) = (&resnet.slope[0], &net.k0[panel.start * m..]);
    let jac = &mut scratch.jac[..P * m];
    if last > 1 {
        first_columns::<T, P>(slope, k0, jac);
    }
    for i in 1..=last {
        let y = &mut scratch.layers[i - 1][..P * m];
        let (k, buffer, half) = (&net.strassen[i - 1].k, &mut scratch.spare, net.section);
        if last == 1 {
            // With two layers J_0 is read here alone: its elements are computed inside the operands and never stored.
            let quarters = |pair: usize| {
                let k0 = ColumnPair::new(&k0[2 * pair * m..], m);
                move |k: usize| {
                    let [[a, b], [c, d]] = k0.at(k);
                    let k0 = [[T::splat(a), T::splat(b)], [T::splat(c), T::splat(d)]];
                    scale_halves([slope[k], slope[half + k]], k0)
                }
            };
            strassen::apply(k, FormedOperands::new(buffer, half, quarters), y);
        } else {
            let quarters = |pair: usize| {
                let jac = ColumnPair::new(&jac[2 * pair * m..], m);
                move |k: usize| jac.at(k)
            };
            strassen::apply(k, FormedOperands::new(buffer, half, quarters), y);
        }
        add_squares::<T, P>(y, &mut cache.c[i - 1], Before::panel(panel));
        if i < last {
            next_columns::<T, P>(net.h, &resnet.slope[i], y, jac);
        }
    }
}

/// Runs the adjoint pass, from y_i in `scratch.layers`.
pub fn adjoint<T: Lanes, const P: usize>(
    at: TracePoint<T>,
    panel: &Range<usize>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
    seed: &mut Seed<T>,
) {
    let TracePoint {
        net,
        resnet,
        gradient,
    } = at;
    let (m, last, before) = (net.shape.m, net.shape.layers - 1, Before::panel(panel));
    let Seed { bar, theta_bar } = seed;
    let twice = T::of(2.0) * *bar;
    let (jac_bar, spare) = (&mut scratch.jac[..P * m], &mut scratch.spare[..P * m]);
    // 1. Layers from the last one down. The operands of y_bar_i are stored where they wait for K_bar_i, and K_i^T y_bar_i reads
    //    them there: they are formed once for both products.
    for i in (1..=last).rev() {
        let y = &scratch.layers[i - 1][..P * m];
        let term = if i == 1 {
            theta_bar.k[0].reserve_first_layer(
                panel,
                &scratch.slope_transposed[0],
                &net.k0_transposed,
            )
        } else {
            theta_bar.k[i - 1].reserve_pairs(P / 2)
        };
        let Some(PairTerm {
            y_bar: operands,
            first,
        }) = term
        else {
            return;
        };
        let slope = &resnet.slope[i];
        let curvatures = Curvatures::new(twice * net.h, slope, gradient.z(net, i + 1));
        if i == last {
            // J_bar_M = 0, so that y_bar_M is a multiple of y_M, and is multiplied as its operands are formed.
            let weights = &mut scratch.y[..slope.len()];
            for (k, weight) in weights.iter_mut().enumerate() {
                *weight = curvatures.at(k);
            }
            let (upper, lower) = weights.split_at(net.section);
            let lower = &lower[..upper.len()];
            for pair in 0..P / 2 {
                let y = ColumnPair::new(&y[2 * pair * m..], m);
                operands.fill(first + pair, |k| {
                    scale_halves([upper[k], lower[k]], y.at(k))
                });
            }
            strassen::apply(&net.strassen[i - 1].kt, operands.source(first), jac_bar);
            continue;
        }
        y_bar_columns::<T, P>(curvatures, y, spare);
        let layer = LayerPanel {
            h: net.h,
            slope,
            y,
            jac_bar,
        };
        let sum = &mut cache.slope_bar[i];
        next_columns_adjoint::<T, P>(layer, SlopeSum { sum, before }, spare);
        for pair in 0..P / 2 {
            let y_bar = ColumnPair::new(&spare[2 * pair * m..], m);
            operands.fill(first + pair, |k| y_bar.at(k));
        }
        strassen::apply(&net.strassen[i - 1].kt, operands.source(first), spare);
        add(jac_bar, spare);
    }
    // 2. The first layer.
    let curvatures = Curvatures::new(twice, &resnet.slope[0], gradient.z(net, 1));
    let sum = &mut cache.slope_bar[0];
    first_columns_adjoint::<T, P>(
        curvatures,
        &net.k0[panel.start * m..],
        jac_bar,
        SlopeSum { sum, before },
        &mut theta_bar.k0[panel.start * m..],
    );
    // 3. K_bar_2 .. K_bar_M; the pairs of K_bar_1 stay pending.
    if last > 1 {
        contract_pairs(net, panel, scratch, &mut theta_bar.k);
    }
}

/// Adds the pairs of a panel to K_bar_2 .. K_bar_M, from J_1 .. J_{M-1} transposed, formed one after another in one buffer.
fn contract_pairs<T: Lanes>(
    net: &Network<T>,
    panel: &Range<usize>,
    scratch: &mut Scratch<T>,
    k_bar: &mut [WeightGradient<T>],
) {
    let length = scratch.transposed.len();
    let mut jac = std::mem::take(&mut scratch.jac_transposed);
    let columns = &mut jac[..panel.len() * length];
    first_columns_transposed(net, panel.start, &scratch.slope_transposed[0], columns);
    for (i, k_bar) in k_bar.iter_mut().enumerate().skip(1) {
        next_columns_transposed(net, i, scratch, columns);
        k_bar.contract_pairs(|pair, vector| {
            let jac = ColumnPair::new(&columns[2 * pair * length..], length);
            move |sample: usize| jac.at(vector * T::WIDTH + sample)
        });
    }
    scratch.jac_transposed = jac;
}
