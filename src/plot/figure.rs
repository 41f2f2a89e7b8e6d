//! A figure: an SVG document, and its rendering as PNG. Text stays text in the SVG, in DejaVu Sans or else the viewer's own
//! sans-serif; the PNG is made as `render.rs` says.

use std::path::Path;

use resvg::tiny_skia::Pixmap;
use svg::Document;
use svg::node::Node;
use svg::node::element::{Rectangle, Text, Title};

use super::render::{self, ImageFile, RenderError};

/// Font families of the SVG; the first is the one that is built in.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Pixels of the PNG for a unit of the SVG: 192 dots an inch.
const PIXELS: f32 = 2.0;
/// Largest number of characters of a text; longer ones end in an ellipsis.
const LONGEST: usize = 100;

/// Font size of a title.
pub const TITLE: f64 = 15.0;
/// Font size of names and legends.
pub const NAME: f64 = 12.0;
/// Font size of the labels of ticks.
pub const LABEL: f64 = 10.5;

/// The colour of text and frames.
pub const INK: &str = "#222222";

/// A file format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// PNG: pixels.
    Png,
    /// SVG: shapes and text.
    Svg,
}

impl ImageFormat {
    /// The format that the ending of a file's name stands for; None for others than png and svg.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "png" => Some(ImageFormat::Png),
            "svg" => Some(ImageFormat::Svg),
            _ => None,
        }
    }

    /// The error message for a path whose ending stands for no format.
    pub fn wrong_ending(path: &Path) -> String {
        let name = path.display();
        format!("{name}: pictures are PNG or SVG: give a name that ends in .png or .svg")
    }
}

/// The size of a figure, in units of 1/96 inch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FigureSize {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A figure with its title and labels, as an SVG document.
#[derive(Clone, Debug)]
pub struct SvgFigure {
    document: Document,
    size: FigureSize,
}

impl SvgFigure {
    /// A white figure with its title at the top.
    pub fn new(size: FigureSize, title: &str) -> Self {
        let FigureSize { width, height } = size;
        let document = Document::new()
            .set("viewBox", (0.0, 0.0, width, height))
            .set("width", width)
            .set("height", height)
            .set("font-family", FAMILY)
            .add(Title::new(clean(title)))
            .add(
                Rectangle::new()
                    .set("width", width)
                    .set("height", height)
                    .set("fill", "white"),
            );
        let mut figure = SvgFigure { document, size };
        figure.add(text(title, (width / 2.0, 26.0), TITLE).set("text-anchor", "middle"));
        figure
    }

    /// Adds a smaller line under the title.
    pub fn add_note(&mut self, note: &str) {
        let place = (self.size.width / 2.0, 46.0);
        self.add(text(note, place, LABEL + 0.5).set("text-anchor", "middle"));
    }

    /// Adds an element, drawn over those before it.
    pub fn add(&mut self, node: impl Node) {
        self.document.append(Box::new(node) as Box<dyn Node>);
    }

    /// The text of the SVG document.
    pub fn svg(&self) -> String {
        format!("{}\n", self.document)
    }

    /// The size of the figure.
    pub fn size(&self) -> FigureSize {
        self.size
    }

    /// Renders the figure as a PNG image.
    ///
    /// # Errors
    /// When there is no memory for its pixels.
    pub fn png(&self) -> Result<ImageFile, RenderError> {
        render::png(&self.svg(), self.size, PIXELS)
    }

    /// Renders the figure with this number of pixels for a unit.
    ///
    /// # Errors
    /// When there is no memory for the pixels.
    pub fn pixels(&self, scale: f32) -> Result<Pixmap, RenderError> {
        render::pixels(&self.svg(), self.size, scale)
    }

    /// A warning of the letters that are boxes in its pixels; None where there are none.
    pub fn warning_of_boxes(&self) -> Option<String> {
        render::warning_of_boxes(&self.svg())
    }

    /// The figure as a file of this format.
    ///
    /// # Errors
    /// As [`SvgFigure::png`].
    pub fn file(&self, format: ImageFormat) -> Result<ImageFile, RenderError> {
        match format {
            ImageFormat::Png => self.png(),
            ImageFormat::Svg => Ok(ImageFile {
                bytes: self.svg().into_bytes(),
                warning: None,
            }),
        }
    }
}

/// Text whose baseline starts at a point.
pub fn text(content: &str, (x, y): (f64, f64), size: f64) -> Text {
    Text::new(clean(content))
        .set("x", round(x))
        .set("y", round(y))
        .set("font-size", size)
        .set("fill", INK)
}

/// Replaces the characters of a text that XML does not allow by spaces, and shortens it to [`LONGEST`]: names come from files.
pub fn clean(content: &str) -> String {
    let printable = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let mut kept = content.chars().map(|c| if printable(c) { c } else { ' ' });
    let mut text: String = kept.by_ref().take(LONGEST).collect();
    if kept.next().is_some() {
        text.pop();
        text.push('\u{2026}');
    }
    text
}

/// Rounds a coordinate to hundredths of a unit, which is finer than the eye sees.
pub fn round(coordinate: f64) -> f64 {
    (coordinate * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_a_format() {
        let format = |path: &str| ImageFormat::of(Path::new(path));
        assert_eq!(format("a/b.PNG"), Some(ImageFormat::Png));
        assert_eq!(format("b.svg"), Some(ImageFormat::Svg));
        assert_eq!((format("b.pdf"), format("png")), (None, None));
    }

    #[test]
    fn hostile_names_make_well_formed_documents() {
        let long = "y".repeat(1000);
        for name in ["<a & \"b\">", "\0\u{1}\u{1b}[2J", "]]>", "\u{ffff}", &long] {
            let mut figure = SvgFigure::new(
                FigureSize {
                    width: 100.0,
                    height: 50.0,
                },
                name,
            );
            figure.add(text(name, (0.0, 0.0), NAME));
            let svg = figure.svg();
            roxmltree::Document::parse(&svg).unwrap();
            assert!(svg.len() < 2000);
        }
    }

    #[test]
    fn text_has_ink_without_any_font_of_the_system() {
        let dark = |title: &str| {
            let png = SvgFigure::new(
                FigureSize {
                    width: 200.0,
                    height: 60.0,
                },
                title,
            )
            .png()
            .unwrap();
            let map = Pixmap::decode_png(&png.bytes).unwrap();
            assert_eq!((map.width(), map.height()), (400, 120));
            map.pixels().iter().filter(|p| p.red() < 128).count()
        };
        assert_eq!(dark(""), 0);
        assert!(dark("f\u{207b}\u{b9}(x), |grad| \u{b1} \u{2212}1") > 500);
    }
}
