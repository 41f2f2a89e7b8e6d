//! The keys: `update` changes the state as a key asks and returns the command for the trainer. Besides the fold over events this is
//! the only place where the state changes. The keys of a pane have a file each, by the pane's name.

mod flow;
mod losses;
pub mod paste;
pub mod settings;

use super::action::Action;
use super::keys::{self, Key, NoKey};
use super::pane::Pane;
use super::state::log::LogKind;
use super::state::trainer::Trainer;
use super::state::{LoopRequest, Popup, State, View};
use super::terms;
use crate::event::{BestBy, Command, Reason};

/// Number of the signal that Ctrl-C stands for.
const SIGINT: i32 = 2;

/// The answer to keys that would command the trainer.
const FOREIGN: &str = "run of another process: ignored";

/// Changes the state as a key asks; the command is for the trainer.
pub fn update(state: &mut State, key: Key) -> Option<Command> {
    let of_pane = |state: &State, key| keys::action(key, state.view.focus, state.trainer());
    let action = if state.view.popup.is_some() {
        keys::action_in_box(key)
    } else if state.view.settings.input.is_some() {
        keys::action_in_input(key)
    } else {
        of_pane(state, key)
    };
    if let Some(action) = action {
        return perform(state, action);
    }
    if let Some(no_key) = NoKey::of(key, |key| of_pane(state, key).is_some()) {
        note(state, no_key.to_string(), no_key.reason);
    }
    None
}

/// Changes the state as an action asks; the command is for the trainer.
pub fn perform(state: &mut State, action: Action) -> Option<Command> {
    let command = use_screen(state, action);
    if command.is_some() && state.silence.is_some() {
        return refuse(state);
    }
    command
}

/// Tells in the log why nothing happens.
fn refuse(state: &mut State) -> Option<Command> {
    note(state, FOREIGN.into(), FOREIGN);
    None
}

/// Puts a note into the log, unless its last line ends with the same reason.
fn note(state: &mut State, text: String, reason: &str) {
    let last = state.log.lines().back();
    if last.is_none_or(|line| !line.text.ends_with(reason)) {
        state.log.push(state.iteration, LogKind::Note, text);
    }
}

fn use_screen(state: &mut State, action: Action) -> Option<Command> {
    match action {
        Action::Interrupt => interrupt(state),
        Action::Suspend => request(state, LoopRequest::Suspend),
        Action::Repaint => request(state, LoopRequest::Repaint),
        Action::Save => request(state, LoopRequest::Save),
        _ => match state.view.popup {
            Some(Popup::Quit) => answer(state, action),
            Some(Popup::Restore) => choose(state, action),
            Some(Popup::Help | Popup::Terms) => {
                use_help(&mut state.view, action);
                None
            }
            None => use_panes(state, action),
        },
    }
}

/// Does an action while no box is open.
fn use_panes(state: &mut State, action: Action) -> Option<Command> {
    match action {
        Action::Quit => quit(state),
        action if keys::is_refused(action, state.trainer()) => refuse(state),
        Action::Restore => {
            let over = state.finished.is_some();
            state.view.popup = state.view.popup.or((!over).then_some(Popup::Restore));
            None
        }
        Action::Pause => pause(state),
        Action::Step => (state.paused && state.finished.is_none()).then_some(Command::Step),
        other => {
            change_view(state, other);
            None
        }
    }
}

/// The number of lines of the open page of the help, at least.
fn help_lines(view: &View) -> usize {
    match view.popup {
        Some(Popup::Terms) => terms::lines().len(),
        _ => keys::rows(view.focus, Trainer::ThisProcess).count(),
    }
}

/// Scrolls or closes the help.
fn use_help(view: &mut View, action: Action) {
    match action {
        Action::Down => view.help_scroll = (view.help_scroll + 1).min(help_lines(view)),
        Action::Up => view.help_scroll = view.help_scroll.saturating_sub(1),
        Action::Help if view.popup == Some(Popup::Help) => {
            (view.popup, view.help_scroll) = (Some(Popup::Terms), 0);
        }
        Action::Back | Action::Help | Action::Quit | Action::Accept => {
            (view.popup, view.help_scroll) = (None, 0);
        }
        _ => {}
    }
}

