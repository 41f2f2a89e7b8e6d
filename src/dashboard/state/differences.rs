//! The values that the session file has and that are not in force, each with its reason.
//!
//! Edits that wait are known from events. What the command line holds back, and what a refused file would have, is known from the file,
//! which the event loop reads when an event tells that it has changed. A value may stand in the file before the event of its edit has come:
//! only where the run has taken the file as it stands, a difference is one of the command line.

use crate::session::{Applies, SessionField, WrittenText};

/// The reason why a value of the session file is not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// The file was refused.
    Refused,
    /// The value needs a new run.
    NewRun,
    /// The value applies at the next draw of the batch.
    NextDraw,
    /// The command line goes first.
    CommandLine,
}

impl HeldBack {
    /// The reasons in the order of the legend.
    pub const ALL: [Self; 4] = [
        Self::Refused,
        Self::NewRun,
        Self::NextDraw,
        Self::CommandLine,
    ];

    /// The reason in a word or two, for a legend.
    pub fn short(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NewRun => "new run",
            Self::NextDraw => "next draw",
            Self::CommandLine => "command line",
        }
    }

    /// The reason in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NewRun => "waits for a new run",
            Self::NextDraw => "from the next draw",
            Self::CommandLine => "command line first",
        }
    }
}

/// A value that is not in force.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldValue {
    /// The dotted name of the field.
    pub field: String,
    /// The value, as the file writes it.
    pub value: String,
    /// The reason.
    pub reason: HeldBack,
}

/// The session file as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct FileReading {
    /// The texts of the values that stand in it.
    pub texts: Vec<WrittenText>,
    /// The values of all fields; None for a file that is no valid session.
    pub fields: Option<Vec<SessionField>>,
}

/// What an event tells of the session file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileNews {
    /// Nothing new.
    #[default]
    None,
    /// The file has changed.
    Changed,
    /// The run has taken the file as it stands.
    Taken,
}

/// What is known of the values that are not in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// The edits that wait for a new run or for the next draw.
    waiting: Vec<HeldValue>,
    /// The last reading of the file.
    last: Option<FileReading>,
    /// The last reading of a valid file.
    valid: Option<FileReading>,
    /// The fields that the command line holds back.
    overridden: Vec<&'static str>,
}

impl Differences {
    /// Adds an accepted edit; one that is in force at once ends the waiting of its field.
    pub fn add_edit(&mut self, field: &str, value: &str, applies: Applies) {
        self.waiting.retain(|held| held.field != field);
        let reason = match applies {
            Applies::Live => return,
            Applies::Resample => HeldBack::NextDraw,
            Applies::Restart => HeldBack::NewRun,
        };
        self.waiting.push(HeldValue {
            field: field.into(),
            value: value.into(),
            reason,
        });
    }

    /// Takes the values that are in force from a draw on; `drawn` tells whether the draw concerns a field.
    pub fn take_drawn(&mut self, drawn: impl Fn(&str) -> bool) -> Vec<HeldValue> {
        let due = |held: &HeldValue| held.reason == HeldBack::NextDraw && drawn(&held.field);
        self.waiting.extract_if(.., |held| due(held)).collect()
    }

    /// Adds a reading of the file after some news of it; `in_force` are the settings in force.
    pub fn add_reading(&mut self, reading: FileReading, news: FileNews, in_force: &[SessionField]) {
        if let Some(values) = &reading.fields {
            let differs = |field: &&SessionField| {
                let value = values.iter().find(|other| other.name == field.name);
                value.is_some_and(|value| value.value != field.value)
            };
            let known = |field: &&SessionField| {
                news == FileNews::Taken || self.overridden.contains(&field.name)
            };
            let names = in_force.iter().filter(differs).filter(known);
            self.overridden = names.map(|field| field.name).collect();
            self.valid = Some(reading.clone());
        }
        self.last = Some(reading);
    }

