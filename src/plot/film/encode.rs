//! The file formats of films: GIF and animated PNG, both of indices into one palette, both shown again without end.

use std::borrow::Cow;

use super::indexed::FrameChange;
use super::{FilmError, FilmFormat};

/// The head of a film's file.
pub struct FilmHead {
    /// Width, pixels.
    pub width: u16,
    /// Height, pixels.
    pub height: u16,
    /// Number of frames.
    pub frames: usize,
    /// Red, green and blue of every index.
    pub palette: Vec<u8>,
    /// The index of a pixel that stays as it was: the one behind the palette.
    pub unchanged: u8,
}

/// A frame and its time.
pub struct TimedFrame {
    /// What changes.
    pub change: FrameChange,
    /// Time that the frame is shown, in hundredths of a second.
    pub time: u16,
}

/// The frames of a film, one after the other.
pub type Frames<'a> = &'a mut dyn Iterator<Item = Result<TimedFrame, FilmError>>;

/// The bytes of a film's file.
///
/// # Errors
/// When a frame fails, or can't be packed.
pub fn encode(format: FilmFormat, head: &FilmHead, frames: Frames) -> Result<Vec<u8>, FilmError> {
    match format {
        FilmFormat::Gif => gif(head, frames),
        FilmFormat::Apng => apng(head, frames),
    }
}

fn packing(error: impl ToString) -> FilmError {
    FilmError::Pack(error.to_string())
}

/// The indices of a frame's pixels.
fn indices(change: &FrameChange, head: &FilmHead) -> Vec<u8> {
    let indices = change.indices.iter();
    indices.map(|i| i.unwrap_or(head.unchanged)).collect()
}

fn gif(head: &FilmHead, frames: Frames) -> Result<Vec<u8>, FilmError> {
    let encoder = gif::Encoder::new(Vec::new(), head.width, head.height, &head.palette);
    let mut encoder = encoder.map_err(packing)?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(packing)?;
    for frame in frames {
        let TimedFrame { change, time } = frame?;
        let whole = change.indices.iter().all(Option::is_some);
        // All sides are at most those of the film, which are of this type.
        let frame = gif::Frame {
            left: change.left as u16,
            top: change.top as u16,
            width: change.width as u16,
            height: change.height as u16,
            delay: time,
            dispose: gif::DisposalMethod::Keep,
            transparent: (!whole).then_some(head.unchanged),
            buffer: Cow::Owned(indices(&change, head)),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).map_err(packing)?;
    }
    encoder.into_inner().map_err(packing)
}

fn apng(head: &FilmHead, frames: Frames) -> Result<Vec<u8>, FilmError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, head.width.into(), head.height.into());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette([&head.palette[..], &[0; 3]].concat());
    let opacity = |index| if index == head.unchanged { 0 } else { 255 };
    encoder.set_trns((0..=head.unchanged).map(opacity).collect::<Vec<u8>>());
    let n = u32::try_from(head.frames).map_err(packing)?;
    encoder.set_animated(n, 0).map_err(packing)?;
    encoder.set_blend_op(png::BlendOp::Over).map_err(packing)?;
    let mut writer = encoder.write_header().map_err(packing)?;
    for (k, frame) in frames.enumerate() {
        let TimedFrame { change, time } = frame?;
        // The first frame is whole, and has its size and place already.
        if k > 0 {
            let side = |pixels: usize| pixels as u32;
            let (left, top) = (side(change.left), side(change.top));
            writer.reset_frame_position().map_err(packing)?;
            writer
                .set_frame_dimension(side(change.width), side(change.height))
                .map_err(packing)?;
            writer.set_frame_position(left, top).map_err(packing)?;
        }
        writer.set_frame_delay(time, 100).map_err(packing)?;
        writer
            .write_image_data(&indices(&change, head))
            .map_err(packing)?;
    }
    writer.finish().map_err(packing)?;
    Ok(bytes)
}
