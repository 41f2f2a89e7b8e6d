//! Films: figures of equal size one after the other, as GIF or APNG, the last one held. All frames share one palette, and a frame has
//! only the rectangle that changes.
//!
//! ```text
//! iteration of frame k of n:  first + T ((1 + N / T)^(k / (n - 1)) - 1),   N iterations in all, T = N / 100
//! ```
//!
//! So the first hundredth of a run gets a seventh of the frames, and steps grow in proportion after it.
//!
//! | file | holds |
//! | --- | --- |
//! | `indexed.rs` | frames as indices into a palette |
//! | `encode.rs` | the two file formats |

mod encode;
mod indexed;

use std::path::Path;

use super::figure::SvgFigure;
use super::render::RenderError;
use encode::{FilmHead, TimedFrame, encode};
use indexed::{FramePixels, Palette};

/// Largest number of colours that frames are made of; one more index stands for what stays as it was.
const COLOURS: usize = 255;
/// Frames that the palette is made from.
const PALETTE_FRAMES: usize = 8;
/// Share of the iterations after which steps between frames grow.
const EARLY: f64 = 0.01;

/// A file format of films.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmFormat {
    /// GIF.
    Gif,
    /// Animated PNG.
    Apng,
}

impl FilmFormat {
    /// The format that the ending of a file's name stands for; None for others than gif, png and apng.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "gif" => Some(FilmFormat::Gif),
            "png" | "apng" => Some(FilmFormat::Apng),
            _ => None,
        }
    }

    /// The error message for a path whose ending stands for no format.
    pub fn wrong_ending(path: &Path) -> String {
        let name = path.display();
        format!(
            "{name}: a film is GIF or animated PNG: give a name that ends in .gif, .png or .apng"
        )
    }
}

/// The times of a film, in hundredths of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time of a frame.
    pub frame: u16,
    /// Time of the last frame.
    pub last: u16,
}

/// An error of making a film.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// A frame could not be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The film has no frames, or frames of different sizes: a bug.
    #[error("a film needs frames of one size")]
    Frames,
    /// A side is longer than the format allows.
    #[error("a frame of {0} x {1} pixels is too large for a film: ask for a smaller --width")]
    Size(u32, u32),
    /// The frames could not be packed.
    #[error("cannot pack the film: {0}")]
    Pack(String),
}

/// Figures of equal size that are shown one after the other.
pub struct Film<'a> {
    /// Number of frames.
    pub frames: usize,
    /// Draws the figure of a frame, from 0. A figure is drawn when its turn comes, as all of them may not fit into memory.
    pub figure: &'a dyn Fn(usize) -> SvgFigure,
    /// Width of a frame, pixels.
    pub width: u32,
    /// Times.
    pub pace: Pace,
}

impl Film<'_> {
    /// The bytes of the film's file. Every finished frame is told to `done`, by its number from 1.
    ///
    /// # Errors
    /// When there are no frames, they are too large, or there is no memory for them.
    pub fn bytes(
        &self,
        format: FilmFormat,
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<u8>, FilmError> {
        let n = self.frames;
        let some = n.min(PALETTE_FRAMES);
        let some = (0..some).map(|k| self.render((k + 1) * n / some - 1));
        let some: Vec<FramePixels> = some.collect::<Result<_, _>>()?;
        let last = some.last().ok_or(FilmError::Frames)?;
        let (width, height) = (last.width, last.height);
        let mut palette = Palette::of(&some, COLOURS);
        drop(some);
        let side = |pixels: u32| u16::try_from(pixels).map_err(|_| FilmError::Size(width, height));
        let head = FilmHead {
            width: side(width)?,
            height: side(height)?,
            frames: n,
            palette: palette.rgb(),
            unchanged: palette.unchanged(),
        };
        let mut shown: Option<Vec<u8>> = None;
        let frame = |k: usize| {
            let pixels = self.render(k)?;
            if (pixels.width, pixels.height) != (width, height) {
                return Err(FilmError::Frames);
            }
            let indices = palette.indices(&pixels);
            let change = indexed::change(shown.as_deref(), &indices, width as usize);
            shown = Some(indices);
            done(k + 1);
            let time = if k + 1 == n {
                self.pace.last
            } else {
                self.pace.frame
            };
            Ok(TimedFrame { change, time })
        };
        encode(format, &head, &mut (0..n).map(frame))
    }

    fn render(&self, frame: usize) -> Result<FramePixels, FilmError> {
        let figure = (self.figure)(frame);
        let scale = f64::from(self.width) / figure.size().width;
        Ok(FramePixels::of(&figure.pixels(scale as f32)?))
    }
}

/// The iterations of at most `frames` frames from `first` to `last`, both among them, closer together at the beginning.
pub fn frame_iterations(first: u64, last: u64, frames: usize) -> Vec<u64> {
    let all = last.saturating_sub(first);
    let steps = (frames.max(2) - 1) as f64;
    let early = EARLY * all as f64;
    let mut iterations = vec![first];
    for k in 1..frames.max(2) {
        let share = (k as f64 / steps * (1.0 / EARLY).ln_1p()).exp_m1();
        let iteration = first + (early * share).round() as u64;
        let next = iterations.last().map_or(first, |last| last + 1);
        if next > last {
            break;
        }
        iterations.push(iteration.clamp(next, last));
    }
    iterations
}

