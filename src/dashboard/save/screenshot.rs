//! The screen as text and as an SVG picture that looks like the terminal. Equal neighbours in a row are one `<rect>` behind
//! one `<text>` of given length; braille and blocks are drawn as rectangles, so that no font can tear a curve apart.

use std::fmt::Write;
use std::io;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

use super::{Destination, SvgPicture};
use crate::dashboard::layout;
use crate::dashboard::state::State;
use crate::dashboard::state::log::LogKind;
use crate::dashboard::theme::{PICTURE, Theme, rgb};
use crate::file;
use crate::plot::FigureSize;

/// Width and height of a cell, px.
const CELL: (f64, f64) = (8.0, 17.0);
/// Distance from the top of a cell to the base line of its text, px.
const BASE: f64 = 13.0;
/// Side of a braille dot, px.
const DOT: f64 = 2.0;

/// Saves the screen at this size as SVG and text into the run directory, or where there is none into the current folder; the log says
/// where. The value is the picture, which is still to be saved as PNG.
pub fn save(state: &mut State, theme: &Theme, area: Rect) -> SvgPicture {
    let mut buffer = Buffer::empty(area);
    layout::screen(state, theme, &mut buffer);
    let destination = Destination::of(state);
    let picture = picture(&buffer);
    let (kind, text) = match write(&buffer, &picture, &destination) {
        Ok(()) => {
            let Destination { directory, stem } = destination;
            let text = format!("saved {stem}.svg, .txt in {}", directory.display());
            (LogKind::Note, text)
        }
        Err(error) => (
            LogKind::Warning,
            format!("the screen is not saved: {error}"),
        ),
    };
    state.log_line(kind, text);
    picture
}

/// The screen as a picture.
fn picture(buffer: &Buffer) -> SvgPicture {
    let (width, height) = place((buffer.area.width, buffer.area.height));
    SvgPicture {
        svg: svg(buffer),
        size: FigureSize { width, height },
    }
}

/// Writes the screen as SVG and as text.
///
/// # Errors
/// Names the file that can't be written.
fn write(buffer: &Buffer, picture: &SvgPicture, destination: &Destination) -> io::Result<()> {
    let Destination { directory, stem } = destination;
    let path = |ending| directory.join(format!("{stem}.{ending}"));
    file::replace(&path("svg"), picture.svg.as_bytes())?;
    file::replace(&path("txt"), text(buffer).as_bytes())
}

/// The screen as text: a line for each row, without blanks at its end.
pub fn text(buffer: &Buffer) -> String {
    let line = |row| {
        let cells: String = cells(buffer, row)
            .map(|placed| placed.cell.symbol())
            .collect();
        format!("{}\n", cells.trim_end())
    };
    (0..buffer.area.height).map(line).collect()
}

/// The screen as an SVG picture.
pub fn svg(buffer: &Buffer) -> String {
    let (width, height) = place((buffer.area.width, buffer.area.height));
    let (text, back) = (hex(PICTURE.text), hex(PICTURE.background));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\" fill=\"{text}\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{back}\"/>\n"
    );
    for row in 0..buffer.area.height {
        for run in runs(buffer, row) {
            run.draw(row, &mut out);
        }
    }
    out + "</svg>\n"
}

/// A run of neighbouring cells in a row that have the same style.
struct CellRun {
    style: CellStyle,
    /// The first column.
    from: u16,
    /// The number of columns.
    width: u16,
    symbols: Vec<PlacedSymbol>,
    text: String,
}

/// A character and its column.
struct PlacedSymbol {
    column: u16,
    letter: char,
}

/// The colours and the font of a cell.
#[derive(Clone, Copy, PartialEq)]
struct CellStyle {
    text: [u8; 3],
    back: [u8; 3],
    modifier: Modifier,
    /// Whether the symbol is drawn as rectangles.
    drawn: bool,
}

impl CellStyle {
    fn of(cell: &Cell) -> Self {
        let mut text = rgb(cell.fg).unwrap_or(PICTURE.text);
        let mut back = rgb(cell.bg).unwrap_or(PICTURE.background);
        if cell.modifier.contains(Modifier::REVERSED) {
            (text, back) = (back, text);
        }
        CellStyle {
            text,
            back,
            modifier: cell.modifier - Modifier::REVERSED,
            drawn: letter(cell).is_some_and(|letter| shape(letter).is_some()),
        }
    }
}

/// A cell in its row.
struct PlacedCell<'a> {
    column: u16,
    cell: &'a Cell,
}

/// The cells of a row that show something of their own: not those under the second half of a wide symbol.
fn cells(buffer: &Buffer, row: u16) -> impl Iterator<Item = PlacedCell<'_>> {
    let mut free = 0;
    (0..buffer.area.width).filter_map(move |column| {
        let cell = buffer.cell((buffer.area.x + column, buffer.area.y + row))?;
        (column >= free).then(|| {
            free = column + width(cell);
            PlacedCell { column, cell }
        })
    })
}

