//! Letters that are no keys because the keyboard is in another state than the user believes: with Caps Lock on, in the layout of another
//! script, in an input method. The reasons are short: a narrow log cuts them.

use std::fmt;

use crossterm::event::KeyCode;

use super::binding::Key;

/// What is to be said of a pasted text where none can be typed.
pub const PASTED: &str = "pasted text is no keys";

/// A typed letter that is no key, and what may be the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoKey {
    letter: char,
    /// The reason, as the rest of a sentence.
    pub reason: &'static str,
}

impl NoKey {
    /// What is to be said of a key without an action; None where the state of the keyboard does not explain it. `is_bound` tells which
    /// keys have one.
    pub fn of(key: Key, is_bound: impl Fn(Key) -> bool) -> Option<Self> {
        let (KeyCode::Char(letter), false) = (key.code, key.control) else {
            return None;
        };
        let reason = if !letter.is_ascii() {
            "no key; another keyboard layout? keys are Latin letters"
        } else if letter.is_ascii_uppercase() && is_bound(Key::letter(letter.to_ascii_lowercase()))
        {
            "no key; Caps Lock? the lower-case letter is one"
        } else {
            return None;
        };
        Some(NoKey { letter, reason })
    }
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.letter, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_other_states_of_the_keyboard_are_told_from_keys_that_do_nothing() {
        let of = |key| NoKey::of(key, |key| key == Key::letter('q'));
        let said = |letter| of(Key::letter(letter)).map(|no_key| no_key.to_string());
        // Cyrillic, Greek, Hebrew, Arabic digits, kana, full width, AZERTY's 2.
        for letter in "йθשة١くｑé".chars() {
            let said = said(letter).unwrap();
            assert!(
                said.starts_with(letter) && said.contains("layout"),
                "{said}"
            );
        }
        assert!(said('Q').unwrap().contains("Caps Lock"));
        for letter in ['X', 'x', '#', '7'] {
            assert_eq!(said(letter), None);
        }
        assert_eq!(of(Key::control('Q')), None);
        assert_eq!(of(Key::plain(KeyCode::F(1))), None);
    }
}
