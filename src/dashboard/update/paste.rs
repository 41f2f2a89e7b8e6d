//! A pasted text. Its letters are no keys, or a line with a `q` in it would end the run.

use super::{note, update};
use crate::dashboard::keys::{Key, PASTED};
use crate::dashboard::state::State;

/// Takes up a pasted text: into the line where a value is typed; elsewhere the log tells that nothing happens.
pub fn paste(state: &mut State, text: &str) {
    if state.view.popup.is_some() || state.view.settings.input.is_none() {
        return note(state, PASTED.into(), PASTED);
    }
    for letter in text.trim().chars().filter(|letter| !letter.is_control()) {
        update(state, Key::letter(letter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::state::Popup;
    use crate::dashboard::state::value_input::ValueInput;

    #[test]
    fn a_pasted_value_goes_into_its_line_without_the_end_of_the_line() {
        let mut state = fixtures::run();
        state.view.settings.input = Some(ValueInput::new("optimizer.lr", "0."));
        paste(&mut state, " 03q\r\n");
        let line = state.view.settings.input.as_ref();
        assert_eq!(line.map(ValueInput::text), Some("0.03q".to_owned()));
        assert_eq!(state.view.popup, None::<Popup>);
    }

    #[test]
    fn what_is_pasted_elsewhere_is_no_keys_and_told_once() {
        let mut state = fixtures::run();
        let lines = state.log.lines().len();
        paste(&mut state, "qq");
        paste(&mut state, "p");
        assert_eq!((state.view.popup, state.view.pause_wanted), (None, false));
        assert_eq!(state.log.lines().len(), lines + 1);
        assert_eq!(
            state.log.lines().back().map(|line| line.text.as_str()),
            Some(PASTED)
        );
    }
}
