//! The pages of charts on whole screens, and that no word of theirs is cut.

use ratatui::layout::Size;

use super::super::action::{Action, LossesAction};
use super::super::axis::AxisScale;
use super::super::component::Component;
use super::super::fixtures;
use super::super::keys;
use super::super::pane::Pane;
use super::super::range::IterationSpan;
use super::super::state::State;
use super::super::state::losses::{ChartPage, IterationRange, Outliers};
use super::super::state::series::Smoothing;
use super::super::update::perform;
use super::{ASCII, COLOUR, MODES, drawn, set_scale, styles, text};
use crate::dashboard::panels::verdict;
use crate::event::{Event, Losses};

/// The sizes that screens are designed for.
const SIZES: [(u16, u16); 5] = [(60, 16), (80, 23), (80, 24), (120, 40), (200, 60)];

/// A run that begins with large losses, overfits later and has a value that is not finite.
fn overfitted() -> State {
    let mut state = fixtures::started();
    for i in 1..=600_u64 {
        let t = i as f64 / 600.0;
        let seconds = 0.05 * i as f64;
        let early = 40.0 * (-(i as f64) / 8.0).exp();
        let noise = 0.15 * (i as f64 * 1.7).sin();
        let c = 3.2 - 0.3 * t + early;
        let losses = |c: f64| Losses {
            loss: 100.0 * c,
            l: 1.0 + t,
            c,
            r: 0.02 + early / 10.0,
        };
        let training = if i == 333 { f64::NAN } else { c + noise };
        state.apply(
            Event::Iteration {
                iteration: i,
                seconds,
                lr: 0.1 * (1.0 - t) + 1e-4,
                gradient: 10.0 + 300.0 * early,
                update: 0.01 * (1.0 - t) + 1e-5,
                losses: losses(training),
            },
            seconds,
        );
        if i % 30 == 0 {
            let mut event = fixtures::validation(i, 0.0);
            if let Event::Validation {
                figures,
                best,
                seconds: told,
                ..
            } = &mut event
            {
                *told = seconds;
                (figures.losses, *best) = (losses(c + 1.7 * t), i == 60);
                let divergence = figures.losses.c - 2.85;
                (figures.divergence, figures.divergence_se) = (Some(divergence), Some(0.05));
            }
            state.apply(event, seconds);
        }
    }
    state
}

/// The losses alone on a page.
fn page(page: ChartPage) -> State {
    let mut state = overfitted();
    (state.view.losses.page, state.view.zoom) = (page, true);
    state
}

#[test]
fn pages_in_every_mode_at_five_sizes() {
    for (name, theme) in MODES {
        for size in SIZES {
            let pages = [ChartPage::Losses, ChartPage::Fit, ChartPage::Steps].map(|shown| {
                let screen = drawn(&page(shown), &theme, size);
                format!("{}\n\n{}", text(&screen), styles(&screen))
            });
            let name = format!("pages_{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, pages.join("\n"));
        }
    }
}

#[test]
fn the_page_of_a_start() {
    let mut state = fixtures::started_by_matching(260);
    state.view.losses.page = ChartPage::Matching;
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 23))));
}

#[test]
fn log_iterations_have_ticks_at_one_two_and_five() {
    let mut state = page(ChartPage::Losses);
    perform(&mut state, Action::Losses(LossesAction::LogX));
    let screen = text(&drawn(&state, &ASCII, (80, 24)));
    let axis = screen
        .lines()
        .find(|line| line.starts_with("iter"))
        .unwrap();
    let ticks: Vec<&str> = axis.split_whitespace().skip(1).collect();
    assert_eq!(
        ticks,
        ["1", "2", "5", "10", "20", "50", "100", "200", "500"]
    );
}

#[test]
fn flow_and_losses_are_together_below_the_line_of_tmux() {
    let screen = text(&drawn(&fixtures::run(), &COLOUR, (80, 23)));
    for pane in ["1 losses", "2 flow", "3 settings", "4 log"] {
        assert!(screen.contains(pane), "{screen}");
    }
}

/// Every row of the plot of C in ASCII, from the top, without the labels.
fn plot_of_c(state: &State) -> Vec<String> {
    let screen = text(&drawn(state, &ASCII, (80, 40)));
    let rows = screen.lines().skip_while(|line| !line.starts_with("C "));
    let rows = rows.skip(1).take_while(|line| !line.starts_with("R "));
    rows.map(|line| line.chars().skip(9).collect()).collect()
}

#[test]
fn a_gap_of_more_than_a_nat_is_seen_as_two_lines_without_colour() {
    let rows = plot_of_c(&page(ChartPage::Losses));
    // At the right the validations are some rows above the training values.
    let row = |symbol: char| {
        let ends = |row: &String| row.chars().skip(60).any(|cell| cell == symbol);
        rows.iter().position(ends).unwrap()
    };
    assert!(row('o') + 2 <= row('.'), "{}", rows.join("\n"));
    // The first iterations are above the range, and the NaN is told apart from them.
    assert!(
        rows[0].starts_with('^') && rows[0].contains('x'),
        "{}",
        rows[0]
    );
}

