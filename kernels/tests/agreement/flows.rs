//! The flow itself: order of convergence, where paths start and end, and no sample that touches another.

use otflow_kernels::engine::{Direction, Transport, with_pairs};
use otflow_kernels::objective::{Grid, Scheme, TraceAt};
use otflow_kernels::stepper::Stepper;

use crate::problems::{F64, cases, distance, rows, scheme, shape, uniform, with_samples};

#[test]
fn lanes_do_not_touch_each_other() {
    let (shape, scheme) = cases()[3];
    let rows = rows(&shape, 21);
    let states = |rows: &[f64]| {
        let mut engine = F64.engine(shape, 1);
        let mut out = vec![0.0; rows.len() / shape.columns() * (shape.d + 3)];
        with_samples(&shape, rows, |samples| {
            engine.states(samples, &scheme, 1.0, &mut out)
        });
        out
    };
    let together = states(&rows);
    for (row, want) in rows
        .chunks(shape.columns())
        .zip(together.chunks(shape.d + 3))
    {
        assert_eq!(states(row), want);
    }
}

/// Slope of log error over log step, by least squares.
fn observed_order(grid: Grid, stepper: Stepper, trace: TraceAt, steps: &[usize]) -> f64 {
    let shape = shape(2, 0, 9, 3, 10);
    let rows = rows(&shape, 4);
    let mut engine = F64.engine(shape, 1);
    engine.load(&shape.start(uniform(7)));
    let mut end = |steps: usize, stepper: Stepper, trace: TraceAt| {
        let mut out = vec![0.0; 4 * 5];
        let scheme = Scheme {
            grid,
            ..scheme(steps, stepper, trace)
        };
        with_samples(&shape, &rows, |samples| {
            engine.states(samples, &scheme, 1.0, &mut out)
        });
        // r has a kink where the HJB residual changes sign, so it has no order.
        out.chunks(5)
            .flat_map(|state| state[..4].to_vec())
            .collect::<Vec<_>>()
    };
    let exact = end(512, Stepper::Rk4, TraceAt::EveryStage);
    let points: Vec<(f64, f64)> = steps
        .iter()
        .map(|&nt| {
            (
                (nt as f64).ln(),
                distance(&end(nt, stepper, trace), &exact).ln(),
            )
        })
        .collect();
    let mean =
        |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    -mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x) * (p.0 - x))
}

#[test]
fn rk4_converges_with_order_four_and_euler_with_order_one() {
    let near = |order: f64, want: f64| {
        assert!(
            (order - want).abs() < 0.15 * want,
            "observed {order}, want {want}"
        )
    };
    let (even, odd) = ([8, 12, 16, 24, 32], [9, 13, 17, 25, 33]);
    for trace in [
        TraceAt::EveryStage,
        TraceAt::StepNodes,
        TraceAt::GaussPoints,
    ] {
        for grid in [Grid::Even, Grid::Bent(1.0)] {
            near(observed_order(grid, Stepper::Rk4, trace, &even), 4.0);
            near(observed_order(grid, Stepper::Rk4, trace, &odd), 4.0);
        }
    }
    let steps = [64, 96, 128, 192, 256];
    for grid in [Grid::Even, Grid::Bent(1.0)] {
        let order = observed_order(grid, Stepper::Euler, TraceAt::EveryStage, &steps);
        near(order, 1.0);
    }
}

#[test]
fn both_grids_lead_to_the_same_ends_and_back() {
    let (shape, _) = cases()[3];
    let (rows, n) = (rows(&shape, 19), 19);
    let mut engine = F64.engine(shape, 2);
    let (x, y): (Vec<&[f64]>, Vec<&[f64]>) = rows
        .chunks(shape.columns())
        .map(|row| row.split_at(shape.d))
        .unzip();
    let (x, y) = (x.concat(), y.concat());
    let mut ends = |grid: Grid, x: &[f64], direction: Direction| {
        let scheme = Scheme {
            grid,
            ..scheme(128, Stepper::Rk4, TraceAt::EveryStage)
        };
        let mut out = vec![0.0; n * shape.d];
        let transport = Transport {
            scheme: &scheme,
            a0: 1.0,
            direction,
        };
        with_pairs(x, shape.d, &y, |samples| {
            engine.transport(samples, transport, &mut out);
        });
        out
    };
    let even = ends(Grid::Even, &x, Direction::Forward);
    let square = ends(Grid::Bent(1.0), &x, Direction::Forward);
    // Steps of 1/128 and up to 1/64 in t, to the fourth power.
    assert!(distance(&square, &even) < 1e-6);
    let back = ends(Grid::Bent(1.0), &square, Direction::Inverse);
    assert!(distance(&back, &x) < 1e-6);
    assert!(distance(&square, &x) > 0.01);
}

#[test]
fn paths_start_at_the_sample_and_end_where_transport_does() {
    let (shape, scheme) = cases()[3];
    let rows = rows(&shape, 19);
    let mut engine = F64.engine(shape, 2);
    let (d, width) = (shape.d, shape.d * (scheme.steps + 1));
    let (mut paths, mut ends) = (vec![0.0; 19 * width], vec![0.0; 19 * d]);
    with_samples(&shape, &rows, |samples| {
        let transport = Transport {
            scheme: &scheme,
            a0: 1.0,
            direction: Direction::Inverse,
        };
        engine.paths(samples, transport, &mut paths);
        engine.transport(samples, transport, &mut ends);
    });
    for ((path, end), row) in paths
        .chunks(width)
        .zip(ends.chunks(d))
        .zip(rows.chunks(shape.columns()))
    {
        assert_eq!(&path[..d], &row[..d]);
        assert_eq!(&path[width - d..], end);
    }
}