fn width(cell: &Cell) -> u16 {
    Span::raw(cell.symbol()).width().max(1) as u16
}

/// The symbol, if it is one character.
fn letter(cell: &Cell) -> Option<char> {
    let mut letters = cell.symbol().chars();
    letters.next().filter(|_| letters.next().is_none())
}

fn runs(buffer: &Buffer, row: u16) -> Vec<CellRun> {
    let mut runs: Vec<CellRun> = Vec::new();
    for PlacedCell { column, cell } in cells(buffer, row) {
        let style = CellStyle::of(cell);
        if runs.last().is_none_or(|run| run.style != style) {
            runs.push(CellRun {
                style,
                from: column,
                width: 0,
                symbols: Vec::new(),
                text: String::new(),
            });
        }
        if let Some(run) = runs.last_mut() {
            run.width += width(cell);
            run.symbols
                .extend(letter(cell).map(|letter| PlacedSymbol { column, letter }));
            run.text += cell.symbol();
        }
    }
    runs
}

impl CellRun {
    fn draw(&self, row: u16, out: &mut String) {
        let ((x, y), (width, height)) = (place((self.from, row)), place((self.width, 1)));
        // Writing into a String can't fail.
        if self.style.back != PICTURE.background {
            let back = hex(self.style.back);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{back}\"/>"
            );
        }
        let style = self.attributes();
        if self.style.drawn {
            let _ = writeln!(out, "<path d=\"{}\"{style}/>", self.path(row));
        } else if !self.text.trim().is_empty() {
            let (y, text) = (y + BASE, escaped(&self.text));
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{style}>{text}</text>"
            );
        }
    }

    /// The path of the rectangles in the cells' places.
    fn path(&self, row: u16) -> String {
        let mut path = String::new();
        for &PlacedSymbol { column, letter } in &self.symbols {
            let (left, top) = place((column, row));
            for [x, y, width, height] in shape(letter).unwrap_or_default() {
                let (x, y) = (left + x, top + y);
                let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
            }
        }
        path
    }

    fn attributes(&self) -> String {
        let mut style = String::new();
        if self.style.text != PICTURE.text {
            style += &format!(" fill=\"{}\"", hex(self.style.text));
        }
        for (modifier, attribute) in [
            (Modifier::DIM, " fill-opacity=\"0.6\""),
            (Modifier::BOLD, " font-weight=\"bold\""),
            (Modifier::ITALIC, " font-style=\"italic\""),
            (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        ] {
            if self.style.modifier.contains(modifier) {
                style += attribute;
            }
        }
        style
    }
}

/// The left top corner of a cell, px.
fn place((column, row): (u16, u16)) -> (f64, f64) {
    (f64::from(column) * CELL.0, f64::from(row) * CELL.1)
}

/// The rectangles (x, y, width, height, px) that a symbol stands for, if it is made of such.
fn shape(letter: char) -> Option<Vec<[f64; 4]>> {
    let (width, height) = CELL;
    let eighth = |part: u32| height * f64::from(part) / 8.0;
    Some(match letter {
        '\u{2800}'..='\u{28ff}' => braille(letter as u32 - 0x2800),
        '▀' => vec![[0.0, 0.0, width, eighth(4)]],
        '▁'..='█' => {
            let part = eighth(letter as u32 - 0x2580);
            vec![[0.0, height - part, width, part]]
        }
        '▌' => vec![[0.0, 0.0, width / 2.0, height]],
        '▐' => vec![[width / 2.0, 0.0, width / 2.0, height]],
        '─' => vec![[0.0, eighth(4), width, 1.0]],
        '│' => vec![[width / 2.0, 0.0, 1.0, height]],
        _ => return None,
    })
}

