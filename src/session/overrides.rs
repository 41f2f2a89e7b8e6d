//! The overrides of the command line: what it sets in a session, also in every edited version of it.

use serde::{Deserialize, Serialize};

use super::reload::WatchChoice;
use super::{Assignment, Gate, Session, set, value_with_entries};

/// The arguments of `otflow train` that outrank the session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overrides {
    /// Number of iterations.
    pub iterations: Option<u64>,
    /// Limit of the training time, seconds.
    pub seconds: Option<f64>,
    /// Gates besides the session's.
    pub require: Vec<Gate>,
    /// Whether and how the session file is followed.
    pub watch: Option<WatchChoice>,
    /// Single fields at other values.
    pub set: Vec<FieldOverride>,
}

/// A field at another value than the session file has. It holds as long as the file keeps its value: an edit of the field in the
/// file outranks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldOverride {
    /// Field and value that is set.
    pub to: Assignment,
    /// Value in the session file.
    pub from: String,
}

impl Overrides {
    /// These overrides, completed by earlier ones where they say nothing; gates add up.
    pub fn or_earlier(mut self, before: &Self) -> Self {
        let known = before.require.iter();
        let other = known.filter(|gate| !self.require.contains(gate));
        let other: Vec<Gate> = other.cloned().collect();
        self.require.splice(0..0, other);
        let said = |field: &str| self.set.iter().any(|setting| setting.to.field == field);
        let known = before.set.iter();
        let other = known.filter(|setting| !said(&setting.to.field));
        let other: Vec<FieldOverride> = other.cloned().collect();
        self.set.splice(0..0, other);
        Overrides {
            iterations: self.iterations.or(before.iterations),
            seconds: self.seconds.or(before.seconds),
            watch: self.watch.or(before.watch),
            ..self
        }
    }

    /// Applies the overrides to a session.
    ///
    /// # Errors
    /// When a field can't have its value beside the others, in a sentence.
    pub fn apply_to(&self, session: Session) -> Result<Session, String> {
        let holds = |setting: &&FieldOverride| {
            value_with_entries(&session, &setting.to.field).unwrap_or_default() == setting.from
        };
        let set = self.set.iter().filter(holds);
        let set: Vec<Assignment> = set.map(|setting| setting.to.clone()).collect();
        let mut session = assign(session, &set)?;
        session.stop.iterations = self.iterations.unwrap_or(session.stop.iterations);
        session.stop.seconds = self.seconds.or(session.stop.seconds);
        let new = self.require.iter();
        let new = new.filter(|gate| !session.gates.contains(gate));
        let new: Vec<Gate> = new.cloned().collect();
        session.gates.extend(new);
        Ok(session)
    }
}

/// Sets the fields of a session that a command line names, whatever their values are.
///
/// # Errors
/// When one can't have its value, in a sentence that names the argument.
pub fn assign(session: Session, assignments: &[Assignment]) -> Result<Session, String> {
    if assignments.is_empty() {
        return Ok(session);
    }
    let named = || {
        let named = assignments.iter();
        let named: Vec<String> = named
            .map(|one| format!("--set {}={}", one.field, one.value))
            .collect();
        named.join(" ")
    };
    set(&session, assignments).map_err(|reason| format!("{}: {reason}", named()))
}

