//! What is to be known of the selected setting: its meaning, the values allowed, the default, when an edit applies, the value that the
//! file has and why it is not in force; of a learning rate what the schedule has made of it; of a typed value why it was refused.

use ratatui::style::Style;

use super::wrap::wrapped;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::{number, rate};
use crate::dashboard::state::State;
use crate::dashboard::state::differences::HeldBack;
use crate::session::{self, Applies, FieldMeaning, SessionField};

/// A line of the details.
pub struct DetailLine {
    text: String,
    weight: Weight,
}

/// How a line is shown.
#[derive(Clone, Copy)]
enum Weight {
    Plain,
    Strong,
    Alert,
}

/// The lines of the details of the selected setting, at most so wide; none without one.
pub fn lines(state: &State, width: u16) -> Vec<DetailLine> {
    let Some(field) = state.selected() else {
        return Vec::new();
    };
    let part = state.selected_part();
    let name = part.map_or(field.name, |part| part.name);
    let input = state.view.settings.input.as_ref();
    let refused = input.and_then(|input| input.refused.as_ref());
    let mut told: Vec<(String, Weight)> = Vec::new();
    told.extend(refused.map(|reason| (format!("! {reason}"), Weight::Alert)));
    told.extend(held(state, field).map(|text| (text, Weight::Strong)));
    told.extend(in_force(state, field).map(|text| (text, Weight::Strong)));
    let FieldMeaning { meaning, default } = session::meaning(name).unwrap_or(FieldMeaning {
        meaning: String::new(),
        default: None,
    });
    let allowed = session::allowed(name).unwrap_or_default();
    let default = default.map_or(String::new(), |default| format!("; default {default}"));
    let plain = [meaning, format!("{allowed}{default}"), applies(field)];
    told.extend(plain.map(|text| (text, Weight::Plain)));
    told.extend(group(name).map(|text| (text, Weight::Plain)));
    let lines = told.into_iter().flat_map(|(text, weight)| {
        let lines = wrapped(&text, width).into_iter();
        lines.map(move |text| DetailLine { text, weight })
    });
    lines.collect()
}

/// Draws a rule with the name of the setting, and the lines below it as far as they fit.
pub fn draw(state: &State, lines: &[DetailLine], canvas: &mut Canvas) {
    let theme = canvas.theme;
    let part = state.selected_part();
    let name = part.map_or_else(
        || state.selected().map_or("", |field| field.name),
        |part| part.name,
    );
    let width = usize::from(canvas.area.width);
    let rule = theme.rules().horizontal;
    canvas.line(0, &rule.repeat(width), theme.dim());
    canvas.write((1, 0), &format!(" {name} "), theme.dim());
    let room = usize::from(canvas.area.height).saturating_sub(1);
    for (row, line) in (1..).zip(lines.iter().take(room)) {
        let style = match line.weight {
            Weight::Plain => Style::new(),
            Weight::Strong => theme.strong(),
            Weight::Alert => theme.alert(),
        };
        canvas.cut_line(row, &line.text, style);
    }
}

/// The value of the file that is not in force, and why.
fn held(state: &State, field: &SessionField) -> Option<String> {
    let held = state.differences.of(field)?;
    let reason = match held.reason {
        HeldBack::Refused => "was refused",
        HeldBack::NewRun => "waits for a new run",
        HeldBack::NextDraw => "waits for the next draw",
        HeldBack::CommandLine => "gives way to the command line",
    };
    let (value, file) = (&field.value, &held.value);
    Some(format!("{value} is in force; {file} of the file {reason}"))
}

/// What the schedule, drops and rollbacks have made of a learning rate.
fn in_force(state: &State, field: &SessionField) -> Option<String> {
    let told = state.rate.filter(|rate| rate.field == field.name)?;
    let (now, base, factor) = (rate(told.rate), rate(told.base), number(told.factor()));
    Some(format!("now {now} = base {base} x {factor}"))
}

/// What the group of a field is about; None for a field without one.
fn group(name: &str) -> Option<String> {
    let (group, _) = name.split_once('.')?;
    let FieldMeaning { meaning, .. } = session::meaning(group)?;
    Some(format!("{group}: {meaning}"))
}

fn applies(field: &SessionField) -> String {
    match field.applies {
        Applies::Live => "an edit applies at once".into(),
        Applies::Resample => "an edit applies at the next draw of the batch".into(),
        Applies::Restart => "an edit applies in a new run".into(),
    }
}
