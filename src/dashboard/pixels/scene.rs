//! What a view draws in pixels, as plain data in shares of its area: from the left, and from above. It is drawn elsewhere and later.

use ratatui::layout::Rect;

use crate::event::Density;

/// A place: the share of the width from the left, and of the height from above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelPlace {
    /// The share of the width, 0 to 1.
    pub x: f32,
    /// The share of the height, 0 to 1.
    pub y: f32,
}

/// The ink of dots and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The colour of data.
    Data,
    /// The colour of generated samples.
    Generated,
    /// What stands out a little.
    Faint,
    /// Light with a dark rim: can be seen on every shade of a map.
    Rimmed,
}

/// The shape of the marks at places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A small disc: one of many.
    Dot,
    /// A large disc.
    Disc,
    /// A circle.
    Ring,
}

/// A line with a mark at its end that points along it.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The points, from start to end.
    pub points: Vec<PixelPlace>,
    /// Whether the end has an arrow.
    pub end: WayEnd,
}

/// The end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayEnd {
    /// Nothing.
    Plain,
    /// An arrow.
    Arrow,
}

/// A density with the shades of its levels.
#[derive(Clone, Debug)]
pub struct DensityMap {
    /// The density.
    pub density: Density,
    /// log p of the highest shade.
    pub peak: f64,
    /// The level of a density with a peak at a point, 0 to 1; None where nothing is to be drawn.
    pub level: fn(&Density, f64, [f64; 2]) -> Option<f64>,
}

impl PartialEq for DensityMap {
    /// By bits: a density that holds a NaN is still itself.
    fn eq(&self, other: &Self) -> bool {
        let bits = |map: &Self| {
            let all = map.density.values.iter().chain(&map.density.bounds);
            let bits = all.chain([&map.peak]).map(|value| value.to_bits());
            bits.collect::<Vec<_>>()
        };
        self.density.across == other.density.across && bits(self) == bits(other)
    }
}

/// A part of a scene; later ones lie over earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A density.
    Map(DensityMap),
    /// Marks at places.
    Marks {
        /// The places.
        places: Vec<PixelPlace>,
        /// The shape of the marks.
        shape: Shape,
        /// The ink of the marks.
        ink: Ink,
    },
    /// Lines.
    Ways {
        /// The lines.
        ways: Vec<Way>,
        /// The ink of the lines.
        ink: Ink,
    },
}

/// The picture of an area.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelScene {
    /// The cells of the screen that the picture covers.
    pub area: Rect,
    /// The coordinates of the left, right, lower and upper edge.
    pub edges: [f64; 4],
    /// The layers.
    pub layers: Vec<Layer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_with_a_nan_is_itself_and_another_is_not() {
        let map = |values: &[f64]| DensityMap {
            density: Density {
                bounds: [0.0, 1.0, 0.0, 1.0],
                across: 1,
                values: values.to_vec(),
            },
            peak: 1.0,
            level: |_, _, _| None,
        };
        assert_eq!(map(&[f64::NAN, 1.0]), map(&[f64::NAN, 1.0]));
        assert_ne!(map(&[f64::NAN, 1.0]), map(&[f64::NAN, 2.0]));
    }
}