    /// The value of the file for a field with this value in force, if that is another one.
    pub fn of(&self, field: &SessionField) -> Option<HeldValue> {
        let held = |value: String, reason| HeldValue {
            field: field.name.into(),
            value,
            reason,
        };
        if let Some(text) = self.refused_text(field.name) {
            return Some(held(text, HeldBack::Refused));
        }
        let waits = self.waiting.iter().find(|held| held.field == field.name);
        if let Some(waits) = waits.filter(|held| held.value != field.value) {
            return Some(waits.clone());
        }
        let file = self.valid.as_ref()?.fields.as_ref()?;
        let value = file.iter().find(|other| other.name == field.name);
        let known = self.overridden.contains(&field.name);
        let value = value.filter(|value| known && value.value != field.value)?;
        Some(held(value.value.clone(), HeldBack::CommandLine))
    }

    /// The text of a field in a file that is not valid, if it is not that of the last valid one.
    fn refused_text(&self, field: &str) -> Option<String> {
        let last = self.last.as_ref().filter(|last| last.fields.is_none())?;
        let text = |reading: &FileReading| {
            let mut texts = reading.texts.iter();
            let found = texts.find(|text| text.field == field);
            found.map(|found| found.text.clone())
        };
        let before = self.valid.as_ref().map(text)?;
        text(last).filter(|now| before.as_ref() != Some(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, applies: Applies, value: &str) -> SessionField {
        SessionField {
            name,
            applies,
            value: value.into(),
        }
    }

    fn reading(lr: &str, valid: bool) -> FileReading {
        let text = WrittenText {
            field: "optimizer.lr",
            text: lr.into(),
        };
        let values = [
            ("optimizer.lr", Applies::Live, lr),
            ("model.width", Applies::Restart, "64"),
        ];
        let values = values.map(|(name, applies, value)| field(name, applies, value));
        FileReading {
            texts: vec![text],
            fields: valid.then(|| values.into()),
        }
    }

    #[test]
    fn what_waits_is_told_until_it_is_in_force() {
        let mut all = Differences::default();
        let width = field("model.width", Applies::Restart, "32");
        let steps = field("flow.steps", Applies::Resample, "8");
        all.add_edit("model.width", "64", Applies::Restart);
        all.add_edit("flow.steps", "20", Applies::Resample);
        let reason = |all: &Differences, field| all.of(field).map(|held| held.reason);
        assert_eq!(reason(&all, &width), Some(HeldBack::NewRun));
        assert_eq!(reason(&all, &steps), Some(HeldBack::NextDraw));
        assert_eq!(all.take_drawn(|field| field.starts_with("start.")), []);
        let drawn = all.take_drawn(|_| true);
        assert_eq!((drawn.len(), drawn[0].value.as_str()), (1, "20"));
        assert_eq!(reason(&all, &steps), None);
        assert_eq!(reason(&all, &width), Some(HeldBack::NewRun));
        all.add_edit("model.width", "32", Applies::Restart);
        assert_eq!(reason(&all, &width), None);
    }

    #[test]
    fn the_file_tells_what_the_command_line_holds_back_and_what_was_refused() {
        let mut all = Differences::default();
        let lr = field("optimizer.lr", Applies::Live, "0.01");
        let lr_in_force = lr.clone();
        assert_eq!(all.of(&lr), None);
        let add = |all: &mut Differences, lr, valid, news| {
            all.add_reading(reading(lr, valid), news, std::slice::from_ref(&lr_in_force));
        };
        add(&mut all, "0.1", true, FileNews::Changed);
        assert_eq!(all.of(&lr), None, "its event may be on the way");
        add(&mut all, "0.1", true, FileNews::Taken);
        let held = |all: &Differences| all.of(&lr).map(|held| (held.value, held.reason));
        let first = Some(("0.1".to_owned(), HeldBack::CommandLine));
        assert_eq!(held(&all), first);
        add(&mut all, "20", false, FileNews::Changed);
        let refused = Some(("20".to_owned(), HeldBack::Refused));
        assert_eq!(held(&all), refused);
        add(&mut all, "0.1", true, FileNews::Changed);
        assert_eq!(held(&all), first);
        add(&mut all, "0.01", true, FileNews::Changed);
        assert_eq!(held(&all), None);
    }
}
