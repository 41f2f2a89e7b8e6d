//! The settings in force: in one line the answer to the last key or the last edit, then the rows in their groups, what is to be known of
//! the selected one, and a legend of the marks.
//!
//! | file | holds |
//! | --- | --- |
//! | `list.rs` | the rows |
//! | `details.rs` | what is to be known of the selected setting |
//! | `edits.rs` | the list of edits, which takes the place of all that |
//! | `row.rs`, `wrap.rs` | a row with the class at the right; text in lines |

mod details;
mod edits;
mod list;
mod row;
mod wrap;

use ratatui::layout::Rect;

use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::format::rate;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::State;
use crate::dashboard::state::differences::HeldBack;
use crate::dashboard::state::edits::Edit;
use crate::dashboard::theme::Theme;

/// Rows that the details of most settings take.
const DETAILS: u16 = 8;

/// Least height of the rows above a legend.
const LEGEND: u16 = 5;

/// The number of rows that show everything, title included; the details of some settings are longer.
pub fn height(state: &State) -> u16 {
    let legend = u16::from(!reasons(state).is_empty());
    let headline = u16::from(state.edit.is_some());
    let list = list::height(state).max(1) as u16;
    let details = match state.view.focus {
        Pane::Settings => DETAILS,
        _ => 0,
    };
    list.saturating_add(1 + legend + headline + details)
}

/// Draws the pane.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let headline = headline(state, canvas.theme);
    if let Some(text) = &headline {
        canvas.cut_line(0, text, canvas.theme.changed());
    }
    let area = below(canvas.area, u16::from(headline.is_some()));
    if state.view.settings.edits {
        return edits::draw(state, &mut canvas.part(area));
    }
    let focused = state.view.focus == Pane::Settings;
    let lines = if focused {
        details::lines(state, area.width)
    } else {
        Vec::new()
    };
    // The list keeps the larger half, but lines that it does not need are the details'.
    let free = (list::height(state) as u16).min(area.height);
    let most = (area.height.saturating_sub(1) / 2).max(area.height - free);
    let wanted = if lines.is_empty() {
        0
    } else {
        lines.len() as u16 + 1
    };
    let details = wanted.min(most);
    let rest = area.height - details;
    let mut marks = legend(&reasons(state), canvas.theme, area.width);
    if rest < LEGEND + marks.len() as u16 {
        marks.clear();
    }
    let rows = rest - marks.len() as u16;
    list::draw(
        state,
        &mut canvas.part(Rect {
            height: rows,
            ..area
        }),
    );
    for (row, text) in (rows..rest).zip(&marks) {
        let dim = canvas.theme.dim();
        canvas.part(area).cut_line(row, text, dim);
    }
    if details > 0 {
        details::draw(state, &lines, &mut canvas.part(below(area, rest)));
    }
}

/// The title of the pane: the rate in force may be below its base.
pub fn title(state: &State) -> String {
    match state.step.map(|step| step.lr) {
        _ if state.view.settings.edits => edits::title(state),
        Some(lr) => format!("settings, lr now {}", rate(lr)),
        None => "settings".into(),
    }
}

fn headline(state: &State, theme: &Theme) -> Option<String> {
    let edit = || Some(last_edit(state, state.edit.as_ref()?, theme));
    state.view.settings.note.clone().or_else(edit)
}

/// The last edit; one that is not in force has its mark and its reason.
fn last_edit(state: &State, edit: &Edit, theme: &Theme) -> String {
    let Edit {
        field,
        old,
        new,
        iteration,
    } = edit;
    let named = |other: &&crate::session::SessionField| other.name == field;
    let held = state.fields.iter().find(named);
    match held.and_then(|field| state.differences.of(field)) {
        Some(held) if held.value == *new && held.reason != HeldBack::Refused => {
            let mark = theme.held(held.reason).text;
            let reason = held.reason.words();
            format!("{mark} {field} {new} {reason} @{iteration}")
        }
        _ => format!("{} {field} {old} -> {new} @{iteration}", theme.last_edit()),
    }
}

/// The reasons why rows differ from the file.
fn reasons(state: &State) -> Vec<HeldBack> {
    let fields = state.fields.iter();
    let there: Vec<HeldBack> = fields
        .filter_map(|field| Some(state.differences.of(field)?.reason))
        .collect();
    let mut all = HeldBack::ALL.to_vec();
    all.retain(|reason| there.contains(reason));
    all
}

/// The marks of the rows that differ from the file, with their meanings, in lines of this width.
fn legend(reasons: &[HeldBack], theme: &Theme, width: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for reason in reasons {
        let mark = format!("{} {}", theme.held(*reason).text, reason.short());
        let fits = |line: &&mut String| line.len() + 2 + mark.len() <= usize::from(width);
        match lines.last_mut().filter(fits) {
            Some(line) => *line = format!("{line}, {mark}"),
            None => lines.push(mark),
        }
    }
    lines
}
