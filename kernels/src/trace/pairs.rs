//! A panel of pairs of columns, by the seven products of [`crate::seven`]:
//!
//! ```text
//! y_i = K_i J_{i-1}      J_bar_{i-1} = J_bar_i + K_i^T y_bar_i      K_bar_i += y_bar_i J_{i-1}'
//! ```
//!
//! and what is around them as in [`super`]. Their sides are formed where they are needed: a pass of its own through the second
//! cache would take half of what they save.

use std::ops::Range;

use super::{
    Back, Cache, Known, add_squares, first_across_lanes, first_columns, into_first_layer,
    next_across_lanes, next_columns, through_slope, y_bar_columns,
};
use crate::activation::curvature;
use crate::lanes::Lanes;
use crate::network::Network;
use crate::outer::Outer;
use crate::resnet;
use crate::seven::{self, Formed, Pair, scaled};
use crate::tile::{Scratch, add};

/// Through all layers.
pub fn forward<T: Lanes, const P: usize>(
    net: &Network<T>,
    resnet: &resnet::Cache<T>,
    (cache, panel): (&mut Cache<T>, &Range<usize>),
    scratch: &mut Scratch<T>,
) {
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    let (slope, k0) = (&resnet.slope[0], &net.k0[panel.start * m..]);
    let jac = &mut scratch.jac[..P * m];
    if last > 1 {
        first_columns::<T, P>(slope, k0, jac);
    }
    for i in 1..=last {
        let y = &mut scratch.layers[i - 1][..P * m];
        let (k, room, half) = (&net.seven[i - 1].k, &mut scratch.below, net.part);
        if last == 1 {
            let quarters = |q: usize| {
                let k0 = Pair::of(&k0[2 * q * m..], m);
                move |k: usize| {
                    let [[a, b], [c, d]] = k0.at(k);
                    let k0 = [[T::splat(a), T::splat(b)], [T::splat(c), T::splat(d)]];
                    scaled([slope[k], slope[half + k]], k0)
                }
            };
            seven::apply(k, Formed::new(room, half, quarters), y);
        } else {
            let quarters = |q: usize| {
                let jac = Pair::of(&jac[2 * q * m..], m);
                move |k: usize| jac.at(k)
            };
            seven::apply(k, Formed::new(room, half, quarters), y);
        }
        add_squares::<T, P>(y, &mut cache.c[i - 1], panel.start == 0);
        if i < last {
            next_columns::<T, P>((net.h, &resnet.slope[i]), y, jac);
        }
    }
}

/// Back through all layers.
pub fn back<T: Lanes, const P: usize>(
    net: &Network<T>,
    (resnet, gradient): Known<T>,
    (cache, panel): (&mut Cache<T>, &Range<usize>),
    (trace_bar, partial): &mut Back<T>,
    scratch: &mut Scratch<T>,
) {
    let (m, last, first) = (net.shape.m, net.shape.layers - 1, panel.start == 0);
    let (jac_bar, below) = (&mut scratch.jac[..P * m], &mut scratch.below[..P * m]);
    for i in (1..=last).rev() {
        let y = &scratch.layers[i - 1][..P * m];
        let pushed = if i == 1 {
            partial.k[0].push_first(panel, (&scratch.slope_lanes[0], &net.k0_lanes))
        } else {
            partial.k[i - 1].push_pairs(P / 2)
        };
        let Some((sides, at)) = pushed else { return };
        let (slope, z) = (&*resnet.slope[i], gradient.z(net, i + 1));
        if i == last {
            let (weights, twice) = (&mut scratch.y[..m], T::of(2.0) * *trace_bar);
            for ((weight, &slope), &z) in weights.iter_mut().zip(slope).zip(z) {
                *weight = twice * net.h * curvature(slope) * z;
            }
            let (high, low) = weights.split_at(net.part);
            let low = &low[..high.len()];
            for q in 0..P / 2 {
                let y = Pair::of(&y[2 * q * m..], m);
                sides.fill(at + q, |k| scaled([high[k], low[k]], y.at(k)));
            }
            seven::apply(&net.seven[i - 1].kt, sides.from(at), jac_bar);
            continue;
        }
        y_bar_columns::<T, P>((*trace_bar, net.h, slope, z), y, below);
        let slope_bar = (&mut *cache.slope_bar[i], first);
        through_slope::<T, P>((net.h, slope), [y, jac_bar], slope_bar, below);
        for q in 0..P / 2 {
            let y_bar = Pair::of(&below[2 * q * m..], m);
            sides.fill(at + q, |k| y_bar.at(k));
        }
        seven::apply(&net.seven[i - 1].kt, sides.from(at), below);
        add(jac_bar, below);
    }
    let known = (*trace_bar, &*resnet.slope[0], gradient.z(net, 1));
    let slope_bar = (&mut *cache.slope_bar[0], first);
    into_first_layer::<T, P>(net, known, (jac_bar, panel), slope_bar, &mut partial.k0);
    if last > 1 {
        contract(net, panel, scratch, &mut partial.k);
    }
}

/// Adds the pairs of a panel to K_bar_2 .. K_bar_M, for which J_1 .. J_{M-1} pass by.
fn contract<T: Lanes>(
    net: &Network<T>,
    panel: &Range<usize>,
    scratch: &mut Scratch<T>,
    k_bar: &mut [Outer<T>],
) {
    let across = scratch.transposed.len();
    let mut jac = std::mem::take(&mut scratch.jac_lanes);
    let columns = &mut jac[..panel.len() * across];
    first_across_lanes(net, panel.start, &scratch.slope_lanes[0], columns);
    for (i, k_bar) in k_bar.iter_mut().enumerate().skip(1) {
        next_across_lanes(net, i, scratch, (columns, across));
        k_bar.contract_pairs(|q, vector| {
            let jac = Pair::of(&columns[2 * q * across..], across);
            move |sample: usize| jac.at(vector * T::WIDTH + sample)
        });
    }
    scratch.jac_lanes = jac;
}
