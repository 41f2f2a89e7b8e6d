//! A panel of columns of J through all layers, and the adjoint pass through them:
//!
//! ```text
//! y_i = K_i J_{i-1}      J_bar_{i-1} = J_bar_i + K_i^T y_bar_i      K_bar_i += y_bar_i J_{i-1}'
//! ```
//!
//! by the products of [`crate::linear`], with the elementwise loops of [`super::columns`] between them.

use std::ops::Range;

use super::columns::{
    Before, Cache, Curvatures, LayerPanel, Seed, SlopeSum, TracePoint, add_squares, first_columns,
    first_columns_adjoint, first_columns_transposed, next_columns, next_columns_adjoint,
    next_columns_transposed, y_bar_columns,
};
use crate::lanes::{Lanes, add};
use crate::linear::apply;
use crate::network::Network;
use crate::tile::Scratch;
use crate::weight_gradient::WeightGradient;

/// Runs the forward pass: it leaves y_i in `scratch.layers` and adds to c_i.
pub fn forward<T: Lanes, const P: usize>(
    at: TracePoint<T>,
    panel: &Range<usize>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
) {
    let TracePoint { net, resnet, .. } = at;
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    let jac = &mut scratch.jac[..P * m];
    first_columns::<T, P>(&resnet.slope[0], &net.k0[panel.start * m..], jac);
    for i in 1..=last {
        let y = &mut scratch.layers[i - 1][..P * m];
        apply(&net.k[i], jac, y);
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
    // 1. Every K_bar_i needs J_{i-1} transposed beside y_bar_i. J is formed anew in that layout, since slope and K_0 E are
    //    transposed once an evaluation: only y_i of the layers below the last is transposed column by column.
    transpose_columns(net, panel, scratch, &mut theta_bar.k);
    // 2. Layers from the last one down: y_bar_i goes straight to where it waits for K_bar_i, and J_bar_i stays in `jac`, which
    //    J_M no longer needs.
    let (jac_bar, spare) = (&mut scratch.jac[..P * m], &mut scratch.spare[..P * m]);
    for i in (1..=last).rev() {
        let y = &scratch.layers[i - 1][..P * m];
        let y_bar = theta_bar.k[i - 1].reserved(P).y_bar;
        let slope = &resnet.slope[i];
        let curvatures = Curvatures::new(twice * net.h, slope, gradient.z(net, i + 1));
        y_bar_columns::<T, P>(curvatures, y, y_bar);
        if i == last {
            apply(&net.kt[i], y_bar, jac_bar);
            continue;
        }
        let layer = LayerPanel {
            h: net.h,
            slope,
            y,
            jac_bar,
        };
        let sum = &mut cache.slope_bar[i];
        next_columns_adjoint::<T, P>(layer, SlopeSum { sum, before }, y_bar);
        apply(&net.kt[i], y_bar, spare);
        add(jac_bar, spare);
    }
    // 3. The first layer.
    let curvatures = Curvatures::new(twice, &resnet.slope[0], gradient.z(net, 1));
    let sum = &mut cache.slope_bar[0];
    first_columns_adjoint::<T, P>(
        curvatures,
        &net.k0[panel.start * m..],
        jac_bar,
        SlopeSum { sum, before },
        &mut theta_bar.k0[panel.start * m..],
    );
}

/// Reserves a panel in every K_bar_i and writes J_{i-1} there, transposed.
fn transpose_columns<T: Lanes>(
    net: &Network<T>,
    panel: &Range<usize>,
    scratch: &mut Scratch<T>,
    k_bar: &mut [WeightGradient<T>],
) {
    let size = panel.len();
    for i in 0..k_bar.len() {
        let (before, from) = k_bar.split_at_mut(i);
        from[0].reserve(size);
        let jac = from[0].reserved(size).x;
        match before.last_mut() {
            None => first_columns_transposed(net, panel.start, &scratch.slope_transposed[0], jac),
            Some(before) => {
                jac.copy_from_slice(before.reserved(size).x);
                next_columns_transposed(net, i, scratch, jac);
            }
        }
    }
}