#[test]
fn the_full_range_has_no_marks() {
    let mut state = page(ChartPage::Losses);
    perform(&mut state, Action::Losses(LossesAction::Outliers));
    let rows = plot_of_c(&state);
    assert!(
        rows.iter().all(|row| !row.contains('^')),
        "{}",
        rows.join("\n")
    );
    assert!(rows[0].contains('x'));
}

/// Words that may stand in the pane of the losses.
const WORDS: &str = "losses fit steps matching weighted avg full range last to log x symlog training train validation val \
    nats standardised std loss L C R H M negative likelihood transport cost HJB penalty part of the gap with its standard \
    error lr learning rate gradient norm norms or step over weights iter e b d m w s NaN inf";

/// Letters that stand alone or in a row in a plot: validations, marks at the edges, ticks.
const SYMBOLS: &str = "ovxbwdsme";

/// Ways to look at the losses.
fn views(state: &State) -> Vec<State> {
    let mut views = vec![state.clone()];
    let mut change = |change: &dyn Fn(&mut State)| {
        let mut view = state.clone();
        change(&mut view);
        views.push(view);
    };
    change(&|state| state.view.weighted = true);
    change(&|state| state.view.losses.outliers = Outliers::Included);
    change(&|state| state.view.losses.smoothing = Smoothing::Long);
    change(&|state| state.view.losses.cursor = Some(123));
    change(&|state| {
        set_scale(state, AxisScale::Log);
        state.view.weighted = true;
        state.view.losses.log_x = true;
        state.view.losses.outliers = Outliers::Included;
        let (first, last) = (100, 250);
        state.view.losses.range = IterationRange::Fixed(IterationSpan { first, last });
    });
    views
}

#[test]
fn no_word_of_the_losses_is_cut_at_any_design_size() {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut states = vec![overfitted(), fixtures::run(), State::default()];
    states.extend([150, 260].map(fixtures::started_by_matching));
    for (state, size) in states
        .iter()
        .flat_map(|state| SIZES.map(|size| (state, size)))
    {
        for page in ChartPage::ALL {
            for mut view in views(state) {
                view.view.losses.page = page;
                let screen = text(&drawn(&view, &ASCII, size));
                let told = verdict::height(&view, Size::from(size));
                let (width, rows) = match size {
                    (60, 16) => (60, 2 + told..15),
                    (width, height) => {
                        let log = ((height - 2 - told) / 5).max(4);
                        (width * 13 / 25, 1 + told..height - 1 - log)
                    }
                };
                let rows = usize::from(rows.start)..usize::from(rows.end);
                for line in screen.lines().skip(rows.start).take(rows.len()) {
                    let line: String = line.chars().take(usize::from(width)).collect();
                    let found = line.split(|letter: char| !letter.is_ascii_alphabetic());
                    let mut found = found.filter(|word| !word.chars().all(|c| SYMBOLS.contains(c)));
                    assert!(
                        found.all(|word| words.contains(&word)) && !line.contains('~'),
                        "{line}\n{screen}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_bottom_line_has_whole_words_only() {
    let states = [fixtures::run(), overfitted()];
    for (mut state, size) in states
        .into_iter()
        .flat_map(|state| SIZES.map(|size| (state.clone(), size)))
    {
        for focus in Pane::ALL {
            state.view.focus = focus;
            let screen = text(&drawn(&state, &ASCII, size));
            let last = screen.lines().last().unwrap();
            let known: Vec<String> = keys::rows(focus, state.trainer())
                .filter_map(|row| Some(format!("{} {}", row.keys[0].label(), row.footer?)))
                .chain(["UI 0.0%".into()])
                .collect();
            let parts = last
                .split("  ")
                .map(str::trim)
                .filter(|part| !part.is_empty());
            for part in parts {
                assert!(known.iter().any(|word| word == part), "{part:?} in {last}");
            }
        }
    }
}

#[test]
fn every_loss_has_a_name_and_a_unit_at_every_design_size() {
    for size in SIZES {
        let screen = text(&drawn(&overfitted(), &ASCII, size));
        for component in [Component::L, Component::R] {
            let std = ["std.", "standardised"].map(|unit| format!("{} {unit}", component.symbol()));
            let meant = [
                "L transport cost, standardised",
                "R HJB penalty, standardised",
            ];
            let found = std.iter().any(|name| screen.contains(name));
            assert!(
                found || meant.iter().any(|name| screen.contains(name)),
                "{screen}"
            );
        }
        assert!(
            screen.contains("C nats") || screen.contains("likelihood, nats"),
            "{screen}"
        );
    }
}
