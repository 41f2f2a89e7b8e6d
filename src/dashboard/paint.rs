//! Text into a buffer, cut at the edges of its area: no panel can write, or panic, outside.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Theme;

/// Writes one line `row` rows below the top of `area`, from its left edge.
pub fn line(buffer: &mut Buffer, area: Rect, row: u16, text: &str, style: Style) {
    at(buffer, area, (0, row), text, style);
}

/// Writes `text` at (column, row) of `area`.
pub fn at(buffer: &mut Buffer, area: Rect, (column, row): (u16, u16), text: &str, style: Style) {
    let area = area.intersection(buffer.area);
    if column < area.width && row < area.height {
        buffer.set_stringn(
            area.x + column,
            area.y + row,
            text,
            usize::from(area.width - column),
            style,
        );
    }
}

/// Writes a symbol of one column at (column, row) of `area` that takes nothing of what was there: styles add up otherwise.
pub fn over(buffer: &mut Buffer, area: Rect, place: (u16, u16), symbol: &str, style: Style) {
    let cell = Rect {
        x: area.x.saturating_add(place.0),
        y: area.y.saturating_add(place.1),
        width: 1,
        height: 1,
    };
    clear(buffer, cell.intersection(area));
    at(buffer, area, place, symbol, style);
}

/// Writes one line with an ellipsis where it was cut.
pub fn cut(buffer: &mut Buffer, area: Rect, row: u16, text: &str, (theme, style): (&Theme, Style)) {
    line(buffer, area, row, &shorten(text, area.width, theme), style);
}

/// At most `width` characters.
pub fn shorten(text: &str, width: u16, theme: &Theme) -> String {
    let width = usize::from(width);
    if text.chars().count() <= width {
        return text.into();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push(theme.ellipsis());
    short
}

/// A rule with a title across the first row of `area`; what is left below.
pub fn titled(
    buffer: &mut Buffer,
    area: Rect,
    title: &str,
    (theme, focused): (&Theme, bool),
) -> Rect {
    let area = area.intersection(buffer.area);
    let rule = theme.lines().0.repeat(usize::from(area.width));
    line(buffer, area, 0, &rule, theme.dim());
    let text = shorten(&format!(" {title} "), area.width.saturating_sub(2), theme);
    at(buffer, area, (1, 0), &text, theme.title(focused));
    below(area, 1)
}

/// `area` without its first rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// Empties `area`.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    for position in area.intersection(buffer.area).positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
        }
    }
}
