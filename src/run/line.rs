//! One event as a line: as a JSON object for programs (`--json`, `metrics.jsonl`, `edits.jsonl`), in words for people
//! (`log.txt`, the `#` lines of the headless rows).
//!
//! JSON numbers read back as the same f64; JSON has no other numbers than finite ones, so NaN and infinities become null.

use serde::Serialize;

use crate::event::{Best, Event, Finished, Start};
use crate::session::{Applies, Session, to_ron};
use crate::verdict::Assessment;

/// Columns of the word in front of every text.
const KIND: usize = 12;

/// The event as a JSON object, with its line end.
pub fn json(event: &Event) -> String {
    let mut line = Vec::with_capacity(256);
    write_json(event, &mut line);
    String::from_utf8_lossy(&line).into_owned()
}

/// Appends the event as a JSON object, with its line end.
pub fn write_json(event: &Event, line: &mut Vec<u8>) {
    let before = line.len();
    if let Err(error) = serde_json::to_writer(&mut *line, event) {
        // Only a path that is not UTF-8 can't be told in JSON.
        line.truncate(before);
        let message = format!("an event can't be written as JSON: {error}");
        let warning = serde_json::json!({ "event": "warning", "message": message });
        line.extend(warning.to_string().into_bytes());
    }
    line.push(b'\n');
}

/// The line of `edits.jsonl` that has a whole edited session, as a session file writes it; the edits that it made follow.
pub fn edited(iteration: u64, session: &Session) -> String {
    let session = to_ron(session);
    serde_json::json!({ "event": "session", "iteration": iteration, "session": session })
        .to_string()
        + "\n"
}

/// A verdict after an iteration as one JSON object with its line end: event, iteration, verdict, finding, advice.
pub fn json_verdict(iteration: Option<u64>, assessment: &Assessment) -> String {
    #[derive(Serialize)]
    struct VerdictLine<'a> {
        event: &'static str,
        iteration: Option<u64>,
        #[serde(flatten)]
        assessment: &'a Assessment,
    }
    let line = VerdictLine {
        event: "verdict",
        iteration,
        assessment,
    };
    let mut json = serde_json::to_string(&line).unwrap_or_default();
    json.push('\n');
    json
}

/// The words for an event, without control characters; several lines for a refused session. None for what happens all
/// the time.
pub fn words(event: &Event) -> Option<String> {
    let (kind, text) = match event {
        Event::Start(start) => ("start", started(start)),
        Event::Edit {
            field,
            old,
            new,
            applies,
            ..
        } => (
            "edit",
            format!("{field} {old} -> {new} ({})", when(*applies)),
        ),
        Event::Rejected(rejection) => ("rejected", rejection.to_string()),
        Event::Rate { old, new, .. } => ("rate", format!("{old} -> {new}")),
        Event::Rollback {
            quantity,
            finding,
            to,
            lr,
            left,
            ..
        } => (
            "rollback",
            format!(
                "{quantity} {finding}: back to iteration {to}, rate {lr}, rollbacks left: {left}"
            ),
        ),
        Event::Restored { to, by, .. } => (
            "restored",
            format!("the best parameters by {by} are back: those after iteration {to}"),
        ),
        Event::Judged { best, .. } => ("judged", judged(best.as_ref())),
        Event::Accepted { .. } => (
            "accepted",
            "the session file is valid and changes nothing".into(),
        ),
        Event::Saved { path, .. } => (
            "saved",
            format!(
                "{}: otflow train --resume goes on from here",
                path.display()
            ),
        ),
        Event::Paused { paused: true, .. } => ("pause", "training waits".into()),
        Event::Paused { paused: false, .. } => ("resume", "training goes on".into()),
        Event::Warning { message } => ("warning", message.clone()),
        Event::Finished(finished) => ("finished", ended(finished)),
        Event::Iteration { .. }
        | Event::Matching { .. }
        | Event::Validation { .. }
        | Event::Resample { .. }
        | Event::Checkpoint { .. } => return None,
    };
    Some(entry(kind, &text))
}

/// A text behind a word that says what it is about, without control characters.
pub fn entry(kind: &str, text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.chars().map(printable).collect())
        .collect();
    format!("{kind:<KIND$}{}", lines.join(&format!("\n{:KIND$}", "")))
}

/// The iteration an event belongs to, where it has one.
pub fn iteration(event: &Event) -> Option<u64> {
    match event {
        Event::Start(_) | Event::Rejected(_) | Event::Warning { .. } => None,
        Event::Finished(finished) => Some(finished.iteration),
        Event::Iteration { iteration, .. }
        | Event::Matching { iteration, .. }
        | Event::Validation { iteration, .. }
        | Event::Edit { iteration, .. }
        | Event::Rate { iteration, .. }
        | Event::Resample { iteration }
        | Event::Rollback { iteration, .. }
        | Event::Restored { iteration, .. }
        | Event::Judged { iteration, .. }
        | Event::Accepted { iteration }
        | Event::Checkpoint { iteration, .. }
        | Event::Saved { iteration, .. }
        | Event::Paused { iteration, .. } => Some(*iteration),
    }
}

/// The best parameters under an edited session, in words.
pub fn judged(best: Option<&Best>) -> String {
    match best {
        Some(best) => format!(
            "the best under the session in force: iteration {}, loss {:.6}, C {:.4} nats",
            best.iteration, best.figures.losses.loss, best.figures.losses.c
        ),
        None => "no best parameters under the session in force".into(),
    }
}

fn started(start: &Start) -> String {
    let Start {
        version,
        name,
        dimension,
        parameters,
        threads,
        compiled,
        fork,
        ..
    } = start;
    let entropy = start
        .entropy
        .map_or("unknown".into(), |h| format!("{h:.6} nats"));
    let ranks = start.times();
    let fork = fork.as_ref().map_or(String::new(), |fork| {
        format!(
            "\nforked off {} after iteration {}",
            fork.run.display(),
            fork.iteration
        )
    });
    format!(
        "otflow {version}  {name}: {dimension} dimensions, {parameters} parameters, {ranks}{threads} threads, {compiled}, H {entropy}{fork}"
    )
}

fn when(applies: Applies) -> &'static str {
    match applies {
        Applies::Live => "in force",
        Applies::Resample => "from the next draw of the batch",
        Applies::Restart => "not applied: needs a new run",
    }
}

fn ended(finished: &Finished) -> String {
    let best = finished
        .best
        .as_ref()
        .map_or("without a validation".into(), best);
    let gates = finished.gates.iter();
    let gates: String = gates.map(|result| format!("\ngate {result}")).collect();
    format!(
        "{}: {} iterations in {:.1} s\n{best}{gates}",
        finished.reason, finished.iteration, finished.seconds
    )
}

fn best(best: &Best) -> String {
    let losses = best.figures.losses;
    let divergence = match (best.figures.divergence, best.figures.divergence_se) {
        (Some(value), Some(se)) => format!(", C - H {value:.4} \u{b1} {se:.4}"),
        (Some(value), None) => format!(", C - H {value:.4}"),
        _ => String::new(),
    };
    let (c, l, r, loss) = (losses.c, losses.l, losses.r, losses.loss);
    format!(
        "best at iteration {}: C {c:.4} nats{divergence}, L {l:.4}, R {r:.4}, loss {loss:.4}",
        best.iteration
    )
}
