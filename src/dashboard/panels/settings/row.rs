//! A row of the list of edits with the class at the right, which tells when an edit applies; and the marks of rows that are hidden.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::session::Applies;

/// Least width for classes in words that need no legend.
const WIDE: u16 = 48;

/// A row of the pane.
pub struct SettingsRow<'a> {
    /// The text at the left.
    pub text: &'a str,
    /// The style of the text.
    pub style: Style,
    /// The time from which an edit applies; None where the text takes the whole row.
    pub applies: Option<Applies>,
}

impl SettingsRow<'_> {
    /// Draws the row in a line of the canvas.
    pub fn draw(&self, line: u16, canvas: &mut Canvas) {
        let Some(applies) = self.applies else {
            canvas.cut_line(line, self.text, self.style);
            return;
        };
        let area = canvas.area;
        let class = class(applies);
        let (word, columns) = if area.width >= WIDE {
            (class.long, 8)
        } else {
            (class.short, 4)
        };
        let width = area.width.saturating_sub(columns + 1);
        let mut left = canvas.part(Rect { width, ..area });
        left.cut_line(line, self.text, self.style);
        canvas.write((width + 1, line), word, canvas.theme.dim());
    }
}

/// Draws marks at the right edge where there are more of `count` rows than the `shown` ones from the `first` on.
pub fn draw_arrows(first: usize, count: usize, shown: u16, canvas: &mut Canvas) {
    let (more, area) = (canvas.theme.more(), canvas.area);
    let strong = canvas.theme.strong();
    let edge = area.width.saturating_sub(1);
    if first > 0 {
        canvas.write((edge, 0), more.up, strong);
    }
    if count > first + usize::from(shown) {
        let bottom = area.height.saturating_sub(1);
        canvas.write((edge, bottom), more.down, strong);
    }
}

/// The words for when an edit applies.
struct Class {
    long: &'static str,
    short: &'static str,
}

/// The class of a setting: an edit applies at once, at the next batch, in a new run.
fn class(applies: Applies) -> Class {
    let (long, short) = match applies {
        Applies::Live => ("live", "live"),
        Applies::Resample => ("resample", "next"),
        Applies::Restart => ("restart", "new"),
    };
    Class { long, short }
}