/// The bits count down the left column, then down the right one; the lowest row came later.
fn braille(bits: u32) -> Vec<[f64; 4]> {
    const PLACES: [(u8, u8); 8] = [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
        (0, 3),
        (1, 3),
    ];
    let set = PLACES
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 == 1);
    set.map(|(_, &(across, down))| {
        let x = (f64::from(across) + 0.5) * CELL.0 / 2.0 - DOT / 2.0;
        let y = (f64::from(down) + 0.5) * CELL.1 / 4.0 - DOT / 2.0;
        [x, y, DOT, DOT]
    })
    .collect()
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The text as XML has it, without control characters.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::theme::{Depth, Markers};
    use ratatui::style::{Color, Style};
    use std::path::Path;

    fn screen(markers: Markers, (width, height): (u16, u16)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let colour = Depth::Ansi16;
        layout::screen(&fixtures::run(), &Theme { markers, colour }, &mut buffer);
        buffer
    }

    fn row(text: &str, style: Style) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        buffer.set_string(0, 0, text, style);
        buffer
    }

    /// Name, attributes, text.
    type Element = (String, Vec<(String, String)>, String);

    /// Elements of the picture behind its background.
    fn elements(buffer: &Buffer) -> Vec<Element> {
        let picture = svg(buffer);
        let document = roxmltree::Document::parse(&picture).unwrap();
        let nodes = document.root_element().children();
        let nodes = nodes.filter(roxmltree::Node::is_element).skip(1);
        nodes
            .map(|node| {
                let attributes = node
                    .attributes()
                    .map(|a| (a.name().into(), a.value().into()));
                (
                    node.tag_name().name().into(),
                    attributes.collect(),
                    node.text().unwrap_or_default().into(),
                )
            })
            .collect()
    }

    #[test]
    fn the_picture_of_any_screen_is_xml_with_every_letter_of_the_text() {
        for size in [(0, 0), (1, 1), (10, 3), (80, 24), (200, 60)] {
            for markers in [Markers::Braille, Markers::Dots, Markers::Ascii] {
                let buffer = screen(markers, size);
                let words = elements(&buffer).into_iter().map(|element| element.2);
                let shown: String = words.collect();
                let letters = |text: &str| {
                    let mut letters: Vec<char> = text
                        .chars()
                        .filter(|&c| !c.is_whitespace() && shape(c).is_none())
                        .collect();
                    letters.sort_unstable();
                    letters
                };
                assert_eq!(letters(&shown), letters(&text(&buffer)), "{size:?}");
            }
        }
    }

    #[test]
    fn the_text_has_the_rows_of_the_screen() {
        let text = text(&screen(Markers::Braille, (80, 24)));
        assert_eq!(text.lines().count(), 24);
        assert!(text.lines().all(|line| line == line.trim_end()));
        assert!(text.starts_with("8gaussians"));
    }

    #[test]
    fn signs_of_xml_and_control_characters_stay_text() {
        let mut buffer = row("<&>\"'", Style::new());
        buffer[(5, 0)].set_symbol("\u{1b}");
        buffer[(6, 0)].set_symbol("\u{ffff}");
        assert_eq!(elements(&buffer)[0].2.trim_end(), "<&>\"'\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_style_is_one_run_with_its_attributes() {
        let style = Style::new()
            .fg(Color::Rgb(1, 2, 3))
            .add_modifier(Modifier::BOLD | Modifier::DIM);
        let all = elements(&row("ab cd", style));
        assert_eq!(all.len(), 1);
        let has = |name: &str, value: &str| all[0].1.contains(&(name.into(), value.into()));
        assert!(has("fill", "#010203") && has("font-weight", "bold"));
        assert!(has("fill-opacity", "0.6") && has("textLength", "40"));
    }

    #[test]
    fn reversed_cells_have_a_background_in_the_colour_of_the_text() {
        let all = elements(&row("ab", Style::new().add_modifier(Modifier::REVERSED)));
        let names: Vec<&str> = all.iter().map(|element| element.0.as_str()).collect();
        assert_eq!(names, ["rect", "text"]);
        assert!(all[0].1.contains(&("fill".into(), hex(PICTURE.text))));
        assert!(all[1].1.contains(&("fill".into(), hex(PICTURE.background))));
    }

    #[test]
    fn braille_and_blocks_are_drawn_where_they_stand() {
        let path = |text| {
            let all = elements(&row(text, Style::new()));
            assert_eq!(all.len(), 1, "{text}");
            all[0].1[0].1.clone()
        };
        assert_eq!(path("\u{2801}"), "M1 1.125h2v2h-2z");
        assert_eq!(path(" \u{2880}"), "M13 13.875h2v2h-2z");
        assert_eq!(path("▀"), "M0 0h8v8.5h-8z");
        assert_eq!(path("▄"), "M0 8.5h8v8.5h-8z");
        assert_eq!(path("█"), "M0 0h8v17h-8z");
    }

    #[test]
    fn a_wide_symbol_takes_two_columns_and_hides_none() {
        let buffer = row("日本x", Style::new());
        assert_eq!(text(&buffer), "日本x\n");
        assert_eq!(elements(&buffer)[0].2.trim_end(), "日本x");
    }

    #[test]
    fn a_screen_is_saved_as_two_files_or_its_failure_named() {
        let folder = tempfile::tempdir().unwrap();
        let buffer = screen(Markers::Braille, (80, 24));
        let place = |directory: &Path| Destination {
            directory: directory.into(),
            stem: "screen-271".into(),
        };
        write(&buffer, &picture(&buffer), &place(folder.path())).unwrap();
        let written = |file| std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert_eq!(written("screen-271.svg"), svg(&buffer));
        assert_eq!(written("screen-271.txt"), text(&buffer));
        let gone = place(&folder.path().join("gone"));
        let error = write(&buffer, &picture(&buffer), &gone).unwrap_err();
        assert!(error.to_string().contains("screen-271.svg"));
    }
}
