//! The check of a whole session: every field by the range that `field_table.rs` has for it, and fields beside each other.

use super::field_table::all_fields;
use super::{Initial, Session, Trace, Transform};

/// A field whose value is not allowed.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    /// Dotted name of the field.
    pub field: &'static str,
    /// The message: what is wrong and what is allowed.
    pub message: String,
}

/// Checks a session.
///
/// # Errors
/// The first field whose value is not allowed, by itself or beside another one.
pub(super) fn check(session: &Session) -> Result<(), Violation> {
    for field in all_fields() {
        let value = (field.value)(session);
        if !field.allowed.admits(&value) {
            let message = format!("`{}` must be {}, found {value}", field.name, field.allowed);
            return Err(Violation {
                field: field.name,
                message,
            });
        }
    }
    check_table(session)?;
    if let Initial::Model(path) = &session.start
        && path.as_os_str().is_empty()
    {
        return Err(Violation {
            field: "start",
            message: "the model of `start` must be the path of a file".to_owned(),
        });
    }
    check_nodes(session)
}

/// The message of the first value that is not allowed in a session that was not read by `parse`.
pub fn find_fault(session: &Session) -> Option<String> {
    check(session).err().map(|violation| violation.message)
}

/// Checks the fields of a table as far as its file is not needed.
fn check_table(session: &Session) -> Result<(), Violation> {
    let Some(table) = session.data.table() else {
        return Ok(());
    };
    let violation = |field, message| Err(Violation { field, message });
    if table.path.as_os_str().is_empty() {
        return violation(
            "data.path",
            "`data.path` must be the path of a file".to_owned(),
        );
    }
    if let Some(name) = table.given.iter().find(|name| table.columns.contains(name)) {
        let message =
            format!("{name:?} stands in `data.columns` too: a column is learned or given");
        return violation("data.given", message);
    }
    let broad = |(_, width): &(&String, &f64)| !(width.is_finite() && **width > 0.0);
    if let Some((name, width)) = table.jitter.iter().find(broad) {
        let message =
            format!("the jitter of {name:?} must be a finite width above 0, found {width:?}");
        return violation("data.jitter", message);
    }
    for (name, map) in table.transform {
        let message = match *map {
            Transform::Asinh(center, scale)
                if !(center.is_finite() && scale.is_finite() && scale > 0.0) =>
            {
                format!("the center of {name:?} must be finite, its scale finite and above 0")
            }
            Transform::Logit(low, high) if !(low.is_finite() && high.is_finite() && low < high) => {
                format!("the bounds of {name:?} must be finite, the lower one first")
            }
            _ => continue,
        };
        return violation("data.transform", message);
    }
    for (name, bounds) in table.bounds {
        if !bounds.is_sound() {
            let message = format!("the bounds of {name:?} must be finite, the lower one first");
            return violation("data.bounds", message);
        }
        let map = table.transform.get(name).copied().unwrap_or_default();
        if map != Transform::None {
            let message = format!(
                "{name:?} has bounds, which choose its map: take it out of `data.transform`"
            );
            return violation("data.bounds", message);
        }
    }
    if let Some((name, step)) = table.round.iter().find(broad) {
        let message =
            format!("the step of {name:?} must be a finite number above 0, found {step:?}");
        return violation("data.round", message);
    }
    Ok(())
}

/// Checks the step counts: Simpson's rule over the step nodes needs two steps, in training and in validation.
fn check_nodes(session: &Session) -> Result<(), Violation> {
    if session.flow.trace != Trace::StepNodes {
        return Ok(());
    }
    let steps = [
        ("flow.steps", session.flow.steps),
        ("validation.steps", session.validation.steps),
    ];
    match steps.into_iter().find(|(_, steps)| *steps < 2) {
        None => Ok(()),
        Some((field, steps)) => {
            let message = format!(
                "`{field}` must be at least 2 where `flow.trace` is StepNodes, found {steps}; or use GaussPoints"
            );
            Err(Violation { field, message })
        }
    }
}
