//! Frames as indices into a palette, and the rectangle of a frame that differs from the one before it.

use std::collections::HashMap;

use color_quant::NeuQuant;
use resvg::tiny_skia::Pixmap;

/// Share of the pixels that the palette is fitted to, as one in so many.
const SAMPLED: i32 = 5;
/// The colour of paper, which is to stay exact.
const WHITE: [u8; 3] = [255; 3];

/// The pixels of a frame.
pub struct FramePixels {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Red, green, blue, row by row.
    colours: Vec<[u8; 3]>,
}

impl FramePixels {
    /// The pixels of an opaque picture.
    pub fn of(map: &Pixmap) -> Self {
        let colours = map.pixels().iter();
        FramePixels {
            width: map.width(),
            height: map.height(),
            colours: colours.map(|p| [p.red(), p.green(), p.blue()]).collect(),
        }
    }
}

/// The colours of all frames.
pub struct Palette {
    colours: Vec<[u8; 3]>,
    quantized: NeuQuant,
    /// Indices of colours that were met.
    known: HashMap<[u8; 3], u8>,
}

impl Palette {
    /// A palette of `count` colours, white among them, fitted to some frames.
    pub fn of(frames: &[FramePixels], count: usize) -> Self {
        let pixels = frames.iter().flat_map(|frame| &frame.colours);
        let pixels = pixels.filter(|colour| **colour != WHITE);
        let opaque: Vec<u8> = pixels.flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
        let quantized = NeuQuant::new(SAMPLED, count - 1, &opaque);
        let map = quantized.color_map_rgb();
        let (colours, _) = map.as_chunks();
        Palette {
            colours: [&[WHITE], colours].concat(),
            quantized,
            known: HashMap::from([(WHITE, 0)]),
        }
    }

    /// Red, green and blue of every index; that of pixels that stay as they were is behind them all.
    pub fn rgb(&self) -> Vec<u8> {
        self.colours.concat()
    }

    /// The index that stands for a pixel which stays as it was.
    pub fn unchanged(&self) -> u8 {
        self.colours.len() as u8
    }

    /// The indices of a frame's pixels.
    pub fn indices(&mut self, frame: &FramePixels) -> Vec<u8> {
        let Palette {
            quantized, known, ..
        } = self;
        let index = |&[r, g, b]: &[u8; 3]| {
            let found = known.entry([r, g, b]);
            *found.or_insert_with(|| quantized.index_of(&[r, g, b, 255]) as u8 + 1)
        };
        frame.colours.iter().map(index).collect()
    }
}

/// The rectangle of a frame that differs from the frame before.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameChange {
    /// Column of its left edge, pixels.
    pub left: usize,
    /// Row of its upper edge.
    pub top: usize,
    /// Width, at least 1.
    pub width: usize,
    /// Height, at least 1.
    pub height: usize,
    /// Indices of its pixels; None for a pixel that stays as it was.
    pub indices: Vec<Option<u8>>,
}

/// What changes from a frame to the next one of the same size; all of it where there is none before.
pub fn change(before: Option<&[u8]>, after: &[u8], width: usize) -> FrameChange {
    let changed = |at: usize| before.is_none_or(|before| before[at] != after[at]);
    let (mut rows, mut columns) = (after.len()..0, width..0);
    for at in (0..after.len()).filter(|at| changed(*at)) {
        let (row, column) = (at / width, at % width);
        rows = rows.start.min(row)..rows.end.max(row + 1);
        columns = columns.start.min(column)..columns.end.max(column + 1);
    }
    if rows.is_empty() {
        // A frame has one pixel at least.
        (rows, columns) = (0..1, 0..1);
    }
    let places = rows
        .clone()
        .flat_map(|row| columns.clone().map(move |k| row * width + k));
    FrameChange {
        left: columns.start,
        top: rows.start,
        width: columns.len(),
        height: rows.len(),
        indices: places.map(|at| changed(at).then_some(after[at])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_smallest_rectangle_around_all_that_differs() {
        let before = [0; 12];
        let mut after = before;
        (after[5], after[10]) = (3, 4);
        let found = change(Some(&before), &after, 4);
        assert_eq!(
            (found.left, found.top, found.width, found.height),
            (1, 1, 2, 2)
        );
        assert_eq!(found.indices, [Some(3), None, None, Some(4)]);
        let none = change(Some(&before), &before, 4);
        assert_eq!((none.width, none.height, none.indices), (1, 1, vec![None]));
        assert_eq!(change(None, &before, 4).indices, [Some(0); 12]);
    }

    #[test]
    fn white_stays_white_and_few_colours_stay_near_what_they_are() {
        let colours = [[255, 255, 255], [0, 114, 178], [213, 94, 0], [68, 1, 84]];
        let frame = FramePixels {
            width: 100,
            height: 40,
            colours: (0..4000).map(|k| colours[k % 4]).collect(),
        };
        let mut palette = Palette::of(std::slice::from_ref(&frame), 255);
        let rgb = palette.rgb();
        assert_eq!((rgb.len(), palette.unchanged()), (3 * 255, 255));
        for (colour, index) in frame.colours.iter().zip(palette.indices(&frame)) {
            let found = &rgb[3 * index as usize..][..3];
            let far = colour.iter().zip(found).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(far.unwrap() <= 3, "{colour:?} {found:?}");
        }
        assert_eq!(rgb[..3], WHITE);
    }
}
