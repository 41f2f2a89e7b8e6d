//! The settings of a run at its start and at its end, a fold over its events; which of them differ among runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::event::Event;
use crate::session::{ABSENT, Applies, Session, fields};

/// The values of a field of the session, as the file writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedSetting {
    /// At the start of the run.
    pub start: String,
    /// After the last edit that has come into force.
    pub end: String,
}

impl ComparedSetting {
    /// The setting of a run that does not have the field.
    pub fn absent() -> Self {
        Self::unchanged(ABSENT.into())
    }

    fn unchanged(value: String) -> Self {
        ComparedSetting {
            start: value.clone(),
            end: value,
        }
    }
}

/// The settings of a run by field.
pub type RunSettings = BTreeMap<String, ComparedSetting>;

/// The settings of a run that begins with this session.
pub fn at_start(session: &Session) -> RunSettings {
    let fields = fields(session).into_iter();
    let fields = fields.map(|field| {
        let setting = ComparedSetting::unchanged(field.value);
        (field.name.to_owned(), setting)
    });
    fields.collect()
}

/// Takes an event into account; true if a setting may have changed.
pub fn apply(settings: &mut RunSettings, event: &Event) -> bool {
    match event {
        Event::Start(start) => {
            *settings = at_start(&start.session);
            true
        }
        Event::Edit {
            field,
            new,
            applies,
            ..
        } if *applies != Applies::Restart => {
            let setting = settings.entry(field.clone());
            let setting = setting.or_insert_with(ComparedSetting::absent);
            setting.end.clone_from(new);
            true
        }
        _ => false,
    }
}

/// The fields whose settings are not the same in all runs; one that a run does not have is absent there.
pub fn differing<'a>(runs: impl Iterator<Item = &'a RunSettings> + Clone) -> BTreeSet<String> {
    let names: BTreeSet<&String> = runs.clone().flat_map(BTreeMap::keys).collect();
    let differs = |name: &&String| {
        let mut values = runs.clone().map(|run| run.get(*name));
        let first = values.next().flatten();
        values.any(|value| value != first)
    };
    names.into_iter().filter(differs).cloned().collect()
}