#[cfg(test)]
mod tests {
    use super::super::figure::{FigureSize, INK};
    use super::*;
    use svg::node::element::Rectangle;

    #[test]
    fn frames_begin_and_end_with_the_run_and_are_closer_at_its_beginning() {
        let found = frame_iterations(0, 5000, 60);
        assert_eq!((found[0], found[59], found.len()), (0, 5000, 60));
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        // (1 + 100)^(k/59) - 1 = 1 at k = 59 ln 2 / ln 101 = 8.86.
        assert_eq!(found.iter().filter(|k| **k <= 50).count(), 9);
        // The last step: 50 * 101 * (1 - 101^(-1/59)) = 380.
        assert!((found[59] - found[58]).abs_diff(380) <= 1);
        assert_eq!(frame_iterations(7, 10, 60), [7, 8, 9, 10]);
        assert_eq!(frame_iterations(7, 7, 60), [7]);
        assert_eq!(frame_iterations(0, 9, 1), [0, 9]);
    }

    /// A figure with a dark square that moves with k.
    fn figure(k: u32) -> SvgFigure {
        let size = FigureSize {
            width: 100.0,
            height: 50.0,
        };
        let mut figure = SvgFigure::new(size, "");
        let square = Rectangle::new()
            .set("x", 10 * k)
            .set("y", 20)
            .set("width", 10)
            .set("height", 10)
            .set("fill", INK);
        figure.add(square);
        figure
    }

    const PACE: Pace = Pace {
        frame: 8,
        last: 300,
    };

    fn bytes(figures: &[SvgFigure], format: FilmFormat) -> Result<Vec<u8>, FilmError> {
        let mut told = Vec::new();
        let film = Film {
            frames: figures.len(),
            figure: &|k| figures[k].clone(),
            width: 200,
            pace: PACE,
        };
        let bytes = film.bytes(format, &mut |k| told.push(k))?;
        assert_eq!(told, (1..=figures.len()).collect::<Vec<usize>>());
        Ok(bytes)
    }

    /// Which of the squares are dark in a frame of 200 x 100 pixels.
    fn squares(red: impl Fn(usize) -> u8) -> Vec<u32> {
        let middle = |k: u32| 50 * 200 + 20 * k as usize + 10;
        (0..10).filter(|k| red(middle(*k)) < 100).collect()
    }

    #[test]
    fn a_gif_has_every_frame_in_order_and_holds_the_last() {
        let figures: Vec<SvgFigure> = (0..10).map(figure).collect();
        let bytes = bytes(&figures, FilmFormat::Gif).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&bytes[..]).unwrap();
        assert_eq!((decoder.width(), decoder.height()), (200, 100));
        let mut screen = vec![0; 4 * 200 * 100];
        let mut frames = 0;
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            for (at, pixel) in frame.buffer.chunks_exact(4).enumerate() {
                let (x, y) = (at % frame.width as usize, at / frame.width as usize);
                let to = 4 * ((y + frame.top as usize) * 200 + x + frame.left as usize);
                if pixel[3] > 0 {
                    screen[to..to + 4].copy_from_slice(pixel);
                }
            }
            assert_eq!(squares(|at| screen[4 * at]), [frames]);
            frames += 1;
            assert_eq!(frame.delay, if frames == 10 { 300 } else { 8 });
            // Two squares at most change.
            assert!(frames == 1 || (frame.width, frame.height) == (40, 20));
        }
        assert_eq!(frames, 10);
    }

    #[test]
    fn an_apng_has_every_frame_in_order_and_holds_the_last() {
        let figures: Vec<SvgFigure> = (0..10).map(figure).collect();
        let bytes = bytes(&figures, FilmFormat::Apng).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        assert_eq!(reader.info().animation_control().unwrap().num_frames, 10);
        let mut screen = vec![0; 200 * 100];
        for k in 0..10 {
            let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut buffer).unwrap();
            let control = *reader.info().frame_control().unwrap();
            let (width, x0, y0) = (control.width, control.x_offset, control.y_offset);
            let pixels = buffer
                .chunks_exact(4)
                .take((width * control.height) as usize);
            for (at, pixel) in (0..).zip(pixels) {
                if pixel[3] > 0 {
                    screen[((at / width + y0) * 200 + at % width + x0) as usize] = pixel[0];
                }
            }
            assert_eq!(squares(|at| screen[at]), [k]);
            assert_eq!(
                (control.delay_num, control.delay_den),
                (if k == 9 { 300 } else { 8 }, 100)
            );
        }
    }

    #[test]
    fn frames_that_are_equal_or_none_or_of_two_sizes_are_no_trouble() {
        let same = [figure(1), figure(1), figure(1)];
        for format in [FilmFormat::Gif, FilmFormat::Apng] {
            assert!(bytes(&same, format).is_ok());
            assert!(matches!(bytes(&[], format), Err(FilmError::Frames)));
            let size = FigureSize {
                width: 100.0,
                height: 60.0,
            };
            let other = [figure(1), SvgFigure::new(size, "")];
            assert!(matches!(bytes(&other, format), Err(FilmError::Frames)));
        }
    }

    #[test]
    fn an_ending_is_a_format() {
        let format = |path: &str| FilmFormat::of(Path::new(path));
        assert_eq!(format("a/b.GIF"), Some(FilmFormat::Gif));
        assert_eq!(format("b.apng"), Some(FilmFormat::Apng));
        assert_eq!((format("b.svg"), format("gif")), (None, None));
    }
}
