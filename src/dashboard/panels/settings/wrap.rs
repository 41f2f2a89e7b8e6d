//! Text in lines of a width, broken between words.

/// The lines of a text; a word that is wider than a line is cut into several.
pub fn wrapped(text: &str, width: u16) -> Vec<String> {
    let width = usize::from(width.max(1));
    let mut lines: Vec<String> = Vec::new();
    let mut last = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let fits = last > 0 && last + 1 + letters.len() <= width;
        if let Some(line) = lines.last_mut().filter(|_| fits) {
            line.push(' ');
            line.push_str(word);
            last += 1 + letters.len();
            continue;
        }
        for piece in letters.chunks(width) {
            lines.push(piece.iter().collect());
            last = piece.len();
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_no_line_is_wider_than_asked() {
        let lines = |text, width| wrapped(text, width).join("|");
        assert_eq!(lines("a number above 0", 8), "a number|above 0");
        assert_eq!(lines("a number above 0", 9), "a number|above 0");
        assert_eq!(lines("ab abcdefg h", 4), "ab|abcd|efg|h");
        assert_eq!(lines("abcd e", 4), "abcd|e");
        assert_eq!(lines("", 4), "");
        assert_eq!(lines("ab", 0), "a|b");
    }
}
