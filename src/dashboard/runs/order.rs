//! The order of runs in the table, and the settings that differ among them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::row::RunRow;
use crate::run::settings::differing;

/// A column that the table can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunColumn {
    /// The name of the directory.
    #[default]
    Name,
    /// What the run is doing.
    State,
    /// How training goes.
    Verdict,
    /// The last iteration.
    Iteration,
    /// The least C of a validation.
    C,
    /// C - H of that validation.
    Divergence,
    /// Training time.
    Seconds,
}

impl RunColumn {
    /// Every column, in the order of the table.
    pub const ALL: [Self; 7] = [
        RunColumn::Name,
        RunColumn::State,
        RunColumn::Verdict,
        RunColumn::Iteration,
        RunColumn::C,
        RunColumn::Divergence,
        RunColumn::Seconds,
    ];

    /// The head of the column.
    pub fn head(self) -> &'static str {
        match self {
            RunColumn::Name => "run",
            RunColumn::State => "state",
            RunColumn::Verdict => "verdict",
            RunColumn::Iteration => "iter",
            RunColumn::C => "best C",
            RunColumn::Divergence => "C - H",
            RunColumn::Seconds => "time",
        }
    }

    /// The column after this one; the last is followed by the first.
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// The number that the rows are sorted by; None for a run without one, and for names.
    fn number(self, row: &RunRow) -> Option<f64> {
        match self {
            RunColumn::Name => None,
            RunColumn::State => Some(f64::from(row.status().rank())),
            RunColumn::Verdict => row.verdict().map(|verdict| f64::from(verdict as u8)),
            RunColumn::Iteration => Some(row.iteration as f64),
            RunColumn::C => row.best.map(|best| best.c),
            RunColumn::Divergence => row.best.and_then(|best| best.divergence),
            RunColumn::Seconds => Some(row.seconds),
        }
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    #[default]
    Rising,
    /// The greatest first.
    Falling,
}

/// The order of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOrder {
    /// The column that decides.
    pub column: RunColumn,
    /// Its direction.
    pub direction: Direction,
}

impl RunOrder {
    /// Compares two runs: by the column, those without a figure last whatever the direction; then by name.
    pub fn compare(self, a: &RunRow, b: &RunRow) -> Ordering {
        let directed = |order: Ordering| match self.direction {
            Direction::Rising => order,
            Direction::Falling => order.reverse(),
        };
        let names = a.name.cmp(&b.name);
        if self.column == RunColumn::Name {
            return directed(names);
        }
        let figures = match (self.column.number(a), self.column.number(b)) {
            (Some(a), Some(b)) => directed(a.total_cmp(&b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        figures.then(names)
    }
}

/// A setting that differs among the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferingSetting {
    /// The dotted name of the field.
    pub field: String,
    /// The last part of the name; the whole name where another differing one ends likewise.
    pub short: String,
}

impl DifferingSetting {
    /// The settings that differ among runs that have begun.
    pub fn all(rows: &[RunRow]) -> Vec<Self> {
        let settings = rows.iter().map(|row| &row.settings);
        let fields = differing(settings.filter(|settings| !settings.is_empty()));
        let last = |field: &str| field.rsplit('.').next().unwrap_or_default().to_owned();
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for field in &fields {
            *ends.entry(last(field)).or_default() += 1;
        }
        let shorten = |field: String| DifferingSetting {
            short: match ends[&last(&field)] {
                1 => last(&field),
                _ => field.clone(),
            },
            field,
        };
        fields.into_iter().map(shorten).collect()
    }
}
