//! The lines behind `#`: what happened between two rows, in words, broken between words where a line is too long.

/// Characters that a continued line is indented by, below the text of its first.
const INDENT: usize = 12;

/// Lines of words behind `#`, the first with the iteration in its column, none longer than `width` unless one word is. `margin` is the
/// width of that column.
pub(super) fn remark(words: &str, iteration: u64, margin: usize, width: usize) -> String {
    let mut shown = if iteration > 0 {
        iteration.to_string()
    } else {
        String::new()
    };
    let margin = margin - 1;
    let room = width.saturating_sub(margin + 2);
    let lines = words.lines().flat_map(|line| broken(line, room));
    lines
        .map(|line| format!("#{:>margin$} {line}\n", std::mem::take(&mut shown)))
        .collect()
}

/// A remark whose lines stay as they are but for the first: a line of a file with a caret below it.
pub(super) fn excerpt(words: &str, iteration: u64, margin: usize, width: usize) -> String {
    let (first, rest) = words.split_once('\n').unwrap_or((words, ""));
    remark(first, iteration, margin, width) + &remark(rest, 0, margin, usize::MAX)
}

/// A line in parts of at most `room` characters, broken at blanks behind its indentation.
fn broken(line: &str, room: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let mut parts = Vec::new();
    let mut part = line[..indent].to_owned();
    let mut empty = true;
    for word in line[indent..].split_inclusive(' ') {
        let length = part.chars().count() + word.trim_end().chars().count();
        if length > room && !empty {
            parts.push(part.trim_end().to_owned());
            part = " ".repeat(INDENT);
        }
        part.push_str(word);
        // The word that says what the line is about never stands alone.
        empty = part.chars().count() <= INDENT;
    }
    parts.push(part.trim_end().to_owned());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_short_ones_stay() {
        let words = "warning     a b c d e f g h\n            short";
        assert_eq!(
            remark(words, 7, 9, 30),
            "#       7 warning     a b c d\n\
             #                     e f g h\n\
             #                     short\n"
        );
        assert_eq!(
            remark("pause       x", 0, 9, 80),
            "#         pause       x\n"
        );
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole() {
        let path = "/a/very/long/path/of/a/run/directory";
        let told = remark(&format!("run         {path} is it"), 3, 9, 40);
        assert_eq!(
            told,
            format!("#       3 run         {path}\n#                     is it\n")
        );
    }

    #[test]
    fn no_line_is_longer_than_it_may_be_and_no_word_is_lost() {
        let words = "finished    all iterations done: 4 iterations in 21.5 s\n            best at iteration 4: C 2.7657 nats";
        for width in 40..90 {
            let told = remark(words, 4, 9, width);
            assert!(
                told.lines().all(|line| line.chars().count() <= width),
                "{told}"
            );
            let back: Vec<&str> = told
                .split_whitespace()
                .filter(|word| *word != "#")
                .collect();
            let all: Vec<&str> = words.split_whitespace().collect();
            assert_eq!(back[1..], all, "{width}");
        }
    }

    #[test]
    fn an_excerpt_keeps_its_caret_in_place() {
        let words = "rejected    lr must be above 0 and not that\n              lr: -1, a long line of a file\n                  ^";
        let told = excerpt(words, 2, 9, 40);
        assert_eq!(
            told,
            "#       2 rejected    lr must be above 0\n\
             #                     and not that\n\
             #                       lr: -1, a long line of a file\n\
             #                           ^\n"
        );
    }
}
