//! The next larger or smaller value of a field or of a part of one: numbers go through the series 1, 2, 5, 10, ..., words through
//! the list in the table.

use super::Session;
use super::allowed::Allowed;
use super::field_table::all_fields;
use super::field_value::FieldValue;

/// The direction in which a value is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeDirection {
    /// Towards the next larger number or the next word.
    Up,
    /// Towards the next smaller number or the previous word.
    Down,
}

impl NudgeDirection {
    fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// The least term of a number that may be 0: below it comes 0.
const LEAST_TERM: f64 = 1e-3;

/// The least term of a share that may be None: an average that keeps less of itself averages next to nothing.
const LEAST_SHARE: f64 = 0.9;

/// The value next to the present value of a field, as the session file writes it.
///
/// # Errors
/// When there is none, with the reason in a sentence.
pub fn nudge(session: &Session, field: &str, direction: NudgeDirection) -> Result<String, String> {
    let definition = all_fields().find(|known| known.name == field);
    let definition = definition.ok_or_else(|| format!("no field `{field}`"))?;
    let allowed = definition.allowed;
    let present = (definition.value)(session);
    let next = match (allowed, &present) {
        (Allowed::Whole(low, high), FieldValue::Whole(value)) => next_whole(*value, direction)
            .map(|next| next.clamp(low, high))
            .filter(|next| next != value)
            .map(FieldValue::Whole),
        (allowed, FieldValue::Number(value)) => {
            next_number(allowed, *value, direction).map(FieldValue::Number)
        }
        (Allowed::NoneOrAbove { largest_step, .. }, FieldValue::Optional(value)) => {
            next_optional(*value, largest_step, direction)
        }
        (Allowed::NoneOrBetween, FieldValue::Optional(value)) => {
            Some(FieldValue::Optional(next_share(*value, direction)))
        }
        (Allowed::Words(words), FieldValue::Written(word)) => {
            next_word(words, word, direction).map(|next| FieldValue::Written(next.to_owned()))
        }
        _ => None,
    };
    match next.filter(|next| allowed.admits(next)) {
        Some(next) => Ok(next.to_string()),
        None => Err(format!("no step from {present}; {field} is {allowed}")),
    }
}

/// The next term up to `most`, with None above it; from None either direction leads to `most`.
fn next_optional(value: Option<f64>, most: f64, direction: NudgeDirection) -> Option<FieldValue> {
    let next = match (value, direction) {
        (None, _) => Some(most),
        (Some(value), NudgeDirection::Up) if value >= most => None,
        (Some(value), direction) => Some(next_term(value, direction)?),
    };
    Some(FieldValue::Optional(next))
}

/// The next term towards 1, with None below the least term; from None either direction leads to the least term.
fn next_share(value: Option<f64>, direction: NudgeDirection) -> Option<f64> {
    match (value, direction) {
        (None, _) => Some(LEAST_SHARE),
        (Some(value), NudgeDirection::Down) if value <= LEAST_SHARE => None,
        (Some(value), direction) => next_number(Allowed::Between(0.0, 1.0), value, direction),
    }
}

/// The next term of the series for an integer; 0 lies below 1.
fn next_whole(value: u64, direction: NudgeDirection) -> Option<u64> {
    let terms = || (0..20).flat_map(|power| [1, 2, 5].map(|m| 10_u64.pow(power).saturating_mul(m)));
    match direction {
        NudgeDirection::Up => terms().find(|&term| term > value),
        NudgeDirection::Down if value == 0 => None,
        NudgeDirection::Down => Some(terms().take_while(|&term| term < value).last().unwrap_or(0)),
    }
}

/// The next term for a number; the bounds of a range belong to the series, and towards 1 as an open bound the series is one of
/// distances to 1.
fn next_number(allowed: Allowed, value: f64, direction: NudgeDirection) -> Option<f64> {
    let (low, high) = match allowed {
        Allowed::From(low, high) | Allowed::Above(low, high) => (low, high),
        Allowed::Between(_, 1.0) | Allowed::Below(_, 1.0)
            if value > 0.5 || (value == 0.5 && direction == NudgeDirection::Up) =>
        {
            return next_term(1.0 - value, direction.opposite()).map(|rest| 1.0 - rest);
        }
        Allowed::Below(low, high) => (low, high),
        _ => return next_term(value, direction),
    };
    let closed = matches!(allowed, Allowed::From(..) | Allowed::Below(..));
    let zero = low == 0.0 && closed;
    let next = match direction {
        NudgeDirection::Up if zero && value < LEAST_TERM => LEAST_TERM,
        NudgeDirection::Down if zero && value <= LEAST_TERM => 0.0,
        direction => next_term(value, direction)?,
    };
    let next = next.min(high);
    let next = if closed { next.max(low) } else { next };
    (next != value).then_some(next)
}

/// The next of 1, 2 and 5 times a power of 10. Values within [`SAME`] of a term count as the term.
fn next_term(value: f64, direction: NudgeDirection) -> Option<f64> {
    let power = value.log10().floor() as i32;
    let terms = (power - 1..=power + 1).flat_map(|power| ["1", "2", "5"].map(|m| (m, power)));
    // Read from text, 0.1 is the 0.1 of the file.
    let mut terms = terms.filter_map(|(m, power)| format!("{m}e{power}").parse::<f64>().ok());
    let next = match direction {
        NudgeDirection::Up => terms.find(|&term| term > value * (1.0 + SAME)),
        NudgeDirection::Down => terms.take_while(|&term| term < value * (1.0 - SAME)).last(),
    };
    next.filter(|next| *next > 0.0 && next.is_finite())
}

/// The relative distance within which numbers count as equal: far above rounding, far below the distance of two terms.
const SAME: f64 = 1e-9;

/// The word next to `word` in "A, B or C", cyclically; of a word with brackets only the name counts. A file in quotes is an
/// example and left out.
fn next_word<'a>(words: &'a str, word: &str, direction: NudgeDirection) -> Option<&'a str> {
    let name = |word: &str| word.split('(').next().map(str::to_owned);
    let (head, last) = words.split_once(" or ")?;
    let words = outside_brackets(head).into_iter().chain([last]);
    let words: Vec<&str> = words.filter(|word| !word.contains('"')).collect();
    let at = words.iter().position(|other| name(other) == name(word))?;
    let step = match direction {
        NudgeDirection::Up => 1,
        NudgeDirection::Down => words.len() - 1,
    };
    Some(words[(at + step) % words.len()])
}

