//! The writing of a session, or of the value of a field, as RON text.

use ron::ser::PrettyConfig;
use serde::Serialize;

use super::{Session, tokens};

/// Writes a session as a file that [`super::parse`] reads to the same session.
pub fn to_ron(session: &Session) -> String {
    let style = PrettyConfig::new().depth_limit(1);
    // Plain data cannot fail to be written; if it did, the comment would be refused with its reason.
    let body = ron::ser::to_string_pretty(session, style);
    let body = body.unwrap_or_else(|error| format!("/* {error} */"));
    format!("Session{}\n", without_raw_none(&body))
}

/// Writes a value as a session file has it, on one line.
pub(super) fn value_to_ron<T: Serialize + ?Sized>(value: &T) -> String {
    let style = PrettyConfig::new().depth_limit(0);
    let text = ron::ser::to_string_pretty(value, style);
    without_raw_none(&text.unwrap_or_else(|error| format!("/* {error} */")))
}

/// Removes the raw mark from variants of the name None: the writer of RON sets it, its reader does not need it.
fn without_raw_none(text: &str) -> String {
    let (mut new, mut at) = (String::with_capacity(text.len()), 0);
    for token in tokens::read(text) {
        if token.text == "r#None" {
            new += &text[at..token.start];
            new += "None";
            at = token.end();
        }
    }
    new + &text[at..]
}
