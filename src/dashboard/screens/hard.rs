//! No size and no series makes drawing fail.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::action::{Action, FlowAction};
use super::super::axis::AxisScale;
use super::super::fixtures;
use super::super::pane::Pane;
use super::super::range::IterationSpan;
use super::super::state::losses::{ChartPage, IterationRange, LossesView, Outliers, PageScales};
use super::super::state::series::Smoothing;
use super::super::state::value_input::ValueInput;
use super::super::state::{Popup, State};
use super::super::update::perform;
use super::{ASCII, COLOUR, compared, drawn, rejected, steered};
use crate::event::{Density, Event, InverseError, Picture};

fn fixed(first: u64, last: u64) -> IterationRange {
    IterationRange::Fixed(IterationSpan { first, last })
}

/// The same scale on every page.
fn scales(scale: AxisScale) -> PageScales {
    let mut scales = PageScales::default();
    for page in ChartPage::ALL {
        scales.set(page, scale);
    }
    scales
}

/// Runs whose series are hard to draw.
fn hard() -> Vec<State> {
    let tables: [&[f64]; 9] = [
        &[],
        &[1.0],
        &[2.0; 5],
        &[f64::NAN; 3],
        &[1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 3.0],
        &[1e300, -1e300, f64::MAX, f64::MIN],
        &[f64::MAX],
        &[f64::MIN_POSITIVE, 5e-324, 0.0, -0.0],
        &[1e-300, 1e300],
    ];
    let mut states: Vec<State> = tables
        .iter()
        .flat_map(|values| {
            let mut training = fixtures::started();
            let mut validation = training.clone();
            for (i, &value) in (1..).zip(*values) {
                training.apply(fixtures::iteration(i, value), 0.0);
                validation.apply(fixtures::validation(i, value), 0.0);
            }
            training.set_picture(Picture {
                dimension: 1,
                data: values.to_vec(),
                generated: values.to_vec(),
                ..Picture::default()
            });
            [training, validation]
        })
        .collect();
    states.extend([
        State::default(),
        fixtures::run(),
        steered(),
        zero_dimension(),
    ]);
    states.extend(hostile().map(|picture| {
        let mut state = fixtures::started();
        state.set_picture(picture);
        state
    }));
    states.extend(tables.iter().map(|values| compared(values)));
    states.extend(matched());
    states.extend(tables.iter().map(|values| measured(values)));
    states
}

/// A run whose steps and divergences have these values.
fn measured(values: &[f64]) -> State {
    let mut state = fixtures::started();
    for (i, &value) in (1..).zip(values) {
        let (mut step, mut validation) =
            (fixtures::iteration(i, 2.0), fixtures::validation(i, 2.5));
        if let Event::Iteration {
            lr,
            gradient,
            update,
            ..
        } = &mut step
        {
            (*lr, *gradient, *update) = (value, value, value);
        }
        if let Event::Validation { figures, .. } = &mut validation {
            (figures.divergence, figures.divergence_se) = (Some(value), Some(value));
        }
        state.apply(step, 0.0);
        state.apply(validation, 0.0);
    }
    state
}

/// Pictures of wrong lengths and dimensions, with times and densities that make no sense.
fn hostile() -> impl Iterator<Item = Picture> {
    let values = [
        1.0,
        -2.0,
        f64::NAN,
        f64::INFINITY,
        0.5,
        1e300,
        -1e300,
        3.0,
        0.0,
    ];
    let part = move |n: usize| values.iter().copied().cycle().take(n).collect::<Vec<f64>>();
    [0, 1, 2, 5].into_iter().flat_map(move |dimension| {
        let all = move |n: usize, bounds, across| Picture {
            iteration: u64::MAX,
            seconds: f64::NAN,
            dimension,
            data: part(n),
            mapped: part(n / 2),
            restored: part(n + 1),
            inverse_error: Some(InverseError {
                mean: f64::NAN,
                max: f64::INFINITY,
            }),
            generated: part(n * 3),
            times: part(n % 7),
            forward: part(n * 5),
            backward: part(n * 2 + 1),
            straightness: Some(f64::INFINITY),
            density: Some(Density {
                bounds,
                across,
                values: part(n),
            }),
            ..Picture::default()
        };
        [
            all(0, [0.0; 4], 0),
            all(3, [f64::NAN; 4], 1),
            all(40, [-1.0, 1.0, -1e300, f64::INFINITY], 7),
            all(41, [2.0, -2.0, 0.0, 1.0], usize::MAX),
        ]
    })
}

/// Starts by matching that last and that are over, with values that break an axis.
fn matched() -> Vec<State> {
    let odd = [f64::NAN, f64::INFINITY, 0.0, -1e300, 1e300, 2.0];
    let start = |over: bool| {
        let mut state = fixtures::with_start();
        for (iteration, m) in (1..).zip(odd.into_iter().cycle().take(90)) {
            state.apply(
                Event::Matching {
                    iteration,
                    seconds: m,
                    lr: m,
                    gradient: m,
                    update: m,
                    m,
                },
                0.0,
            );
        }
        if over {
            state.apply(fixtures::iteration(91, f64::NAN), 0.0);
            state.apply(fixtures::iteration(100, 1.0), 0.0);
        }
        state
    };
    let none = {
        let mut state = fixtures::with_start();
        state.apply(fixtures::matching(u64::MAX, 0.0), 0.0);
        state
    };
    vec![start(false), start(true), none]
}

