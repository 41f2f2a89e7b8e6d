//! What the pane shows of pictures of every kind.

use super::*;
use crate::dashboard::action::{Action, FlowAction};
use crate::dashboard::fixtures::run;
use crate::dashboard::screens::{styles, text};
use crate::dashboard::theme::{Depth, Markers, Theme};
use crate::dashboard::update::perform;
use crate::event::{DensityCurve, LogDensitySamples, PairMisfit, PairMisfits};
use crate::misfit::Misfit;
use crate::scaling::MeanAndScale;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const PLAIN: Theme = Theme {
    markers: Markers::Ascii,
    colour: Depth::None,
};

fn act(state: &mut State, action: FlowAction) {
    perform(state, Action::Flow(action));
}

/// The pane after some keys, as rows.
fn drawn(actions: &[FlowAction], (width, height): (u16, u16)) -> Vec<String> {
    let mut state = run();
    actions.iter().for_each(|&one| act(&mut state, one));
    shown(&state, &PLAIN, (width, height))
}

#[test]
fn two_views_fit_a_small_pane_and_four_a_large_one() {
    let small = drawn(&[], (38, 11));
    assert!(small[0].starts_with("data ") && small[0].contains("generated"));
    let large = drawn(&[], (80, 21)).join("\n");
    for name in ["data", "f(x)", "generated", "f^-1(f(x))"] {
        assert!(large.contains(name), "{name}");
    }
}

#[test]
fn the_other_views_say_what_they_are() {
    let titles = |actions: &[FlowAction]| drawn(actions, (38, 11)).remove(0);
    let inverse = titles(&[FlowAction::View]);
    assert!(inverse.starts_with("f(x), -4 to 4") && inverse.contains("inverse err 3e-4"));
    assert!(titles(&[FlowAction::View; 2]).starts_with("log p "));
    assert!(titles(&[FlowAction::View; 3]).starts_with("data to normal, path/chord 1.02"));
    assert!(titles(&[FlowAction::Turn]).starts_with("normal to data"));
}

#[test]
fn the_title_tells_the_columns_and_the_time() {
    let mut state = run();
    let title = |state: &State| super::title(state, &PLAIN, 60);
    assert_eq!(title(&state), "flow 1/4 at 390: x1, x2, path/chord 1.02");
    act(&mut state, FlowAction::Later);
    assert_eq!(title(&state), "flow 4/4 at 390: x1, x2, t 0.05");
    act(&mut state, FlowAction::Turn);
    act(&mut state, FlowAction::Later);
    assert_eq!(title(&state), "flow 4/4 at 390: x1, x2, t 0.00");
    let start = state.start.as_mut().unwrap();
    start.columns = ["carat", "depth", "price in dollars", "given"]
        .map(String::from)
        .into();
    let picture = |dimension| Picture {
        dimension,
        ..Picture::default()
    };
    state.set_picture(picture(3));
    act(&mut state, FlowAction::Column { axis: 1, by: 1 });
    let columns = "carat, price in do~ of 3";
    assert_eq!(title(&state), format!("flow 1/2 at 0: {columns}"));
    let narrow = super::title(&state, &PLAIN, 34);
    assert_eq!(narrow, format!("flow 1/2: {columns}"));
    let narrower = super::title(&state, &PLAIN, 33);
    assert_eq!(narrower, "flow 1/2: carat, price~ of 3");
    state.set_picture(picture(1));
    assert_eq!(title(&state), "flow 1/1 at 0: carat");
}

