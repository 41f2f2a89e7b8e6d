//! What keys do: `update` is the only place, besides the fold over events, where the state changes.

use super::journal::Kind;
use super::keys::{self, Action, Key};
use super::lens::{self, Lens};
use super::pane::Pane;
use super::stage::{self, Stage};
use super::state::State;
use super::steer::{self, Steer};
use crate::event::{Command, Reason};

/// Number of the signal that Ctrl-C stands for.
const SIGINT: i32 = 2;

/// The answer to keys that would command the trainer.
const FOREIGN: &str = "run of another process: ignored";

/// A box over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popup {
    /// The keys.
    Help,
    /// Whether to stop.
    Quit,
}

/// What only the loop around the state can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Leave the dashboard.
    Leave,
    /// Stop the process as the shell does.
    Suspend,
    /// Draw every cell again.
    Repaint,
    /// Open the session file in the user's editor.
    Editor,
    /// Save what is seen.
    Portrait,
}

/// What the user looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The pane that keys act on.
    pub focus: Pane,
    /// Whether it is shown alone.
    pub zoom: bool,
    /// What is open above the panes.
    pub popup: Option<Popup>,
    /// Of the loss charts.
    pub lens: Lens,
    /// Whether L, C, R are shown times their weights.
    pub weighted: bool,
    /// The settings.
    pub steer: Steer,
    /// Log lines below the last one shown.
    pub log_scroll: usize,
    /// Asked to pause; the trainer may still be in an iteration.
    pub pause_wanted: bool,
    /// Asked to stop.
    pub stopping: bool,
    /// Lines of the help above the first one shown.
    pub help_scroll: usize,
    /// What of the flow.
    pub stage: Stage,
    /// For the loop to take.
    pub wish: Option<Wish>,
}

/// Takes up a key; the command is for the trainer.
pub fn update(state: &mut State, key: Key) -> Option<Command> {
    let action = keys::action(key, state.view.focus)?;
    let command = obey(state, action);
    if command.is_some() && state.silence.is_some() {
        return foreign(state);
    }
    command
}

/// Says why nothing happens.
fn foreign(state: &mut State) -> Option<Command> {
    let lines = state.journal.lines();
    if lines.back().is_none_or(|line| line.text != FOREIGN) {
        let iteration = state.iteration;
        state.journal.push(iteration, Kind::Note, FOREIGN.into());
    }
    None
}

fn obey(state: &mut State, action: Action) -> Option<Command> {
    match action {
        Action::Interrupt => interrupt(state),
        Action::Suspend => wish(state, Wish::Suspend),
        Action::Repaint => wish(state, Wish::Repaint),
        Action::Portrait => wish(state, Wish::Portrait),
        _ => match state.view.popup {
            Some(Popup::Quit) => answer(state, action),
            Some(Popup::Help) => {
                read(&mut state.view, action);
                None
            }
            None => act(state, action),
        },
    }
}

fn act(state: &mut State, action: Action) -> Option<Command> {
    match action {
        Action::Quit => quit(state),
        Action::Pause | Action::Step if state.silence.is_some() => foreign(state),
        Action::Pause => pause(state),
        Action::Step => (state.paused && state.finished.is_none()).then_some(Command::Step),
        other => {
            look(state, other);
            None
        }
    }
}

/// Keys while the help is open.
fn read(view: &mut View, action: Action) {
    match action {
        Action::Down => {
            view.help_scroll = (view.help_scroll + 1).min(keys::rows(view.focus).count())
        }
        Action::Up => view.help_scroll = view.help_scroll.saturating_sub(1),
        Action::Back | Action::Help | Action::Quit | Action::Accept => {
            (view.popup, view.help_scroll) = (None, 0);
        }
        _ => {}
    }
}

/// Keys that only change what is seen.
fn look(state: &mut State, action: Action) {
    let view = &mut state.view;
    match action {
        Action::Help => view.popup = Some(Popup::Help),
        Action::Back if view.zoom => view.zoom = false,
        Action::Back => state.rejection = None,
        Action::Accept | Action::Zoom => view.zoom = !view.zoom,
        Action::Next => view.focus = neighbour(view.focus, 1),
        Action::Previous => view.focus = neighbour(view.focus, Pane::ALL.len() - 1),
        Action::Focus(pane) => view.focus = pane,
        Action::LogAxis => lens::scale(state),
        Action::Lens(act) => lens::act(state, act),
        Action::Weighted => view.weighted = !view.weighted,
        Action::Up => scroll(state, 1),
        Action::Down => scroll(state, -1),
        Action::Steer(act) => steer::act(state, act),
        Action::Stage(act) => stage::act(state, act),
        Action::Quit
        | Action::Interrupt
        | Action::Pause
        | Action::Step
        | Action::Repaint
        | Action::Portrait
        | Action::Suspend => {}
    }
}

fn neighbour(pane: Pane, distance: usize) -> Pane {
    Pane::ALL[(pane as usize + distance) % Pane::ALL.len()]
}

