//! A line of `metrics.jsonl` back as the event it was. What only a newer program writes is skipped: an event of another
//! name, a field of an event, a setting of the session.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::event::Event;
use crate::session::{self, Session};

/// The event; None for one that is unknown here.
///
/// # Errors
/// When the line is no JSON.
pub fn event(line: &[u8]) -> serde_json::Result<Option<Event>> {
    if let Ok(event) = serde_json::from_slice(line) {
        return Ok(Some(sound(event)));
    }
    let mut value: Value = serde_json::from_slice(line)?;
    Ok((value["event"] == "start").then(|| sound(start(&mut value))))
}

/// The event, unless its session has a value that no run can have: what is made for it could have any size.
fn sound(event: Event) -> Event {
    match &event {
        Event::Start(start) => match session::find_fault(&start.session) {
            Some(fault) => not_understood(&fault),
            None => event,
        },
        _ => event,
    }
}

fn not_understood(fault: &dyn fmt::Display) -> Event {
    Event::Warning {
        message: format!(
            "the start of this run is not understood, so no settings are shown: {fault}"
        ),
    }
}

/// The first event of a newer program, or a warning that it can't be understood.
fn start(value: &mut Value) -> Event {
    if let Some(session) = value.get_mut("session") {
        while strip(session) {}
    }
    Event::deserialize(&*value).unwrap_or_else(|error| not_understood(&error))
}

/// Takes the first unknown field out of a session; false if there is none.
fn strip(session: &mut Value) -> bool {
    let Err(error) = serde_path_to_error::deserialize::<_, Session>(&*session) else {
        return false;
    };
    if !error.inner().to_string().starts_with("unknown field") {
        return false;
    }
    let names = error.path().iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.as_str()),
        Segment::Enum { variant } => Some(variant.as_str()),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    let Some((last, outer)) = names.split_last() else {
        return false;
    };
    let place = outer
        .iter()
        .try_fold(session, |value, &name| value.get_mut(name));
    place
        .and_then(Value::as_object_mut)
        .is_some_and(|fields| fields.remove(*last).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Losses, Reason};
    use crate::run::{line, synthetic};

    fn back(event: &Event) -> Event {
        super::event(line::json(event).trim_end().as_bytes())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn every_event_reads_back_as_it_was() {
        for event in synthetic::events()
            .into_iter()
            .chain(synthetic::with_start())
        {
            // NaN differs from itself; as text it doesn't.
            assert_eq!(format!("{:?}", back(&event)), format!("{event:?}"));
        }
    }

    #[test]
    fn floats_read_back_to_the_same_bits() {
        for lr in [0.1 + 0.2, 5e-324, f64::MAX, -0.0, 1.0 / 3.0, 1e22] {
            let losses = Losses {
                loss: lr,
                l: f64::INFINITY,
                ..Losses::default()
            };
            let event = Event::Iteration {
                iteration: u64::MAX,
                seconds: lr,
                lr,
                gradient: f64::NAN,
                update: lr,
                losses,
            };
            let Event::Iteration {
                seconds,
                lr: rate,
                losses,
                ..
            } = back(&event)
            else {
                panic!("another event");
            };
            let bits = [seconds, rate, losses.loss].map(f64::to_bits);
            assert_eq!(bits, [lr.to_bits(); 3]);
            assert!(losses.l.is_nan(), "JSON has null for it");
        }
    }

    #[test]
    fn what_an_older_run_lacks_is_no_number() {
        let json = line::json(&synthetic::iteration(3, 1.0, 0.1, 0.5));
        let mut value: Value = serde_json::from_str(&json).unwrap();
        value.as_object_mut().unwrap().remove("gradient");
        let event = super::event(value.to_string().as_bytes()).unwrap();
        let Some(Event::Iteration {
            gradient, update, ..
        }) = event
        else {
            panic!("{event:?}");
        };
        assert!(gradient.is_nan() && update == 0.01);
    }

    #[test]
    fn every_reason_reads_back() {
        use Reason::{Diverged, Iterations, Lost, Plateau, Quit, Seconds, Signal};
        for reason in [
            Iterations,
            Seconds,
            Plateau,
            Quit,
            Diverged,
            Lost,
            Signal(15),
        ] {
            let text = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), reason);
        }
        assert!(serde_json::from_str::<Reason>("\"boredom\"").is_err());
    }

    #[test]
    fn what_is_newer_is_skipped() {
        let skipped = |text: &str| super::event(text.as_bytes()).unwrap();
        assert_eq!(skipped(r#"{"event":"eclipse","iteration":3}"#), None);
        assert_eq!(skipped("7"), None);
        let event = skipped(r#"{"event":"resample","iteration":3,"colour":"blue"}"#);
        assert_eq!(event, Some(Event::Resample { iteration: 3 }));
        assert!(super::event(b"{\"event\":\"resam").is_err());
        assert!(super::event(b"\xff").is_err());
    }

    #[test]
    fn unknown_settings_leave_the_others_as_they_are() {
        let event = Event::Start(synthetic::start());
        let mut value = serde_json::to_value(&event).unwrap();
        value["session"]["flow"]["every"] = 7.into();
        value["session"]["optimizer"]["Adam"]["beta3"] = 7.into();
        value["session"]["telescope"] = serde_json::json!({ "mirror": 8 });
        assert_eq!(
            super::event(value.to_string().as_bytes()).unwrap(),
            Some(event)
        );
    }

    #[test]
    fn a_start_with_a_session_out_of_range_is_a_warning() {
        for (field, value) in [("width", u64::MAX), ("layers", 0), ("rank", 1 << 60)] {
            let mut start = serde_json::to_value(Event::Start(synthetic::start())).unwrap();
            start["session"]["model"][field] = value.into();
            let event = super::event(start.to_string().as_bytes()).unwrap();
            let Some(Event::Warning { message }) = event else {
                panic!("{event:?}");
            };
            assert!(message.contains(&format!("`model.{field}` must be")));
        }
    }

    #[test]
    fn a_start_that_is_not_understood_is_a_warning() {
        let mut value = serde_json::to_value(Event::Start(synthetic::start())).unwrap();
        value["session"]["data"] = serde_json::json!({ "Sky": { "width": 8 } });
        let event = super::event(value.to_string().as_bytes()).unwrap();
        let Some(Event::Warning { message }) = event else {
            panic!("{event:?}");
        };
        assert!(message.contains("no settings are shown"), "{message}");
    }
}
