//! Pixels of an SVG document. Letters are those of DejaVu Sans and DejaVu Sans Mono, which are built in; the fonts of the system are read
//! for a document with letters that these lack, as those of Chinese, and what no font has is a box.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, Group, Node, Options, Tree, fontdb};

use super::figure::FigureSize;

/// An error of rendering a document as pixels.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The SVG document could not be read: a bug.
    #[error("cannot render the figure: {0}")]
    Render(#[from] usvg::Error),
    /// There is no memory for the pixels.
    #[error("cannot render the figure: no memory for {0} x {1} pixels")]
    Memory(u32, u32),
    /// The pixels could not be encoded as PNG.
    #[error("cannot pack the pixels of the figure: {0}")]
    Pack(String),
}

/// The fonts that are built in.
static BUILT_IN: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for font in [
        dejavu::sans::regular(),
        dejavu::sans::bold(),
        dejavu::sans_mono::regular(),
        dejavu::sans_mono::bold(),
    ] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    Arc::new(fonts)
});

/// The fonts that are built in, and behind them those of the system.
static ALL: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::clone(&BUILT_IN);
    fonts.load_system_fonts();
    Arc::new(fonts)
});

/// The most letters that a warning names.
const NAMED: usize = 12;

/// A document whose text has its glyphs.
struct LaidOut {
    tree: Tree,
    /// The letters that the fonts lack.
    lacking: BTreeSet<String>,
}

impl LaidOut {
    /// Reads the fonts of the system only where those that are built in lack a letter.
    fn new(svg: &str) -> Result<Self, usvg::Error> {
        let first = Self::with(svg, &BUILT_IN)?;
        match first.lacking.is_empty() {
            true => Ok(first),
            false => Self::with(svg, &ALL),
        }
    }

    fn with(svg: &str, fonts: &Arc<fontdb::Database>) -> Result<Self, usvg::Error> {
        let options = Options {
            fontdb: Arc::clone(fonts),
            font_family: "DejaVu Sans".into(),
            ..Options::default()
        };
        let tree = Tree::from_str(svg, &options)?;
        let mut lacking = BTreeSet::new();
        collect_lacking(tree.root(), &mut lacking);
        Ok(LaidOut { tree, lacking })
    }
}

/// Collects the letters of texts whose glyph is the box, which every font has as glyph 0.
fn collect_lacking(group: &Group, lacking: &mut BTreeSet<String>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect_lacking(group, lacking),
            Node::Text(text) => {
                let glyphs = text
                    .layouted()
                    .iter()
                    .flat_map(|span| &span.positioned_glyphs);
                let boxes = glyphs.filter(|glyph| glyph.id.0 == 0);
                lacking.extend(boxes.map(|glyph| glyph.text.clone()));
            }
            _ => {}
        }
    }
}

/// A warning of the boxes that stand for letters of a document in its pixels; None where there are none.
pub fn warning_of_boxes(svg: &str) -> Option<String> {
    boxes(&LaidOut::new(svg).ok()?.lacking)
}

fn boxes(lacking: &BTreeSet<String>) -> Option<String> {
    // Of a letter of several boxes only the first has its text.
    let letters = lacking
        .iter()
        .map(String::as_str)
        .filter(|letter| !letter.is_empty());
    let mut named: Vec<&str> = letters.take(NAMED).collect();
    if lacking.len() > NAMED {
        named.push("...");
    }
    (!named.is_empty()).then(|| {
        format!(
            "no font here has {}: they are boxes in PNG pictures and films; SVG pictures have them as text, or install a font that has them",
            named.join(" ")
        )
    })
}

/// Renders a document of this size, on white, with this number of pixels for a unit.
///
/// # Errors
/// When it is not well-formed, or there is no memory for the pixels.
pub fn pixels(svg: &str, size: FigureSize, scale: f32) -> Result<Pixmap, RenderError> {
    drawn(&LaidOut::new(svg)?.tree, size, scale)
}

fn drawn(tree: &Tree, size: FigureSize, scale: f32) -> Result<Pixmap, RenderError> {
    let side = |length: f64| (length as f32 * scale).round() as u32;
    let (wide, tall) = (side(size.width), side(size.height));
    let mut map = Pixmap::new(wide, tall).ok_or(RenderError::Memory(wide, tall))?;
    map.fill(Color::WHITE);
    let transform = Transform::from_scale(scale, scale);
    resvg::render(tree, transform, &mut map.as_mut());
    Ok(map)
}

/// The bytes of a picture's file.
#[derive(Clone, Debug)]
pub struct ImageFile {
    /// The content.
    pub bytes: Vec<u8>,
    /// A warning of the letters that are boxes in it; None where there are none.
    pub warning: Option<String>,
}

/// Renders a document of this size as a PNG image.
///
/// # Errors
/// As [`pixels`].
pub fn png(svg: &str, size: FigureSize, scale: f32) -> Result<ImageFile, RenderError> {
    let LaidOut { tree, lacking } = LaidOut::new(svg)?;
    let pixels = drawn(&tree, size, scale)?;
    let bytes = pixels.encode_png();
    Ok(ImageFile {
        bytes: bytes.map_err(|error| RenderError::Pack(error.to_string()))?,
        warning: boxes(&lacking),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document with these texts.
    fn document(texts: &[&str]) -> String {
        let texts = texts
            .iter()
            .map(|text| format!("<g><text y='9'>{text}</text></g>"));
        let texts: String = texts.collect();
        format!("<svg xmlns='http://www.w3.org/2000/svg' width='90' height='9'>{texts}</svg>")
    }

    fn lacking(texts: &[&str]) -> Vec<String> {
        let laid_out = LaidOut::with(&document(texts), &BUILT_IN).unwrap();
        laid_out.lacking.into_iter().collect()
    }

    #[test]
    fn letters_that_the_built_in_fonts_lack_are_found_one_by_one() {
        assert_eq!(
            lacking(&["\u{6e29}\u{5ea6} x", "C", "\u{6e29}"]),
            ["\u{5ea6}", "\u{6e29}"]
        );
        // Devanagari, Thai, Hangul.
        for letter in ["\u{915}", "\u{e01}", "\u{ac00}"] {
            assert_eq!(lacking(&[letter]), [letter]);
        }
        // Latin, Greek, Cyrillic, Hebrew, signs.
        let known = [
            "price",
            "\u{3b8}",
            "\u{446}\u{435}\u{43d}\u{430}",
            "\u{5d0}",
            "C \u{2212} H \u{b1}",
        ];
        assert!(lacking(&known).is_empty());
    }

    #[test]
    fn the_warning_names_the_letters_and_a_way_out() {
        let of = |letters: &str| boxes(&letters.chars().map(String::from).collect());
        assert_eq!(of(""), None);
        let warning = of("\u{6e29}\u{5ea6}").unwrap();
        assert!(
            warning.starts_with("no font here has \u{5ea6} \u{6e29}: "),
            "{warning}"
        );
        assert!(warning.contains("SVG"));
        assert!(of("abcdefghijklmn").unwrap().contains("k l ...:"));
    }
}
