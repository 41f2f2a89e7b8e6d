//! The next value of a field or of a part of one: numbers go up and down the ladder 1, 2, 5, 10, ..., words to their neighbour in the table.

use super::Session;
use super::range::{Allowed, Held};
use super::table::rows;

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the next larger number or the next word.
    Up,
    /// To the next smaller number or the word before.
    Down,
}

impl Way {
    fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// The least rung of a number that may be 0: below it comes 0.
const LEAST: f64 = 1e-3;

/// The least rung of a share that may be None: an average that keeps less of itself averages next to nothing.
const LEAST_SHARE: f64 = 0.9;

/// The value next to the one that `field` holds, as the session file writes it; or in a sentence why there is none.
pub fn nudge(session: &Session, field: &str, way: Way) -> Result<String, String> {
    let row = rows().find(|row| row.name == field);
    let row = row.ok_or_else(|| format!("no field `{field}`"))?;
    let held = (row.held)(session);
    let next = match (row.allowed, &held) {
        (Allowed::Whole(low, high), Held::Whole(value)) => whole(*value, way)
            .map(|next| next.clamp(low, high))
            .filter(|next| next != value)
            .map(Held::Whole),
        (allowed, Held::Number(value)) => number(allowed, *value, way).map(Held::Number),
        (Allowed::NoneOrAbove(_, most), Held::Maybe(value)) => optional(*value, most, way),
        (Allowed::NoneOrBetween, Held::Maybe(value)) => Some(Held::Maybe(share(*value, way))),
        (Allowed::Words(words), Held::Written(word)) => {
            neighbour(words, word, way).map(|next| Held::Written(next.to_owned()))
        }
        _ => None,
    };
    match next.filter(|next| row.allowed.admits(next)) {
        Some(next) => Ok(next.to_string()),
        None => Err(format!("no step from {held}; {field} is {}", row.allowed)),
    }
}

/// The next rung up to `most`, with None above it; from None either way leads back.
fn optional(value: Option<f64>, most: f64, way: Way) -> Option<Held> {
    let next = match (value, way) {
        (None, _) => Some(most),
        (Some(value), Way::Up) if value >= most => None,
        (Some(value), way) => Some(rung(value, way)?),
    };
    Some(Held::Maybe(next))
}

/// The next rung towards 1, with None below the least; from None either way leads there.
fn share(value: Option<f64>, way: Way) -> Option<f64> {
    match (value, way) {
        (None, _) => Some(LEAST_SHARE),
        (Some(value), Way::Down) if value <= LEAST_SHARE => None,
        (Some(value), way) => number(Allowed::Between(0.0, 1.0), value, way),
    }
}

/// The next rung of the ladder; 0 lies below 1.
fn whole(value: u64, way: Way) -> Option<u64> {
    let rungs = || (0..20).flat_map(|power| [1, 2, 5].map(|m| 10_u64.pow(power).saturating_mul(m)));
    match way {
        Way::Up => rungs().find(|&rung| rung > value),
        Way::Down if value == 0 => None,
        Way::Down => Some(rungs().take_while(|&rung| rung < value).last().unwrap_or(0)),
    }
}

/// The next rung; the ends of the range belong to the ladder, and towards 1 as an open end it is that of the rest to 1.
fn number(allowed: Allowed, value: f64, way: Way) -> Option<f64> {
    let (low, high) = match allowed {
        Allowed::From(low, high) | Allowed::Above(low, high) => (low, high),
        Allowed::Between(_, 1.0) | Allowed::Below(_, 1.0)
            if value > 0.5 || (value == 0.5 && way == Way::Up) =>
        {
            return rung(1.0 - value, way.opposite()).map(|rest| 1.0 - rest);
        }
        Allowed::Below(low, high) => (low, high),
        _ => return rung(value, way),
    };
    let closed = matches!(allowed, Allowed::From(..) | Allowed::Below(..));
    let zero = low == 0.0 && closed;
    let next = match way {
        Way::Up if zero && value < LEAST => LEAST,
        Way::Down if zero && value <= LEAST => 0.0,
        way => rung(value, way)?,
    };
    let next = next.min(high);
    let next = if closed { next.max(low) } else { next };
    (next != value).then_some(next)
}

/// The next of 1, 2 and 5 times a power of 10. Values within [`SAME`] of a rung stand on it.
fn rung(value: f64, way: Way) -> Option<f64> {
    let power = value.log10().floor() as i32;
    let rungs = (power - 1..=power + 1).flat_map(|power| ["1", "2", "5"].map(|m| (m, power)));
    // Read from text, 0.1 is the 0.1 of the file.
    let mut rungs = rungs.filter_map(|(m, power)| format!("{m}e{power}").parse::<f64>().ok());
    let next = match way {
        Way::Up => rungs.find(|&rung| rung > value * (1.0 + SAME)),
        Way::Down => rungs.take_while(|&rung| rung < value * (1.0 - SAME)).last(),
    };
    next.filter(|next| *next > 0.0 && next.is_finite())
}

/// Far above rounding, far below the distance of two rungs.
const SAME: f64 = 1e-9;

/// The word beside `word` in "A, B or C", round and round; of a word with brackets only the name counts. A file in quotes is an
/// example, and no step.
fn neighbour<'a>(words: &'a str, word: &str, way: Way) -> Option<&'a str> {
    let name = |word: &str| word.split('(').next().map(str::to_owned);
    let (head, last) = words.split_once(" or ")?;
    let words = outside_brackets(head).into_iter().chain([last]);
    let words: Vec<&str> = words.filter(|word| !word.contains('"')).collect();
    let at = words.iter().position(|other| name(other) == name(word))?;
    let step = match way {
        Way::Up => 1,
        Way::Down => words.len() - 1,
    };
    Some(words[(at + step) % words.len()])
}

/// What commas that are in no brackets part.
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
    use crate::session::{parse, rewrite};

    /// The values that steps from `value` lead through.
    fn steps(field: &str, value: &str, way: Way) -> Vec<String> {
        let text = "(data: Toy(name: \"moons\"), start: Matching(), optimizer: Muon())";
        let mut text = rewrite(text, &[(field, value)]).unwrap();
        let mut values = Vec::new();
        for _ in 0..4 {
            let session = parse(&text, Path::new("s.ron")).unwrap();
            let Ok(value) = nudge(&session, field, way) else {
                break;
            };
            text = rewrite(&text, &[(field, &value)]).unwrap();
            values.push(value);
        }
        values
    }

    #[test]
    fn numbers_climb_and_descend_the_ladder() {
        use Way::{Down, Up};
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
        use Way::{Down, Up};
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
        use Way::{Down, Up};
        let part = |part: &str, schedule, way| {
            let text =
                format!("(data: Toy(name: \"moons\"), optimizer: Adam(schedule: {schedule}))");
            let session = parse(&text, Path::new("s.ron")).unwrap();
            let field = format!("optimizer.schedule.{part}");
            let value = nudge(&session, &field, way)?;
            let new = rewrite(&text, &[(&field, &value)]).unwrap();
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
        use Way::{Down, Up};
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
    fn ranges_end_the_ladder() {
        use Way::{Down, Up};
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
        use Way::{Down, Up};
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
        for (way, kind) in [(Up, "Yes"), (Down, "Normal")] {
            assert_eq!(nudge(&table, "data.whiten", way).unwrap(), kind);
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
        let refusal = |field| nudge(&session, field, Way::Up).unwrap_err();
        assert!(refusal("gates").contains("a list such as"));
        assert!(refusal("data.name").contains("one of"));
    }
}