/// Does an action that only changes what is seen.
fn change_view(state: &mut State, action: Action) {
    let view = &mut state.view;
    match action {
        Action::Help => view.popup = Some(Popup::Help),
        Action::Back if view.zoom => view.zoom = false,
        Action::Back if view.within_runs && state.rejection.is_none() => {
            view.request = Some(LoopRequest::Leave);
        }
        Action::Back => state.rejection = None,
        Action::Accept | Action::Zoom => view.zoom = !view.zoom,
        Action::Next => view.focus = neighbour(view.focus, 1),
        Action::Previous => view.focus = neighbour(view.focus, Pane::ALL.len() - 1),
        Action::Focus(pane) => view.focus = pane,
        Action::LogAxis => losses::next_scale(state),
        Action::Losses(action) => losses::update(state, action),
        Action::Weighted => view.weighted = !view.weighted,
        Action::Up => scroll(state, 1),
        Action::Down => scroll(state, -1),
        Action::Settings(action) => settings::update(state, action),
        Action::Input(action) => settings::input(state, action),
        Action::Flow(action) => flow::update(state, action),
        Action::Restore
        | Action::Quit
        | Action::Interrupt
        | Action::Pause
        | Action::Step
        | Action::Repaint
        | Action::Save
        | Action::Suspend => {}
    }
}

fn neighbour(pane: Pane, distance: usize) -> Pane {
    Pane::ALL[(pane as usize + distance) % Pane::ALL.len()]
}

/// Scrolls the focused pane up by a number of lines.
fn scroll(state: &mut State, up: isize) {
    let view = &mut state.view;
    match view.focus {
        Pane::Settings => settings::select(state, -up),
        Pane::Log => {
            let last = state.log.lines().len().saturating_sub(1);
            view.log_scroll = view.log_scroll.saturating_add_signed(up).min(last);
        }
        Pane::Losses | Pane::Flow | Pane::Optimizer => {}
    }
}

fn request(state: &mut State, request: LoopRequest) -> Option<Command> {
    state.view.request = Some(request);
    None
}

fn quit(state: &mut State) -> Option<Command> {
    if state.finished.is_some() || state.silence.is_some() {
        return request(state, LoopRequest::Leave);
    }
    state.view.popup = Some(Popup::Quit);
    None
}

/// Does an action that answers the question whether to stop.
fn answer(state: &mut State, action: Action) -> Option<Command> {
    match action {
        Action::Quit | Action::Accept => {
            state.view.popup = None;
            // Asked before: the first reason stands.
            let first = !std::mem::replace(&mut state.view.stopping, true);
            first.then_some(Command::Stop(Reason::Quit))
        }
        Action::Back => {
            state.view.popup = None;
            None
        }
        _ => None,
    }
}

/// Takes the answer to the question from which parameters to go on.
fn choose(state: &mut State, action: Action) -> Option<Command> {
    let command = match action {
        Action::Accept => Some(Command::Restore(BestBy::Loss)),
        Action::Restore => Some(Command::Restore(BestBy::C)),
        Action::Back | Action::Quit => None,
        _ => return None,
    };
    state.view.popup = None;
    command
}

fn interrupt(state: &mut State) -> Option<Command> {
    if state.view.stopping || state.finished.is_some() || state.silence.is_some() {
        return request(state, LoopRequest::Leave);
    }
    (state.view.stopping, state.view.popup) = (true, None);
    Some(Command::Stop(Reason::Signal(SIGINT)))
}

