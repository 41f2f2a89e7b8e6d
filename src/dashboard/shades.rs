//! The shades of the density. Higher is lighter in every depth of colour and goes from blue to yellow, so that the order can be
//! seen by everybody; without colour, and in ASCII, more ink is higher.

use ratatui::style::Color;

use super::theme::Depth;

/// The shades from low to high, evenly spaced: red, green and blue.
const STOPS: [[f64; 3]; 6] = [
    [38.0, 16.0, 84.0],
    [52.0, 62.0, 142.0],
    [28.0, 114.0, 150.0],
    [40.0, 166.0, 122.0],
    [148.0, 208.0, 72.0],
    [252.0, 234.0, 70.0],
];
const ANSI: [Color; 5] = [
    Color::Blue,
    Color::LightBlue,
    Color::Cyan,
    Color::Yellow,
    Color::LightYellow,
];
/// The shades among the 256 colours, near the way between the stops.
const PALETTE: [u8; 10] = [17, 18, 24, 30, 36, 71, 113, 149, 185, 227];
const SIGNS: &[u8] = b" .:-=+*#%@";
/// The size of a difference from which on it has a colour, and from which on it has the strong one.
const DIFFERENCES: [f64; 2] = [0.08, 0.3];

/// Red, green and blue of lines in pixels that stand out a little from black and from white alike.
pub const FAINT: [u8; 3] = [0x80; 3];
/// Red, green and blue of marks in pixels over a density: the inside, and the rim.
pub const LIGHT: [u8; 3] = [0xff; 3];
/// See [`LIGHT`].
pub const DARK: [u8; 3] = [0x10; 3];

/// The shade of a level from 0 to 1; None where there are no colours.
pub fn colour(level: f64, depth: Depth) -> Option<Color> {
    match depth {
        Depth::None => None,
        Depth::Ansi16 => Some(ANSI[nearest(level, ANSI.len())]),
        Depth::Palette256 => Some(Color::Indexed(PALETTE[nearest(level, PALETTE.len())])),
        Depth::True => {
            let [r, g, b] = mixed(level).map(|channel| channel.round() as u8);
            Some(Color::Rgb(r, g, b))
        }
    }
}

/// The colour of text that can be read on the shade of a level.
pub fn text_colour(level: f64) -> Color {
    if level < 0.5 {
        Color::White
    } else {
        Color::Black
    }
}

/// The sign of a level, where there is no colour.
pub fn sign(level: f64) -> char {
    SIGNS[nearest(level, SIGNS.len())].into()
}

/// The colour of a difference from -1 to 1: blue below 0, orange above, each weak or strong; None near 0, and where there are no colours.
pub fn difference_colour(level: f64, depth: Depth) -> Option<Color> {
    let strong = strength(level)?;
    let pick = |below: [Color; 2], above: [Color; 2]| {
        let of = if level < 0.0 { below } else { above };
        of[usize::from(strong)]
    };
    match depth {
        Depth::None => None,
        Depth::Ansi16 => Some(pick(
            [Color::Cyan, Color::Blue],
            [Color::Yellow, Color::LightRed],
        )),
        Depth::Palette256 | Depth::True => Some(pick(
            [Color::Indexed(110), Color::Indexed(26)],
            [Color::Indexed(180), Color::Indexed(166)],
        )),
    }
}

/// The sign of a difference from -1 to 1, where there is no colour: `-` and `=` below 0, `+` and `#` above.
pub fn difference_sign(level: f64) -> char {
    match strength(level) {
        None => ' ',
        Some(strong) if level < 0.0 => {
            if strong {
                '='
            } else {
                '-'
            }
        }
        Some(strong) => {
            if strong {
                '#'
            } else {
                '+'
            }
        }
    }
}

/// Whether a difference is strong; None for one near 0 or not a number.
fn strength(level: f64) -> Option<bool> {
    let size = level.abs();
    (size >= DIFFERENCES[0]).then_some(size >= DIFFERENCES[1])
}

fn nearest(level: f64, count: usize) -> usize {
    (level.clamp(0.0, 1.0) * (count - 1) as f64).round() as usize
}

fn mixed(level: f64) -> [f64; 3] {
    let place = level.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (place as usize).min(STOPS.len() - 2);
    let share = place - below as f64;
    [0, 1, 2].map(|k| STOPS[below][k] + share * (STOPS[below + 1][k] - STOPS[below][k]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red, green and blue as xterm shows them.
    fn shown(colour: Color) -> [f64; 3] {
        match colour {
            Color::Blue => [0.0, 0.0, 238.0],
            Color::LightBlue => [92.0, 92.0, 255.0],
            Color::Cyan => [0.0, 205.0, 205.0],
            Color::Yellow => [205.0, 205.0, 0.0],
            Color::LightYellow => [255.0, 255.0, 0.0],
            Color::Rgb(r, g, b) => [r, g, b].map(f64::from),
            Color::Indexed(i) => {
                let i = usize::from(i - 16);
                // The cube's steps: 0, 95, 135 and so on.
                let channel = |k: usize| if k == 0 { 0.0 } else { 55.0 + 40.0 * k as f64 };
                [i / 36, i / 6 % 6, i % 6].map(channel)
            }
            other => panic!("{other} is no shade"),
        }
    }

    /// Relative luminance of sRGB.
    fn luminance(colour: Color) -> f64 {
        let linear = |channel: f64| (channel / 255.0).powf(2.2);
        let [r, g, b] = shown(colour).map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn higher_is_lighter_in_every_depth() {
        for (depth, shades) in [
            (Depth::Ansi16, 5),
            (Depth::Palette256, 10),
            (Depth::True, 90),
        ] {
            let all = (0..=100).map(|k| colour(f64::from(k) / 100.0, depth).unwrap());
            let mut distinct: Vec<_> = all.collect();
            distinct.dedup();
            assert!(
                distinct.is_sorted_by(|a, b| luminance(*a) <= luminance(*b)),
                "{depth:?}: {distinct:?}"
            );
            assert!(distinct.len() >= shades, "{depth:?}: {}", distinct.len());
        }
        assert_eq!(colour(0.5, Depth::None), None);
    }

    #[test]
    fn differences_have_two_strengths_of_each_sign_and_nothing_near_zero() {
        let signs: String = [-2.0, -0.1, 0.0, f64::NAN, 0.1, 0.9]
            .map(difference_sign)
            .iter()
            .collect();
        assert_eq!(signs, "=-  +#");
        for depth in [Depth::Ansi16, Depth::Palette256, Depth::True] {
            let colours = [-1.0, -0.1, 0.1, 1.0].map(|level| difference_colour(level, depth));
            let distinct: std::collections::HashSet<_> = colours.iter().flatten().collect();
            assert_eq!(distinct.len(), 4, "{depth:?}");
            assert_eq!(difference_colour(0.01, depth), None);
        }
        assert_eq!(difference_colour(1.0, Depth::None), None);
    }

    #[test]
    fn levels_outside_are_the_ends() {
        assert_eq!((sign(-1.0), sign(0.5), sign(9.0)), (' ', '+', '@'));
        assert_eq!(colour(9.0, Depth::True), Some(Color::Rgb(252, 234, 70)));
        assert_eq!(colour(f64::NAN, Depth::Ansi16), Some(Color::Blue));
    }
}
