//! A figure: an SVG document, and its rendering as PNG. Text stays text in the SVG, in DejaVu Sans or else the viewer's own
//! sans-serif; the PNG is made with the DejaVu Sans that is built in, so no font of the system is read.

use std::path::Path;
use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, fontdb};
use svg::Document;
use svg::node::Node;
use svg::node::element::{Rectangle, Text, Title};

/// In the SVG; the first is the built-in one.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Pixels of the PNG to a unit of the SVG: 192 dots an inch.
const SHARPNESS: f32 = 2.0;
/// Longest text; longer names end in an ellipsis.
const LONGEST: usize = 80;

/// Size of a title.
pub const TITLE: f64 = 15.0;
/// Size of names and legends.
pub const NAME: f64 = 12.0;
/// Size of the labels of ticks.
pub const LABEL: f64 = 10.5;

/// The colour of text and frames.
pub const INK: &str = "#222222";

/// A file format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Shapes and text.
    Svg,
}

impl Format {
    /// By the ending of a file's name; None for others than png and svg.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "png" => Some(Format::Png),
            "svg" => Some(Format::Svg),
            _ => None,
        }
    }

    /// What is said of a path whose ending is none.
    pub fn expected(path: &Path) -> String {
        let name = path.display();
        format!("{name}: pictures are PNG or SVG: give a name that ends in .png or .svg")
    }
}

/// A figure that could not be made into pixels.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The document was not understood: a bug.
    #[error("cannot render the figure: {0}")]
    Render(#[from] usvg::Error),
    /// There is no room for its pixels.
    #[error("cannot render the figure: no memory for {0} x {1} pixels")]
    Memory(u32, u32),
    /// The pixels could not be packed.
    #[error("cannot pack the pixels of the figure: {0}")]
    Pack(String),
}

/// A picture with its labels.
#[derive(Clone, Debug)]
pub struct Figure {
    document: Document,
    size: (f64, f64),
}

impl Figure {
    /// An empty one of width and height in units of 1/96 inch, with its title at the top.
    pub fn new((width, height): (f64, f64), title: &str) -> Self {
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
        let mut figure = Figure {
            document,
            size: (width, height),
        };
        figure.add(text(title, (width / 2.0, 26.0), TITLE).set("text-anchor", "middle"));
        figure
    }

    /// A smaller line under the title.
    pub fn note(&mut self, note: &str) {
        let place = (self.size.0 / 2.0, 46.0);
        self.add(text(note, place, LABEL + 0.5).set("text-anchor", "middle"));
    }

    /// Adds what is drawn over the rest.
    pub fn add(&mut self, node: impl Node) {
        self.document.append(Box::new(node) as Box<dyn Node>);
    }

    /// As an SVG document.
    pub fn svg(&self) -> String {
        format!("{}\n", self.document)
    }

    /// As a PNG image.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(dejavu::sans::regular())));
        let options = Options {
            fontdb: Arc::new(fonts),
            font_family: "DejaVu Sans".into(),
            ..Options::default()
        };
        let tree = Tree::from_str(&self.svg(), &options)?;
        let (width, height) = (self.size.0 as f32, self.size.1 as f32);
        let pixels = |length: f32| (length * SHARPNESS).round() as u32;
        let (wide, tall) = (pixels(width), pixels(height));
        let mut map = Pixmap::new(wide, tall).ok_or(Error::Memory(wide, tall))?;
        map.fill(Color::WHITE);
        let transform = Transform::from_scale(SHARPNESS, SHARPNESS);
        resvg::render(&tree, transform, &mut map.as_mut());
        map.encode_png()
            .map_err(|error| Error::Pack(error.to_string()))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// As [`Figure::png`].
    pub fn bytes(&self, format: Format) -> Result<Vec<u8>, Error> {
        match format {
            Format::Png => self.png(),
            Format::Svg => Ok(self.svg().into_bytes()),
        }
    }
}

/// Text whose baseline starts at a place.
pub fn text(content: &str, (x, y): (f64, f64), size: f64) -> Text {
    Text::new(clean(content))
        .set("x", round(x))
        .set("y", round(y))
        .set("font-size", size)
        .set("fill", INK)
}

/// Names come from files: without what XML does not allow, and not too long.
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

/// Hundredths of a unit are finer than anybody sees.
pub fn round(coordinate: f64) -> f64 {
    (coordinate * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_a_format() {
        let format = |path: &str| Format::of(Path::new(path));
        assert_eq!(format("a/b.PNG"), Some(Format::Png));
        assert_eq!(format("b.svg"), Some(Format::Svg));
        assert_eq!((format("b.pdf"), format("png")), (None, None));
    }

    #[test]
    fn hostile_names_make_well_formed_documents() {
        let long = "y".repeat(1000);
        for name in ["<a & \"b\">", "\0\u{1}\u{1b}[2J", "]]>", "\u{ffff}", &long] {
            let mut figure = Figure::new((100.0, 50.0), name);
            figure.add(text(name, (0.0, 0.0), NAME));
            let svg = figure.svg();
            roxmltree::Document::parse(&svg).unwrap();
            assert!(svg.len() < 2000);
        }
    }

    #[test]
    fn text_has_ink_without_any_font_of_the_system() {
        let dark = |title: &str| {
            let png = Figure::new((200.0, 60.0), title).png().unwrap();
            let map = Pixmap::decode_png(&png).unwrap();
            assert_eq!((map.width(), map.height()), (400, 120));
            map.pixels().iter().filter(|p| p.red() < 128).count()
        };
        assert_eq!(dark(""), 0);
        assert!(dark("f\u{207b}\u{b9}(x), |grad| \u{b1} \u{2212}1") > 500);
    }
}
