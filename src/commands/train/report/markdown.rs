//! The report as Markdown: a table of the tests, and one of what was trained where.

use super::{Report, TestOutcome};

/// The text of the report.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!("## {}: {}\n\n", escaped(&report.name), verdict(report));
    text += "| test | result |\n| --- | --- |\n";
    for test in &report.tests {
        let result = match &test.outcome {
            TestOutcome::Passed(words) => words.as_deref().map_or("passed".into(), escaped),
            TestOutcome::Failed(words) => format!("**failed**: {}", escaped(words)),
            TestOutcome::Error(trouble) => {
                format!("**error**, {}: {}", trouble.kind, escaped(&trouble.message))
            }
            TestOutcome::Skipped => "not judged".into(),
        };
        text += &format!("| {} | {result} |\n", escaped(&test.name));
    }
    if report.facts.is_empty() {
        return text;
    }
    text += "\n| | |\n| --- | --- |\n";
    for fact in &report.facts {
        text += &format!("| {} | {} |\n", fact.name, escaped(&fact.value));
    }
    text
}

/// The whole in a few words.
fn verdict(report: &Report) -> String {
    let outcomes = || report.tests.iter().map(|test| &test.outcome);
    if let Some(TestOutcome::Error(trouble)) =
        outcomes().find(|outcome| matches!(outcome, TestOutcome::Error(_)))
    {
        return format!("error, {}", trouble.kind);
    }
    let missed = outcomes().filter(|outcome| matches!(outcome, TestOutcome::Failed(_)));
    match (missed.count(), report.tests.len() - 1) {
        (0, _) => "passed".into(),
        (missed, gates) => format!("{missed} of {gates} gates missed"),
    }
}

/// A text in which no character has a meaning for Markdown, on one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
