//! The line in which a value of a setting is typed: its text, the cursor in it, and why the value was refused, if it was.

/// Most characters of a value.
const LONGEST: usize = 4096;

/// A value that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueInput {
    /// The dotted name of the field, or of the part of one.
    pub field: &'static str,
    /// The reason why the value was not written, until the text changes.
    pub refused: Option<String>,
    text: Vec<char>,
    /// The number of characters before the cursor.
    cursor: usize,
}

/// A change of the text or of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputEdit {
    /// Put a character before the cursor.
    Insert(char),
    /// Move the cursor one character to the left.
    Left,
    /// Move the cursor one character to the right.
    Right,
    /// Move the cursor before the text.
    Home,
    /// Move the cursor behind the text.
    End,
    /// Remove the character before the cursor.
    Backspace,
    /// Remove the character behind the cursor.
    Delete,
    /// Remove everything before the cursor.
    Clear,
}

impl ValueInput {
    /// A line with the present value, and the cursor behind it.
    pub fn new(field: &'static str, value: &str) -> Self {
        let text: Vec<char> = value.chars().collect();
        Self {
            field,
            refused: None,
            cursor: text.len(),
            text,
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The number of characters before the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Changes the text or the cursor.
    pub fn edit(&mut self, edit: InputEdit) {
        let before = self.text.len();
        match edit {
            InputEdit::Insert(letter) if before < LONGEST && !letter.is_control() => {
                self.text.insert(self.cursor, letter);
                self.cursor += 1;
            }
            InputEdit::Insert(_) => {}
            InputEdit::Left => self.cursor = self.cursor.saturating_sub(1),
            InputEdit::Right => self.cursor = (self.cursor + 1).min(before),
            InputEdit::Home => self.cursor = 0,
            InputEdit::End => self.cursor = before,
            InputEdit::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            InputEdit::Delete if self.cursor < before => _ = self.text.remove(self.cursor),
            InputEdit::Backspace | InputEdit::Delete => {}
            InputEdit::Clear => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
        }
        if self.text.len() != before {
            self.refused = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_the_text_at_the_cursor_and_stop_at_both_ends() {
        use InputEdit::{Backspace, Clear, Delete, End, Home, Insert, Left, Right};
        let mut input = ValueInput::new("optimizer.lr", "0.1é");
        let play = |input: &mut ValueInput, edits: &[InputEdit]| {
            edits.iter().for_each(|&edit| input.edit(edit));
            (input.text(), input.cursor())
        };
        let told = |text: &str, cursor| (text.to_owned(), cursor);
        assert_eq!(play(&mut input, &[Right, Delete]), told("0.1é", 4));
        let typed = [Backspace, Left, Insert('2'), Insert('\t')];
        assert_eq!(play(&mut input, &typed), told("0.21", 3));
        let home = [Home, Left, Backspace, Delete];
        assert_eq!(play(&mut input, &home), told(".21", 0));
        assert_eq!(play(&mut input, &[Right, Clear]), told("21", 0));
        assert_eq!(play(&mut input, &[End, Clear, Clear]), told("", 0));
    }

    #[test]
    fn a_refusal_stays_until_the_text_changes() {
        let mut input = ValueInput::new("optimizer.lr", "50");
        input.refused = Some("too large".into());
        input.edit(InputEdit::Left);
        assert!(input.refused.is_some());
        input.edit(InputEdit::Delete);
        assert_eq!(input.refused, None);
    }

    #[test]
    fn the_text_stays_bounded() {
        let mut input = ValueInput::new("gates", "");
        (0..2 * LONGEST).for_each(|_| input.edit(InputEdit::Insert('x')));
        assert_eq!(input.cursor(), LONGEST);
    }
}