/// The states whose pane is looked at, by name.
fn states() -> [(&'static str, State); 4] {
    [
        ("toy", fixtures::toy()),
        ("one_column", fixtures::one_column()),
        ("conditional", fixtures::conditional()),
        ("five_columns", fixtures::five_columns()),
    ]
}

#[test]
fn views_without_content_are_not_in_the_cycle_and_the_others_are_counted() {
    use FlowContent::{Data, Density, Inverse, LogDensities, Pair, Paths, Truth};
    let expected: [(&str, &[FlowContent]); 4] = [
        ("toy", &[Data, Inverse, Density, Truth, LogDensities, Paths]),
        ("one_column", &[Density, LogDensities, Paths]),
        (
            "conditional",
            &[Data, Inverse, Density, Pair, LogDensities, Paths],
        ),
        ("five_columns", &[Data, Inverse, Pair, LogDensities, Paths]),
    ];
    for ((name, mut state), (same, views)) in states().into_iter().zip(expected) {
        assert_eq!(name, same);
        for (k, view) in views.iter().enumerate() {
            let picture = state.picture.as_ref().unwrap();
            assert_eq!(state.view.flow.shown(picture), *view, "{name}");
            let title = title(&state, &PLAIN, 60);
            let count = format!("flow {}/{} at", k + 1, views.len());
            assert!(title.starts_with(&count), "{title}");
            act(&mut state, FlowAction::View);
        }
        let picture = state.picture.as_ref().unwrap();
        assert_eq!(
            state.view.flow.shown(picture),
            views[0],
            "{name} comes round"
        );
    }
}

#[test]
fn values_on_the_axes_are_those_of_the_table() {
    let state = fixtures::one_column();
    let rows = shown(&state, &PLAIN, (60, 12));
    let axis = rows.last().unwrap();
    // -2.1 to 3.0 in units of 1500 around 4000.
    let values: Vec<&str> = axis.split_whitespace().collect();
    let [low, name, high] = values[..] else {
        panic!("{axis}")
    };
    assert_eq!(name, "price");
    let [low, high]: [f64; 2] = [low, high].map(|value| value.parse().unwrap());
    assert!(
        (500.0..2500.0).contains(&low) && (7000.0..9500.0).contains(&high),
        "{axis}"
    );
    assert!(rows[0].starts_with("data as bars"), "{rows:?}");
}

#[test]
fn the_pair_that_fits_worst_comes_first_and_the_next_by_a_key() {
    let mut state = fixtures::five_columns();
    assert_eq!(state.view.flow.wanted, [1, 3]);
    let caption = |state: &State| shown(state, &PLAIN, (60, 12)).remove(0);
    act(&mut state, FlowAction::Pair(0));
    assert!(caption(&state).starts_with("misfit 1/10: 2.3 x noise, 0.346 / 0.150"));
    act(&mut state, FlowAction::Pair(1));
    assert!(caption(&state).starts_with("misfit 2/10: "));
    act(&mut state, FlowAction::Pair(-9));
    assert_eq!(state.view.flow.wanted, [1, 3]);
    act(&mut state, FlowAction::Pair(99));
    assert!(caption(&state).starts_with("misfit 10/10: "));
}

#[test]
fn pairs_that_fit_alike_do_not_take_turns_and_a_choice_of_columns_stays() {
    let mut state = fixtures::five_columns();
    let next = |state: &State, columns: [usize; 2], distance: f64| {
        let mut picture = state.picture.clone().unwrap();
        let misfits = picture.misfits.as_mut().unwrap();
        let pair = misfits
            .pairs
            .iter_mut()
            .find(|pair| pair.columns == columns);
        pair.unwrap().misfit.distance = distance;
        misfits
            .pairs
            .sort_by(|a, b| b.misfit.distance.total_cmp(&a.misfit.distance));
        picture
    };
    let alike = next(&state, [0, 1], 0.3456 + 0.02);
    state.set_picture(alike);
    assert_eq!(state.view.flow.wanted, [1, 3], "nearly the same");
    let worse = next(&state, [0, 1], 0.3456 + 0.2);
    state.set_picture(worse);
    assert_eq!(state.view.flow.wanted, [0, 1]);
    act(&mut state, FlowAction::Column { axis: 1, by: 1 });
    let chosen = state.view.flow.wanted;
    let worst = next(&state, [2, 4], 1.0);
    state.set_picture(worst);
    assert_eq!((chosen, state.view.flow.wanted), ([0, 2], [0, 2]));
}

/// The pane of a state, as rows.
fn shown(state: &State, theme: &Theme, (width, height): (u16, u16)) -> Vec<String> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(state, &mut Canvas::whole(theme, &mut buffer));
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
    (0..height).map(row).collect()
}

/// The pane of a state on its canvas.
fn canvas(state: &State, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(state, &mut Canvas::whole(theme, &mut buffer));
    buffer
}

/// The places of the pane on screens of 80 x 24, 80 x 23 (where it is alone), 120 x 40 and 200 x 60.
const SIZES: [(u16, u16); 4] = [(38, 10), (80, 19), (57, 18), (95, 28)];

/// The pane in four modes: the text of each where it differs from that of the mode before, and the styles where there are some.
fn in_all_modes(state: &State) -> String {
    let braille = |colour| Theme {
        markers: Markers::Braille,
        colour,
    };
    let modes = [
        ("ascii", PLAIN),
        ("no colour", braille(Depth::None)),
        ("16 colours", braille(Depth::Ansi16)),
        ("truecolor", braille(Depth::True)),
    ];
    let mut out = String::new();
    for (width, height) in SIZES {
        let mut before = String::new();
        for (name, theme) in modes {
            let drawn = canvas(state, &theme, (width, height));
            let shown = text(&drawn);
            out += &format!("== {width} x {height}, {name}\n");
            if shown != before {
                out += &format!("{shown}\n");
            }
            if theme.colour != Depth::None {
                out += &format!("-- styles\n{}", styles(&drawn));
            }
            before = shown;
        }
    }
    out
}

/// The state with a view.
fn looking_at(mut state: State, content: FlowContent) -> State {
    state.view.flow.content = content;
    let picture = state.picture.as_ref().unwrap();
    assert_eq!(state.view.flow.shown(picture), content);
    state
}