/// By so many lines up.
fn scroll(state: &mut State, up: isize) {
    let view = &mut state.view;
    match view.focus {
        Pane::Settings => steer::select(state, -up),
        Pane::Log => {
            let last = state.journal.lines().len().saturating_sub(1);
            view.log_scroll = view.log_scroll.saturating_add_signed(up).min(last);
        }
        Pane::Losses | Pane::Flow | Pane::Optimizer => {}
    }
}

fn wish(state: &mut State, wish: Wish) -> Option<Command> {
    state.view.wish = Some(wish);
    None
}

fn quit(state: &mut State) -> Option<Command> {
    if state.finished.is_some() || state.silence.is_some() {
        return wish(state, Wish::Leave);
    }
    state.view.popup = Some(Popup::Quit);
    None
}

/// The answer to "stop?".
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

fn interrupt(state: &mut State) -> Option<Command> {
    if state.view.stopping || state.finished.is_some() || state.silence.is_some() {
        return wish(state, Wish::Leave);
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
    use super::super::lens::Reach;
    use super::super::sample;
    use super::*;
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
        let mut state = sample::started();
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
    fn q_asks_then_stops_then_leaves() {
        let mut state = sample::started();
        assert!(press(&mut state, 'q').is_none());
        assert_eq!(state.view.popup, Some(Popup::Quit));
        assert!(escape(&mut state).is_none());
        assert_eq!((state.view.popup, state.view.stopping), (None, false));
        press(&mut state, 'q');
        assert!(matches!(
            press(&mut state, 'q'),
            Some(Command::Stop(Reason::Quit))
        ));
        assert_eq!(state.view.wish, None, "the trainer saves first");
        state.apply(sample::finished(5, Reason::Quit), 1.0);
        press(&mut state, 'q');
        assert_eq!(state.view.wish, Some(Wish::Leave));
    }

    #[test]
    fn the_first_control_c_stops_and_the_second_leaves() {
        let mut state = sample::started();
        press(&mut state, 'q');
        assert!(matches!(
            hold(&mut state, 'c'),
            Some(Command::Stop(Reason::Signal(SIGINT)))
        ));
        assert_eq!((state.view.wish, state.view.popup), (None, None));
        assert!(hold(&mut state, 'c').is_none());
        assert_eq!(state.view.wish, Some(Wish::Leave));
    }

    #[test]
    fn keys_neither_command_nor_end_the_run_of_another_process() {
        let mut state = sample::started();
        state.silence = Some(0.0);
        for letter in ['p', ' ', '.', 'p'] {
            assert!(press(&mut state, letter).is_none());
        }
        let told = |state: &State| {
            let lines = state.journal.lines().iter();
            lines.filter(|line| line.text == FOREIGN).count()
        };
        assert_eq!((told(&state), state.view.pause_wanted), (1, false));
        assert!(press(&mut state, 'q').is_none());
        assert_eq!(state.view.wish.take(), Some(Wish::Leave));
        assert!(hold(&mut state, 'c').is_none());
        assert_eq!(state.view.wish.take(), Some(Wish::Leave));
        state.view.popup = Some(Popup::Quit);
        assert!(press(&mut state, 'q').is_none(), "a command from anywhere");
        assert_eq!(told(&state), 1);
    }

    #[test]
    fn escape_never_quits() {
        let mut state = sample::started();
        state.apply(sample::finished(5, Reason::Iterations), 1.0);
        for _ in 0..5 {
            assert!(escape(&mut state).is_none());
            assert_eq!(state.view.wish, None);
        }
    }

    /// States in which keys have different meanings.
    fn situations() -> Vec<State> {
        let running = sample::started();
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
        let mut settings = running.clone();
        (settings.view.focus, settings.view.steer.selected) = (Pane::Settings, 1);
        let mut schedule = settings.clone();
        schedule.view.steer.selected = 8;
        let mut part = schedule.clone();
        steer::act(&mut part, steer::Act::Part(1));
        let mut window = sample::run();
        window.view.lens.reach = Reach::Between(100, 200);
        let mut columns = running.clone();
        columns.show(Picture {
            dimension: 3,
            ..Picture::default()
        });
        stage::act(&mut columns, stage::Act::Column(0, 1));
        vec![
            running, paused, asked, settings, schedule, part, window, columns,
        ]
    }

    #[test]
    fn every_key_of_the_table_does_something_somewhere() {
        for (pane, binding) in keys::TABLES
            .iter()
            .flat_map(|(pane, table)| table.iter().map(move |row| (pane, row)))
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
        let mut state = sample::started();
        state.view.focus = Pane::Settings;
        for _ in 0..1000 {
            press(&mut state, 'j');
        }
        assert_eq!(state.view.steer.selected, state.fields.len() - 1);
        for _ in 0..1000 {
            press(&mut state, 'k');
        }
        assert_eq!(state.view.steer.selected, 0);
    }
}