/// Resolves the fields that a command line sets over a session file: values become as a session writes them, so that they are the
/// same from any working directory.
///
/// # Errors
/// When a field is set twice or can't have its value, in a sentence.
pub fn resolve(assignments: &[Assignment], file: &Session) -> Result<Vec<FieldOverride>, String> {
    for (i, one) in assignments.iter().enumerate() {
        if assignments[..i]
            .iter()
            .any(|before| before.field == one.field)
        {
            return Err(format!("--set {}: it is set twice", one.field));
        }
    }
    let session = assign(file.clone(), assignments)?;
    let setting = |one: &Assignment| FieldOverride {
        to: Assignment {
            field: one.field.clone(),
            value: value_with_entries(&session, &one.field).unwrap_or_default(),
        },
        from: value_with_entries(file, &one.field).unwrap_or_default(),
    };
    Ok(assignments.iter().map(setting).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    fn moons(rest: &str) -> Session {
        let text = format!("(data: Toy(name: \"moons\"){rest})");
        session::parse(&text, Path::new("s.ron")).unwrap()
    }

    fn overriding(set: &[&str], file: &Session) -> Result<Overrides, String> {
        let set = set.iter().map(|text| text.parse().unwrap()).collect();
        let set: Vec<Assignment> = set;
        Ok(Overrides {
            set: resolve(&set, file)?,
            ..Overrides::default()
        })
    }

    #[test]
    fn what_is_said_now_outranks_what_was_said_before_and_gates_add_up() {
        let before = Overrides {
            iterations: Some(9),
            seconds: Some(1.5),
            require: vec![gate("validation_C<=3"), gate("divergence<=1")],
            watch: Some(WatchChoice::Poll),
            set: Vec::new(),
        };
        assert_eq!(Overrides::default().or_earlier(&before), before);
        let now = Overrides {
            iterations: Some(20),
            require: vec![gate("divergence<=1"), gate("validation_L<=2")],
            ..Overrides::default()
        };
        let both = now.or_earlier(&before);
        assert_eq!((both.iterations, both.seconds), (Some(20), Some(1.5)));
        let gates = ["validation_C<=3", "divergence<=1", "validation_L<=2"];
        assert_eq!(both.require, gates.map(gate));
        let once = both
            .apply_to(moons(", gates: [\"divergence<=1\"]"))
            .unwrap();
        assert_eq!((once.stop.iterations, once.gates.len()), (20, 3));
        assert_eq!(both.apply_to(once.clone()), Ok(once));
    }

    #[test]
    fn a_field_stays_set_until_the_file_has_another_value_for_it() {
        let file = moons(", optimizer: Adam(lr: 0.1)");
        let overrides = overriding(&["optimizer.lr=0.01", "weights.hjb=2"], &file).unwrap();
        let lr = |rest: &str| {
            session::value(&overrides.apply_to(moons(rest)).unwrap(), "optimizer.lr").unwrap()
        };
        assert_eq!(lr(", optimizer: Adam(lr: 0.1)"), "0.01");
        // Another field is edited, then this one, then it is taken back.
        assert_eq!(lr(", optimizer: Adam(lr: 0.1), flow: (steps: 3)"), "0.01");
        assert_eq!(lr(", optimizer: Adam(lr: 0.2)"), "0.2");
        assert_eq!(lr(""), "0.01");
        let once = overrides.apply_to(file).unwrap();
        assert_eq!(overrides.apply_to(once.clone()), Ok(once.clone()));
        assert_eq!(session::value(&once, "weights.hjb").unwrap(), "2.0");
    }

    #[test]
    fn a_kind_stays_set_with_its_numbers_until_the_file_has_another_one() {
        let file = moons(", optimizer: Adam(lr: 0.1)");
        let set = ["start=Matching(lr: 0.01)", "optimizer=Muon(lr: 0.03)"];
        let overrides = overriding(&set, &file).unwrap();
        let once = overrides.apply_to(file).unwrap();
        let told = ["start.lr", "optimizer.lr"].map(|field| session::value(&once, field));
        assert_eq!(told, ["0.01", "0.03"].map(|value| Some(value.to_owned())));
        assert_eq!(overrides.apply_to(once.clone()), Ok(once));
        let edited = overrides
            .apply_to(moons(", optimizer: Adam(lr: 0.2)"))
            .unwrap();
        assert_eq!(session::value(&edited, "optimizer.lr").unwrap(), "0.2");
        assert_eq!(session::value(&edited, "start.lr").unwrap(), "0.01");
    }

    #[test]
    fn a_later_command_line_sets_some_fields_anew() {
        let before = overriding(&["optimizer.lr=0.01", "weights.hjb=2"], &moons("")).unwrap();
        let now = overriding(&["optimizer.lr=0.02"], &moons("")).unwrap();
        let both = now.or_earlier(&before);
        let fields = both.set.iter().map(|setting| {
            let Assignment { field, value } = &setting.to;
            (field.as_str(), value.as_str())
        });
        let fields: Vec<_> = fields.collect();
        assert_eq!(fields, [("weights.hjb", "2.0"), ("optimizer.lr", "0.02")]);
    }

    #[test]
    fn what_can_not_be_set_is_named_with_its_argument() {
        let twice = overriding(&["flow.steps=2", "flow.steps=3"], &moons("")).unwrap_err();
        assert_eq!(twice, "--set flow.steps: it is set twice");
        let large = overriding(&["optimizer.lr=50"], &moons("")).unwrap_err();
        assert!(large.starts_with("--set optimizer.lr=50: `optimizer.lr` must be"));
        // An edit may leave no room for a value that was good before.
        let overrides = overriding(&["flow.steps=1"], &moons("")).unwrap();
        let nodes = overrides.apply_to(moons(", flow: (trace: StepNodes)"));
        assert!(
            nodes
                .unwrap_err()
                .contains("--set flow.steps=1: `flow.steps` must be at least 2")
        );
    }
}
