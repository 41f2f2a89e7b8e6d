//! A canvas: an area of the screen with the theme to draw it in. What is written is cut at the edges of the area, so that no panel can
//! write, or panic, outside.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pixels::scene::PixelScene;
use super::theme::{Focus, Theme};

/// An area of a buffer that a panel draws into. Columns and rows count from its left top corner.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The symbols and the colours.
    pub theme: &'a Theme,
    /// The area.
    pub area: Rect,
    /// The cells of the whole screen.
    pub buffer: &'a mut Buffer,
    /// What is drawn in pixels as well; None where nobody asks for it.
    pub scenes: Option<&'a mut Vec<PixelScene>>,
}

impl<'a> Canvas<'a> {
    /// The canvas of a whole buffer.
    pub fn whole(theme: &'a Theme, buffer: &'a mut Buffer) -> Self {
        Self {
            theme,
            area: buffer.area,
            buffer,
            scenes: None,
        }
    }

    /// The canvas of another area of the same screen.
    pub fn part(&mut self, area: Rect) -> Canvas<'_> {
        Canvas {
            theme: self.theme,
            area,
            buffer: self.buffer,
            scenes: self.scenes.as_deref_mut(),
        }
    }

    /// Adds the picture of an area, where pictures are asked for.
    pub fn picture(&mut self, scene: impl FnOnce() -> PixelScene) {
        if let Some(scenes) = &mut self.scenes {
            scenes.push(scene());
        }
    }

    /// The canvas without its first rows.
    pub fn below(&mut self, rows: u16) -> Canvas<'_> {
        self.part(below(self.area, rows))
    }

    /// Writes `text` at (column, row).
    pub fn write(&mut self, (column, row): (u16, u16), text: &str, style: Style) {
        let area = self.area.intersection(self.buffer.area);
        if column < area.width && row < area.height {
            self.buffer.set_stringn(
                area.x + column,
                area.y + row,
                text,
                usize::from(area.width - column),
                // What was there before leaves nothing of its style.
                Style::reset().patch(style),
            );
        }
    }

    /// Writes a symbol of one column at (column, row) that takes nothing of what was there: styles add up otherwise.
    pub fn replace(&mut self, place: (u16, u16), symbol: &str, style: Style) {
        let cell = Rect {
            x: self.area.x.saturating_add(place.0),
            y: self.area.y.saturating_add(place.1),
            width: 1,
            height: 1,
        };
        let cell = cell.intersection(self.area);
        self.part(cell).clear();
        self.write(place, symbol, style);
    }

    /// Writes a line from the left edge.
    pub fn line(&mut self, row: u16, text: &str, style: Style) {
        self.write((0, row), text, style);
    }

    /// Writes a line from the left edge, with an ellipsis where it was cut.
    pub fn cut_line(&mut self, row: u16, text: &str, style: Style) {
        let text = shorten(text, self.area.width, self.theme);
        self.line(row, &text, style);
    }

    /// Writes a rule with a title across the first row; the canvas of what is left below.
    pub fn titled(&mut self, title: &str, focus: Focus) -> Canvas<'_> {
        let area = self.area.intersection(self.buffer.area);
        let theme = self.theme;
        let mut inside = self.part(area);
        let rule = theme.rules().horizontal.repeat(usize::from(area.width));
        inside.line(0, &rule, theme.dim());
        let text = shorten(&format!(" {title} "), area.width.saturating_sub(2), theme);
        inside.write((1, 0), &text, theme.title(focus));
        self.part(below(area, 1))
    }

    /// Empties the area.
    pub fn clear(&mut self) {
        for position in self.area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }
}

/// The text in at most `width` characters, with an ellipsis where it was cut.
pub fn shorten(text: &str, width: u16, theme: &Theme) -> String {
    let width = usize::from(width);
    if text.chars().count() <= width {
        return text.into();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push(theme.ellipsis());
    short
}

/// Two areas beside each other with a column between them, the left one of this width.
pub fn beside(area: Rect, width: u16) -> [Rect; 2] {
    let left = Rect { width, ..area };
    let right = Rect {
        x: left.right() + 1,
        width: area.width - width - 1,
        ..area
    };
    [left, right]
}

/// The area without its first rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}