/// The parts of a text between the commas that are in no brackets.
fn outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let parts = text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session::{Assignment, parse, rewrite};

    /// The values after each of some steps from `value`.
    fn steps(field: &str, value: &str, direction: NudgeDirection) -> Vec<String> {
        let text = "(data: Toy(name: \"moons\"), start: Matching(), optimizer: Muon())";
        let mut text = rewrite(text, &[Assignment::new(field, value)]).unwrap();
        let mut values = Vec::new();
        for _ in 0..4 {
            let session = parse(&text, Path::new("s.ron")).unwrap();
            let Ok(value) = nudge(&session, field, direction) else {
                break;
            };
            text = rewrite(&text, &[Assignment::new(field, &value)]).unwrap();
            values.push(value);
        }
        values
    }

    #[test]
    fn numbers_go_up_and_down_the_series() {
        use NudgeDirection::{Down, Up};
        assert_eq!(
            steps("optimizer.lr", "0.1", Up),
            ["0.2", "0.5", "1.0", "2.0"]
        );
        assert_eq!(
            steps("optimizer.lr", "0.3", Down),
            ["0.2", "0.1", "0.05", "0.02"]
        );
        assert_eq!(
            steps("weights.likelihood", "30.0", Up)[..2],
            ["50.0", "100.0"]
        );
        assert_eq!(steps("flow.steps", "8", Up)[..3], ["10", "20", "50"]);
        assert_eq!(steps("flow.steps", "8", Down), ["5", "2", "1"]);
        assert_eq!(
            steps("stop.seconds", "Some(60.0)", Up)[..2],
            ["Some(100.0)", "Some(200.0)"]
        );
    }

    #[test]
    fn none_is_above_the_largest_step() {
        use NudgeDirection::{Down, Up};
        let down = ["Some(1000000.0)", "Some(500000.0)", "Some(200000.0)"];
        assert_eq!(steps("stop.seconds", "None", Down)[..3], down);
        let up = ["Some(100.0)", "None", "Some(100.0)", "None"];
        assert_eq!(steps("optimizer.clamp", "Some(50.0)", Up), up);
        assert_eq!(steps("optimizer.clamp", "Some(700.0)", Up)[..1], ["None"]);
        assert_eq!(
            steps("optimizer.clamp", "Some(700.0)", Down)[..1],
            ["Some(500.0)"]
        );
    }

    #[test]
    fn the_parts_of_a_schedule_have_steps_of_their_own() {
        use NudgeDirection::{Down, Up};
        let part = |part: &str, schedule, direction| {
            let text =
                format!("(data: Toy(name: \"moons\"), optimizer: Adam(schedule: {schedule}))");
            let session = parse(&text, Path::new("s.ron")).unwrap();
            let field = format!("optimizer.schedule.{part}");
            let value = nudge(&session, &field, direction)?;
            let new = rewrite(&text, &[Assignment::new(&field, &value)]).unwrap();
            let start = new.find("schedule: ").unwrap() + 10;
            Ok::<_, String>(new[start..].strip_suffix("))").unwrap().to_owned())
        };
        let plateau = "Plateau(patience: 15 /* long */, factor: 0.1, drops: 0)";
        let stepped = |old, new| Ok(plateau.replace(old, new));
        assert_eq!(part("patience", plateau, Up), stepped("15", "20"));
        assert_eq!(part("factor", plateau, Down), stepped("0.1", "0.05"));
        assert_eq!(part("drops", plateau, Up), stepped("drops: 0", "drops: 1"));
        assert!(part("drops", plateau, Down).is_err());
        assert!(part("every", plateau, Up).is_err(), "not of this schedule");
        assert_eq!(
            part("every", "Halve(every:500)", Up).unwrap(),
            "Halve(every:1000)"
        );
        let cosine = "Cosine(warmup: 1, floor: 0.01)";
        let colder = cosine.replace("0.01", "0.02");
        assert_eq!(part("floor", cosine, Up).unwrap(), colder);
        let at_once = cosine.replace("1,", "0,");
        assert_eq!(part("warmup", cosine, Down).unwrap(), at_once);
        let short = part("factor", "Plateau(patience: 15)", Up).unwrap();
        assert_eq!(short, "Plateau(patience: 15, factor: 0.2)");
    }

    #[test]
    fn shares_climb_towards_1() {
        use NudgeDirection::{Down, Up};
        let up = ["Some(0.9)", "Some(0.95)", "Some(0.98)", "Some(0.99)"];
        assert_eq!(steps("optimizer.average", "None", Up), up);
        let down = steps("optimizer.average", "Some(0.95)", Down);
        assert_eq!(down[..3], ["Some(0.9)", "None", "Some(0.9)"]);
        assert_eq!(steps("optimizer.average", "Some(0.3)", Down)[0], "None");
        let up = ["0.98", "0.99", "0.995", "0.998"];
        assert_eq!(steps("optimizer.momentum", "0.95", Up), up);
        let down = ["0.001", "0.0"];
        assert_eq!(steps("optimizer.momentum", "0.002", Down), down);
        assert_eq!(steps("optimizer.decay", "0.0", Up)[..2], ["0.001", "0.002"]);
        assert_eq!(steps("optimizer.clip", "None", Down)[0], "Some(1000.0)");
        assert_eq!(steps("start.group", "2000", Up), ["4096"]);
        assert_eq!(steps("start.lr", "0.02", Down)[..2], ["0.01", "0.005"]);
    }

    #[test]
    fn ranges_end_the_series() {
        use NudgeDirection::{Down, Up};
        assert_eq!(steps("optimizer.lr", "5.0", Up), ["10.0"]);
        assert_eq!(steps("pictures.every", "2000.0", Up), ["3600.0"]);
        assert_eq!(steps("pictures.every", "0.2", Down), ["0.1"]);
        assert_eq!(steps("recovery.rollbacks", "2", Down), ["1", "0"]);
        assert_eq!(steps("recovery.rollbacks", "0", Up)[..2], ["1", "2"]);
        assert_eq!(steps("weights.hjb", "0.002", Down), ["0.001", "0.0"]);
        assert_eq!(steps("weights.hjb", "0.0", Up)[..2], ["0.001", "0.002"]);
        assert_eq!(steps("weights.transport", "0.001", Down)[..1], ["0.0005"]);
        assert_eq!(
            steps("recovery.factor", "0.5", Up),
            ["0.8", "0.9", "0.95", "0.98"]
        );
        assert_eq!(
            steps("recovery.factor", "0.9", Down),
            ["0.8", "0.5", "0.2", "0.1"]
        );
        let most = u64::MAX.to_string();
        assert_eq!(steps("stop.iterations", &most, Up), [""; 0]);
        assert_eq!(
            steps("stop.iterations", &most, Down)[..1],
            ["10000000000000000000"]
        );
    }

    #[test]
    fn words_go_round() {
        use NudgeDirection::{Down, Up};
        assert_eq!(
            steps("flow.stepper", "Rk4", Up),
            ["Euler", "Rk4", "Euler", "Rk4"]
        );
        assert_eq!(
            steps("flow.trace", "EveryStage", Down)[..2],
            ["GaussPoints", "StepNodes"]
        );
        assert_eq!(
            steps("flow.grid", "Even", Up)[..3],
            ["Square", "Drawn", "Even"]
        );
        let table = parse("(data: Table(path: \"/a.csv\"))", Path::new("s.ron")).unwrap();
        for (direction, kind) in [(Up, "Yes"), (Down, "Normal")] {
            assert_eq!(nudge(&table, "data.whiten", direction).unwrap(), kind);
        }
        let schedules = steps("optimizer.schedule", "Halve(every: 7)", Up);
        let plateau = "Plateau(patience: 15, factor: 0.1, drops: 3)";
        let cosine = "Cosine(warmup: 20, floor: 0.01)";
        assert_eq!(
            schedules,
            [cosine, plateau, "Constant", "Halve(every: 500)"]
        );
        let kinds = steps("optimizer", "Adam()", Up);
        assert_eq!(kinds, ["Muon()", "Adam()", "Muon()", "Adam()"]);
        assert_eq!(steps("start", "None", Up)[..2], ["Matching()", "None"]);
        assert!(steps("start", "Model(\"/a\")", Up).is_empty());
    }

    #[test]
    fn what_has_no_step_says_what_it_may_be() {
        let session = parse("(data: Toy(name: \"moons\"))", Path::new("s.ron")).unwrap();
        let refusal = |field| nudge(&session, field, NudgeDirection::Up).unwrap_err();
        assert!(refusal("gates").contains("a list such as"));
        assert!(refusal("data.name").contains("one of"));
    }
}
