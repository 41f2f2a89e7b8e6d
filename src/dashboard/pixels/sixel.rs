//! Sixels: bands of six rows, in which every colour has a line of characters, a bit a row from the top (`?` is none, `~` all six).
//!
//! ```text
//! ESC P 0;1;0 q             pixels without a colour stay as they are
//! "1;1;W;H                  square pixels, width and height
//! #n;2;R;G;B                colour n in percent of red, green and blue
//! #n, characters, !k char   a line of colour n; k times a character
//! $  -                      back to the left edge; down to the next band
//! ESC \
//! ```
//! (VT330/VT340 Programmer Reference Manual, volume 2, chapter 14)

use std::io::Write;

/// A picture of few colours.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedPicture {
    /// Columns of pixels.
    pub width: usize,
    /// Red, green and blue of the colours; at most 255.
    pub palette: Vec<[u8; 3]>,
    /// The number of each pixel's colour, row by row from the top left; None where there is none.
    pub pixels: Vec<Option<u8>>,
}

impl IndexedPicture {
    /// Rows of pixels.
    fn height(&self) -> usize {
        self.pixels.len() / self.width.max(1)
    }

    /// This picture with every pixel as a square of `zoom` x `zoom`.
    fn enlarged(&self, zoom: usize) -> Self {
        let rows = self.pixels.chunks_exact(self.width.max(1));
        let wide = rows.map(|row| {
            let pixels = row
                .iter()
                .flat_map(|pixel| std::iter::repeat_n(*pixel, zoom));
            pixels.collect::<Vec<_>>()
        });
        Self {
            width: self.width * zoom,
            palette: self.palette.clone(),
            pixels: wide.flat_map(|row| row.repeat(zoom)).collect(),
        }
    }
}

/// The sequence that shows a picture from the cursor, each of its pixels as a square of `zoom` x `zoom`.
pub fn encode(picture: &IndexedPicture, zoom: usize) -> Vec<u8> {
    let picture = &picture.enlarged(zoom.max(1));
    let mut out = Vec::new();
    // Writing into a vector does not fail.
    let _ = write!(
        out,
        "\x1bP0;1;0q\"1;1;{};{}",
        picture.width,
        picture.height()
    );
    for (number, colour) in picture.palette.iter().enumerate() {
        let [r, g, b] = colour.map(|channel| (u32::from(channel) * 100 + 127) / 255);
        let _ = write!(out, "#{number};2;{r};{g};{b}");
    }
    for band in picture.pixels.chunks(6 * picture.width.max(1)) {
        write_band(band, picture.width, &mut out);
        out.push(b'-');
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

/// Writes at most six rows of pixels.
fn write_band(band: &[Option<u8>], width: usize, out: &mut Vec<u8>) {
    let mut lines: Vec<Option<Vec<u8>>> = vec![None; 256];
    for (place, pixel) in band.iter().enumerate() {
        let Some(colour) = pixel else { continue };
        let line = lines[usize::from(*colour)].get_or_insert_with(|| vec![0; width]);
        line[place % width] |= 1 << (place / width);
    }
    for (number, line) in lines.iter().enumerate() {
        let Some(line) = line else { continue };
        let _ = write!(out, "#{number}");
        let used = line
            .iter()
            .rposition(|&bits| bits != 0)
            .map_or(0, |last| last + 1);
        for run in line[..used].chunk_by(|a, b| a == b) {
            let character = b'?' + run[0];
            if run.len() > 3 {
                let _ = write!(out, "!{}", run.len());
                out.push(character);
            } else {
                out.extend(run.iter().map(|_| character));
            }
        }
        out.push(b'$');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual's letters: `~` is a column of six, `@` its topmost pixel only.
    #[test]
    fn a_band_has_a_line_for_every_colour_and_bits_from_the_top() {
        let (red, blue) = (Some(0), Some(1));
        let mut pixels = vec![red; 5];
        pixels.push(blue);
        for _ in 1..6 {
            pixels.extend([None, None, None, None, None, blue]);
        }
        pixels.extend([None, red, None, None, None, None]);
        let picture = IndexedPicture {
            width: 6,
            palette: vec![[255, 0, 0], [0, 0, 128]],
            pixels,
        };
        let text = String::from_utf8(encode(&picture, 1)).unwrap();
        assert_eq!(
            text,
            "\x1bP0;1;0q\"1;1;6;7#0;2;100;0;0#1;2;0;0;50#0!5@$#1!5?~$-#0?@$-\x1b\\"
        );
    }

    #[test]
    fn an_enlarged_pixel_is_a_square() {
        let picture = IndexedPicture {
            width: 2,
            palette: vec![[0, 0, 0]],
            pixels: vec![Some(0), None],
        };
        let text = String::from_utf8(encode(&picture, 3)).unwrap();
        // Three rows of six: F is 7 above ?.
        assert!(
            text.ends_with("\"1;1;6;3#0;2;0;0;0#0FFF$-\x1b\\"),
            "{text:?}"
        );
    }

    #[test]
    fn nothing_is_a_sequence_too() {
        let picture = IndexedPicture {
            width: 0,
            palette: vec![],
            pixels: vec![],
        };
        assert_eq!(encode(&picture, 1), b"\x1bP0;1;0q\"1;1;0;0\x1b\\");
    }
}