fn pause(state: &mut State) -> Option<Command> {
    if state.finished.is_some() || state.view.stopping {
        return None;
    }
    state.view.pause_wanted = !state.view.pause_wanted;
    Some(if state.view.pause_wanted {
        Command::Pause
    } else {
        Command::Resume
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::action::{FlowAction, SettingsAction};
    use crate::dashboard::fixtures;
    use crate::dashboard::range::IterationSpan;
    use crate::dashboard::state::losses::IterationRange;
    use crate::dashboard::state::value_input::ValueInput;
    use crate::event::{Event, Picture};
    use crossterm::event::KeyCode;

    fn press(state: &mut State, letter: char) -> Option<Command> {
        update(
            state,
            Key {
                code: KeyCode::Char(letter),
                control: false,
            },
        )
    }

    fn hold(state: &mut State, letter: char) -> Option<Command> {
        update(
            state,
            Key {
                code: KeyCode::Char(letter),
                control: true,
            },
        )
    }

    fn escape(state: &mut State) -> Option<Command> {
        update(
            state,
            Key {
                code: KeyCode::Esc,
                control: false,
            },
        )
    }

    #[test]
    fn p_and_space_pause_and_go_on() {
        let mut state = fixtures::started();
        assert!(matches!(press(&mut state, 'p'), Some(Command::Pause)));
        assert!(press(&mut state, '.').is_none(), "no step before the pause");
        state.apply(
            Event::Paused {
                iteration: 3,
                paused: true,
            },
            1.0,
        );
        assert!(matches!(press(&mut state, '.'), Some(Command::Step)));
        assert!(matches!(press(&mut state, ' '), Some(Command::Resume)));
        assert!(
            matches!(press(&mut state, ' '), Some(Command::Pause)),
            "before the trainer answers"
        );
    }

    #[test]
    fn the_best_comes_back_only_after_an_answer() {
        let mut state = fixtures::run();
        assert!(press(&mut state, 'B').is_none());
        assert_eq!(state.view.popup, Some(Popup::Restore));
        assert!(escape(&mut state).is_none());
        assert_eq!(state.view.popup, None);
        press(&mut state, 'B');
        let by_c = press(&mut state, 'B');
        assert!(matches!(by_c, Some(Command::Restore(BestBy::C))));
        press(&mut state, 'B');
        assert!(matches!(
            perform(&mut state, Action::Accept),
            Some(Command::Restore(BestBy::Loss))
        ));
        state.silence = Some(0.5);
        assert!(press(&mut state, 'B').is_none() && state.view.popup.is_none());
    }

    #[test]
    fn q_asks_then_stops_then_leaves() {
        let mut state = fixtures::started();
        assert!(press(&mut state, 'q').is_none());
        assert_eq!(state.view.popup, Some(Popup::Quit));
        assert!(escape(&mut state).is_none());
        assert_eq!((state.view.popup, state.view.stopping), (None, false));
        press(&mut state, 'q');
        assert!(matches!(
            press(&mut state, 'q'),
            Some(Command::Stop(Reason::Quit))
        ));
        assert_eq!(state.view.request, None, "the trainer saves first");
        state.apply(fixtures::finished(5, Reason::Quit), 1.0);
        press(&mut state, 'q');
        assert_eq!(state.view.request, Some(LoopRequest::Leave));
    }

    #[test]
    fn the_first_control_c_stops_and_the_second_leaves() {
        let mut state = fixtures::started();
        press(&mut state, 'q');
        assert!(matches!(
            hold(&mut state, 'c'),
            Some(Command::Stop(Reason::Signal(SIGINT)))
        ));
        assert_eq!((state.view.request, state.view.popup), (None, None));
        assert!(hold(&mut state, 'c').is_none());
        assert_eq!(state.view.request, Some(LoopRequest::Leave));
    }

    #[test]
    fn keys_neither_command_nor_end_the_run_of_another_process() {
        let mut state = fixtures::started();
        state.silence = Some(0.0);
        for letter in ['p', ' ', '.', 'p'] {
            assert!(press(&mut state, letter).is_none());
        }
        let told = |state: &State| {
            let lines = state.log.lines().iter();
            lines.filter(|line| line.text == FOREIGN).count()
        };
        assert_eq!((told(&state), state.view.pause_wanted), (1, false));
        assert!(press(&mut state, 'q').is_none());
        assert_eq!(state.view.request.take(), Some(LoopRequest::Leave));
        assert!(hold(&mut state, 'c').is_none());
        assert_eq!(state.view.request.take(), Some(LoopRequest::Leave));
        state.view.popup = Some(Popup::Quit);
        assert!(press(&mut state, 'q').is_none(), "a command from anywhere");
        assert_eq!(told(&state), 1);
    }

    #[test]
    fn letters_of_another_layout_and_of_caps_lock_are_answered_once_and_do_nothing() {
        let mut state = fixtures::started();
        let told = |state: &State| {
            let lines = state.log.lines().iter();
            let texts = lines.map(|line| line.text.clone());
            texts
                .filter(|text| text.contains("no key"))
                .collect::<Vec<_>>()
        };
        for letter in ['й', 'з', 'Q', 'Q', 'P'] {
            assert!(press(&mut state, letter).is_none());
        }
        let lines = told(&state);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("й: ") && lines[1].starts_with("Q: "));
        assert_eq!((state.view.popup, state.view.pause_wanted), (None, false));
        let mut typing = fixtures::started();
        typing.view.settings.input = Some(ValueInput::new("optimizer.lr", "0.1"));
        press(&mut typing, 'й');
        assert!(told(&typing).is_empty());
    }

    #[test]
    fn escape_never_quits() {
        let mut state = fixtures::started();
        state.apply(fixtures::finished(5, Reason::Iterations), 1.0);
        for _ in 0..5 {
            assert!(escape(&mut state).is_none());
            assert_eq!(state.view.request, None);
        }
    }

    /// States in which keys have different meanings.
    fn situations() -> Vec<State> {
        let running = fixtures::started();
        let mut paused = running.clone();
        paused.apply(
            Event::Paused {
                iteration: 3,
                paused: true,
            },
            1.0,
        );
        let mut asked = running.clone();
        asked.view.popup = Some(Popup::Quit);
        let mut selected = running.clone();
        (selected.view.focus, selected.view.settings.selected) = (Pane::Settings, 1);
        let mut schedule = selected.clone();
        schedule.view.settings.selected = 4;
        let mut part = schedule.clone();
        settings::update(&mut part, SettingsAction::Part(1));
        let mut window = fixtures::run();
        window.view.losses.range = IterationRange::Fixed(IterationSpan {
            first: 100,
            last: 200,
        });
        let mut columns = running.clone();
        columns.set_picture(Picture {
            dimension: 3,
            ..Picture::default()
        });
        flow::update(&mut columns, FlowAction::Column { axis: 0, by: 1 });
        let mut pairs = running.clone();
        pairs.set_picture(Picture {
            dimension: 3,
            misfits: Some(fixtures::misfits()),
            ..Picture::default()
        });
        flow::update(&mut pairs, FlowAction::Pair(1));
        vec![
            running, paused, asked, selected, schedule, part, window, columns, pairs,
        ]
    }

    #[test]
    fn every_key_of_the_table_does_something_somewhere() {
        for (pane, binding) in keys::TABLES
            .into_iter()
            .flat_map(|table| table.rows.iter().map(move |row| (table.pane, row)))
        {
            for &key in binding.keys {
                let acts = situations().into_iter().any(|mut before| {
                    before.view.focus = pane.unwrap_or(before.view.focus);
                    let mut after = before.clone();
                    update(&mut after, key).is_some() || after != before
                });
                assert!(acts, "{}", key.label());
            }
        }
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let mut state = fixtures::started();
        state.view.focus = Pane::Settings;
        for _ in 0..1000 {
            press(&mut state, 'j');
        }
        assert_eq!(state.view.settings.selected, state.fields.len() - 1);
        for _ in 0..1000 {
            press(&mut state, 'k');
        }
        assert_eq!(state.view.settings.selected, 0);
    }
}