#[test]
fn every_view_at_four_sizes_in_four_modes() {
    use FlowContent::{Data, Density, Inverse, LogDensities, Pair, Paths, Truth};
    let half_way = |state: State| {
        let mut state = looking_at(state, Paths);
        state.view.flow.reached = 0.5;
        state
    };
    let states = [
        ("truth", looking_at(fixtures::toy(), Truth)),
        ("log_densities", looking_at(fixtures::toy(), LogDensities)),
        ("paths", half_way(fixtures::toy())),
        ("column", looking_at(fixtures::one_column(), Density)),
        ("paths_over_time", half_way(fixtures::one_column())),
        ("strip", looking_at(fixtures::conditional(), Density)),
        (
            "inverse_over_given",
            looking_at(fixtures::conditional(), Inverse),
        ),
        ("table", looking_at(fixtures::five_columns(), Data)),
        ("pair", looking_at(fixtures::five_columns(), Pair)),
    ];
    for (name, state) in states {
        insta::assert_snapshot!(name, in_all_modes(&state));
    }
}

/// Pictures of wrong lengths whose numbers make no sense, in every combination of learned and given columns.
fn hostile() -> impl Iterator<Item = Picture> {
    const ODD: [f64; 9] = [
        1.0,
        -2.0,
        f64::NAN,
        f64::INFINITY,
        0.5,
        1e300,
        f64::MIN,
        3.0,
        5e-324,
    ];
    let part = |n: usize, first: usize| -> Vec<f64> {
        let odd = ODD.iter().copied().cycle();
        odd.skip(first).take(n).collect()
    };
    let of = move |d: usize, c: usize, n: usize, first: usize| {
        let odd = part(9, first);
        let unit = |k: usize| MeanAndScale {
            mean: odd[k % 9],
            scale: odd[(k + 4) % 9],
        };
        let density = |across: usize| Density {
            bounds: [odd[0], odd[1], odd[2], odd[3]],
            across,
            values: part(n, first),
        };
        let pair = |k: usize| PairMisfit {
            columns: [k * 7, k],
            misfit: Misfit {
                distance: odd[k % 9],
                noise: odd[(k + 2) % 9],
            },
        };
        Picture {
            iteration: u64::MAX,
            dimension: d,
            data: part(n * d, first),
            mapped: part(n, first),
            restored: part(n * d + 1, first),
            generated: part(2 * n * d, first),
            times: part(n % 7, first),
            forward: part(n * 5, first),
            backward: part(n * 2 + 1, first),
            straightness: Some(odd[0]),
            density: Some(density(n % 5)),
            context: c,
            given: part(n * c / 2, first),
            units: (0..n % (d + c + 3)).map(unit).collect(),
            truth: Some(part(n / 2 * (first % 3), first)),
            curve: Some(DensityCurve {
                low: odd[0],
                high: odd[1],
                values: part(n, first),
            }),
            strip: Some(density(3)),
            log_densities: LogDensitySamples {
                data: part(n, first),
                generated: part(n / 3, first),
            },
            misfits: Some(PairMisfits {
                pairs: (0..n % 4).map(pair).collect(),
                all: usize::MAX,
            }),
            ..Picture::default()
        }
    };
    let columns = [(0, 0), (1, 0), (1, 1), (1, 3), (2, 0), (2, 2), (5, 0)];
    let sizes = [0, 1, 2, 9, 60, 61];
    let all = columns.into_iter().flat_map(move |columns| {
        let sizes = sizes.into_iter();
        sizes.flat_map(move |n| (0..9).step_by(2).map(move |first| (columns, n, first)))
    });
    all.map(move |((d, c), n, first)| of(d, c, n, first))
}

#[test]
fn no_picture_and_no_size_makes_a_view_fail() {
    let braille = Theme {
        markers: Markers::Braille,
        colour: Depth::True,
    };
    let sizes = [(0, 0), (1, 1), (16, 5), (38, 10), (3, 40), (90, 2)];
    for picture in hostile() {
        let mut state = fixtures::five_columns();
        state.set_picture(picture);
        for content in FlowContent::ALL {
            let mut state = state.clone();
            state.view.flow.content = content;
            state.view.flow.samples = true;
            for columns in [[0, 1], [4, 99]] {
                state.view.flow.wanted = columns;
                for size in sizes {
                    for theme in [&PLAIN, &braille] {
                        title(&state, theme, size.0);
                        canvas(&state, theme, size);
                    }
                }
            }
            for action in [FlowAction::Pair(1), FlowAction::Pair(-1), FlowAction::View] {
                act(&mut state, action);
                act(&mut state, FlowAction::Column { axis: 0, by: 1 });
            }
        }
    }
}

#[test]
fn every_view_draws_at_every_size_and_in_ascii_is_ascii() {
    for (name, state) in states() {
        for content in FlowContent::ALL {
            let mut state = state.clone();
            state.view.flow.content = content;
            state.view.flow.playing_since = Some(0.0);
            for width in (0..100).step_by(7) {
                for height in (0..40).step_by(3) {
                    let drawn = text(&canvas(&state, &PLAIN, (width, height)));
                    assert!(drawn.is_ascii(), "{name} {content:?}");
                }
            }
        }
    }
}
