//! Pixels of an SVG document. Letters are those of DejaVu Sans and DejaVu Sans Mono, which are built in, so no font of the system is read.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, fontdb};

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

/// The fonts that are built in, read once.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
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
    Arc::clone(&FONTS)
}

/// Renders a document of this size, on white, with this number of pixels for a unit.
///
/// # Errors
/// When it is not well-formed, or there is no memory for the pixels.
pub fn pixels(svg: &str, size: FigureSize, scale: f32) -> Result<Pixmap, RenderError> {
    let options = Options {
        fontdb: fonts(),
        font_family: "DejaVu Sans".into(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let side = |length: f64| (length as f32 * scale).round() as u32;
    let (wide, tall) = (side(size.width), side(size.height));
    let mut map = Pixmap::new(wide, tall).ok_or(RenderError::Memory(wide, tall))?;
    map.fill(Color::WHITE);
    let transform = Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut map.as_mut());
    Ok(map)
}

/// Renders a document of this size as a PNG image.
///
/// # Errors
/// As [`pixels`].
pub fn png(svg: &str, size: FigureSize, scale: f32) -> Result<Vec<u8>, RenderError> {
    let pixels = pixels(svg, size, scale)?;
    pixels
        .encode_png()
        .map_err(|error| RenderError::Pack(error.to_string()))
}