fn zero_dimension() -> State {
    let mut state = fixtures::started();
    state.set_picture(Picture {
        data: vec![1.0, 2.0],
        ..Picture::default()
    });
    state.apply(rejected(), 1.0);
    state
}

/// The same state looked at in other ways.
fn looks(state: &State) -> Vec<State> {
    let mut other = state.clone();
    (other.view.losses.scales, other.view.weighted) = (scales(AxisScale::Log), true);
    let mut looks = vec![state.clone(), other.clone()];
    other.view.losses = LossesView {
        page: ChartPage::Losses,
        scales: scales(AxisScale::SymLog),
        log_x: true,
        range: fixed(2, 300),
        cursor: Some(77),
        smoothing: Smoothing::Long,
        outliers: Outliers::Marked,
        matching_end: 150,
    };
    for page in [ChartPage::Fit, ChartPage::Steps, ChartPage::Matching] {
        other.view.losses.page = page;
        looks.push(other.clone());
    }
    for focus in Pane::ALL {
        other.view.focus = focus;
        other.view.zoom = true;
        looks.push(other.clone());
    }
    other.view.focus = Pane::Flow;
    other.now = 3.3;
    for action in [
        FlowAction::View,
        FlowAction::Samples,
        FlowAction::Later,
        FlowAction::Column { axis: 1, by: 1 },
        FlowAction::Turn,
        FlowAction::Play,
    ] {
        perform(&mut other, Action::Flow(action));
        looks.push(other.clone());
    }
    other.view.popup = Some(Popup::Help);
    (other.view.log_scroll, other.view.settings.selected) = (1000, 1000);
    looks.push(other.clone());
    (other.view.focus, other.view.popup) = (Pane::Settings, None);
    let mut input = ValueInput::new("optimizer.schedule.patience", &"é".repeat(1000));
    input.refused = Some("é ".repeat(1000));
    other.view.settings.input = Some(input);
    looks.push(other.clone());
    (other.view.settings.edits, other.view.settings.above) = (true, 1000);
    other.view.settings.note = Some("é".repeat(1000));
    looks.push(other);
    looks
}

#[test]
fn no_size_and_no_series_makes_drawing_fail() {
    let sizes = (0..=130)
        .step_by(26)
        .flat_map(|w| (0..=50).step_by(10).map(move |h| (w, h)));
    let sizes: Vec<_> = sizes
        .chain([
            (1, 1),
            (20, 5),
            (60, 16),
            (80, 24),
            (300, 100),
            (300, 1),
            (1, 300),
        ])
        .collect();
    // Every look in both themes, and every size in both.
    for (k, state) in hard().iter().flat_map(looks).enumerate() {
        for (i, &size) in sizes.iter().enumerate() {
            drawn(&state, [&COLOUR, &ASCII][(k + i) % 2], size);
        }
    }
}

#[test]
fn any_part_of_any_series_draws_at_any_size() {
    let random = &mut ChaCha8Rng::seed_from_u64(3);
    let kinds = [AxisScale::Linear, AxisScale::Log, AxisScale::SymLog];
    let outliers = [Outliers::Included, Outliers::Marked];
    let averages = [Smoothing::Off, Smoothing::Short, Smoothing::Long];
    for mut state in hard() {
        for _ in 0..40 {
            let mut iteration = || {
                let bits = random.random_range(1..64);
                random.random_range(0..1_u64 << bits)
            };
            let (from, to, width) = (iteration(), iteration(), iteration());
            let ranges = [
                IterationRange::All,
                IterationRange::Newest(width),
                fixed(from, to),
                fixed(2, 3),
            ];
            state.view.losses = LossesView {
                cursor: random.random_bool(0.5).then_some(to),
                page: ChartPage::ALL[random.random_range(0..4)],
                scales: scales(kinds[random.random_range(0..3)]),
                log_x: random.random(),
                range: ranges[random.random_range(0..4)],
                smoothing: averages[random.random_range(0..3)],
                outliers: outliers[random.random_range(0..2)],
                matching_end: random.random_range(0..400),
            };
            (state.view.zoom, state.view.weighted) = (random.random(), random.random());
            let size = (random.random_range(0..=300), random.random_range(0..=300));
            drawn(&state, &ASCII, size);
            drawn(&state, &COLOUR, (size.0 / 3, size.1 / 9));
        }
    }
}

#[test]
fn every_width_and_every_height_draws() {
    let state = fixtures::run();
    for width in 0..=130 {
        for height in (width % 3..=50).step_by(3) {
            drawn(&state, &COLOUR, (width, height));
        }
    }
}
