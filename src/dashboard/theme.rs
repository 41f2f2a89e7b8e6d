//! All colours and symbols, on the terminal's own background, which may be black or white; nothing is told by colour alone. The
//! colours of the heat map are in `ramp`.

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};

use super::component::Component;
use super::journal::Kind;
use super::phase::Phase;

/// What curves and points are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Markers {
    /// 2 x 4 dots a cell.
    #[default]
    Braille,
    /// One dot a cell, for fonts without braille.
    Dots,
    /// ASCII only, frames included.
    Ascii,
}

/// How many colours there are. The heat map of the flow uses them all, everything else a few hues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// None at all.
    None,
    /// Those of ANSI.
    #[default]
    Ansi16,
    /// The 256 of xterm.
    Palette256,
    /// Red, green and blue in 8 bits each.
    True,
}

/// A colour of text, curves and points that stands out from black and from white alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hue {
    Blue,
    Green,
    Orange,
    Purple,
    Red,
}

impl Hue {
    /// Of the 16 colours, which every terminal shows in its own way, green, yellow and cyan are too light for white in most, and
    /// blue too dark for black. Of the 256, those of the cube are the same everywhere.
    fn colour(self, depth: Depth) -> Option<Color> {
        let (ansi, indexed) = match self {
            Self::Blue => (Color::LightBlue, 32),
            Self::Green => (Color::LightBlue, 29),
            Self::Orange => (Color::LightRed, 166),
            Self::Purple => (Color::Magenta, 134),
            Self::Red => (Color::LightRed, 160),
        };
        match depth {
            Depth::None => None,
            Depth::Ansi16 => Some(ansi),
            Depth::Palette256 | Depth::True => Some(Color::Indexed(indexed)),
        }
    }
}

/// Red, green and blue of the 16 ANSI colours, where a screen becomes a picture.
const ANSI: [[u8; 3]; 16] = [
    [0x1c, 0x1c, 0x1c],
    [0xd7, 0x5f, 0x5f],
    [0x87, 0xaf, 0x5f],
    [0xd7, 0xaf, 0x5f],
    [0x5f, 0x9f, 0xd7],
    [0xaf, 0x87, 0xd7],
    [0x5f, 0xaf, 0xaf],
    [0xc6, 0xc6, 0xc6],
    [0x6c, 0x6c, 0x6c],
    [0xff, 0x87, 0x87],
    [0xaf, 0xd7, 0x87],
    [0xff, 0xd7, 0x87],
    [0x87, 0xc3, 0xff],
    [0xd7, 0xaf, 0xff],
    [0x87, 0xd7, 0xd7],
    [0xff, 0xff, 0xff],
];
/// Text and background of a picture of the screen.
pub const PICTURE: [[u8; 3]; 2] = [[0xd8, 0xd8, 0xd8], [0x1c, 0x1c, 0x1c]];

/// Red, green and blue of a colour; None for the terminal's own.
pub fn rgb(colour: Color) -> Option<[u8; 3]> {
    let place = match colour {
        Color::Reset => return None,
        Color::Rgb(red, green, blue) => return Some([red, green, blue]),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    // A cube of 6 x 6 x 6, then 24 grays.
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    Some(match place {
        0..16 => ANSI[usize::from(place)],
        16..232 => [(place - 16) / 36, (place - 16) / 6 % 6, (place - 16) % 6].map(level),
        232.. => [8 + 10 * (place - 232); 3],
    })
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// What curves are drawn with.
    pub markers: Markers,
    /// The colours.
    pub colour: Depth,
}

impl Theme {
    fn style(&self, hue: Hue) -> Style {
        let colour = hue.colour(self.colour);
        colour.map_or(Style::new(), |colour| Style::new().fg(colour))
    }

    /// The symbol for this terminal.
    fn pick(&self, full: &'static str, ascii: &'static str) -> &'static str {
        if self.markers == Markers::Ascii {
            ascii
        } else {
            full
        }
    }

    /// Hues that colour-blind people can tell apart.
    pub fn curve(&self, component: Component) -> Style {
        match component {
            Component::Loss => Style::new(),
            Component::L => self.style(Hue::Blue),
            Component::C => self.style(Hue::Orange),
            Component::R => self.style(Hue::Purple),
        }
    }

    /// A validation's point on the chart.
    pub fn validation(&self, component: Component) -> (&'static str, Style) {
        let symbol = match component {
            Component::Loss => self.pick("●", "o"),
            Component::L => self.pick("▲", "*"),
            Component::C => self.pick("◆", "+"),
            Component::R => self.pick("■", "#"),
        };
        (symbol, self.curve(component).add_modifier(Modifier::BOLD))
    }

    /// Text of less weight.
    pub fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Text of more weight.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What must be seen.
    pub fn alert(&self) -> Style {
        self.style(Hue::Red).add_modifier(Modifier::BOLD)
    }

    /// A change by the user, the question of a popup.
    pub fn changed(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Data points and generated points.
    pub fn points(&self) -> [Style; 2] {
        [self.style(Hue::Blue), self.style(Hue::Orange)]
    }

    /// A row that an edit has changed, while that is fresh.
    pub fn fresh(&self) -> Style {
        self.kind(Kind::Edit).1
    }

    /// The row that keys act on.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Mark of a sample over the heat map.
    pub fn sample(&self) -> &'static str {
        self.pick("•", "o")
    }

    /// A particle, on its path.
    pub fn particle(&self) -> (&'static str, Style) {
        (self.pick("●", "o"), self.strong())
    }

    /// A pane's title.
    pub fn title(&self, focused: bool) -> Style {
        if focused {
            self.strong().add_modifier(Modifier::REVERSED)
        } else {
            self.strong()
        }
    }

    /// Word, symbol and style of a phase.
    pub fn phase(&self, phase: Phase) -> (&'static str, &'static str, Style) {
        let strong = |hue| self.style(hue).add_modifier(Modifier::BOLD);
        match phase {
            Phase::Waiting => ("WAITING", self.pick("…", "."), self.dim()),
            Phase::Matching => ("MATCH", self.pick("▶", ">"), strong(Hue::Blue)),
            Phase::Running => ("RUN", self.pick("▶", ">"), strong(Hue::Green)),
            Phase::Watching => ("WATCH", self.pick("▷", ">"), strong(Hue::Green)),
            Phase::Silent => ("NO NEWS", "?", strong(Hue::Orange)),
            Phase::Pausing => ("PAUSING", self.pick("‖", "="), strong(Hue::Orange)),
            Phase::Paused => ("PAUSED", self.pick("‖", "="), strong(Hue::Orange)),
            Phase::Stopping => ("STOPPING", self.pick("■", "#"), strong(Hue::Orange)),
            Phase::Done => ("DONE", self.pick("✓", "+"), strong(Hue::Green)),
            Phase::Stopped => ("STOPPED", self.pick("■", "#"), strong(Hue::Orange)),
            Phase::Diverged => ("DIVERGED", self.pick("✗", "x"), strong(Hue::Red)),
        }
    }

    /// Letter and style of a log line; the same letter is at its tick on the charts.
    pub fn kind(&self, kind: Kind) -> (&'static str, Style) {
        match kind {
            Kind::Note => (" ", Style::new()),
            Kind::Checkpoint => ("w", self.dim()),
            Kind::Resample => ("s", self.dim()),
            Kind::Edit => ("e", self.style(Hue::Blue).add_modifier(Modifier::BOLD)),
            Kind::Rate => ("d", self.style(Hue::Orange)),
            Kind::Best => ("b", self.style(Hue::Green)),
            Kind::Matched => ("m", self.style(Hue::Green).add_modifier(Modifier::BOLD)),
            Kind::Rejected | Kind::Rollback | Kind::Warning => ("!", self.alert()),
        }
    }

    /// Horizontal and vertical line of frames and ticks.
    pub fn lines(&self) -> (&'static str, &'static str) {
        (self.pick("─", "-"), self.pick("┊", ":"))
    }

    /// Done and open part of a bar.
    pub fn bar(&self) -> (&'static str, &'static str) {
        (self.pick("█", "#"), self.pick("░", "."))
    }

    /// Side of a box.
    pub fn side(&self) -> &'static str {
        self.pick("│", "|")
    }

    /// More above, more below.
    pub fn more(&self) -> (&'static str, &'static str) {
        (self.pick("▲", "^"), self.pick("▼", "v"))
    }

    /// Marks of values above and below the range of a chart.
    pub fn beyond(&self) -> (&'static str, &'static str) {
        (self.pick("↑", "^"), self.pick("↓", "v"))
    }

    /// A tick on a horizontal line.
    pub fn tick(&self) -> &'static str {
        self.pick("┬", "+")
    }

    /// Mark of a value that is not finite.
    pub fn broken(&self) -> &'static str {
        self.pick("×", "x")
    }

    /// End of a text that was cut.
    pub fn ellipsis(&self) -> char {
        if self.markers == Markers::Ascii {
            '~'
        } else {
            '…'
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of a colour with black and with white, by WCAG: 1 to 21.
    fn contrasts(parts: [u8; 3]) -> [f64; 2] {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = parts.map(linear);
        let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        [(luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05)]
    }

    /// As the terminals of VGA, xterm and Tango show the 16 colours that are used.
    fn shown(colour: Color) -> Vec<[u8; 3]> {
        match colour {
            Color::LightBlue => vec![[85, 85, 255], [92, 92, 255]],
            Color::LightRed => vec![[255, 85, 85], [255, 0, 0], [239, 41, 41]],
            Color::Magenta => vec![[170, 0, 170], [205, 0, 205], [117, 80, 123]],
            other => vec![rgb(other).unwrap()],
        }
    }

    #[test]
    fn every_hue_can_be_read_on_black_and_on_white() {
        let hues = [Hue::Blue, Hue::Green, Hue::Orange, Hue::Purple, Hue::Red];
        for depth in [Depth::Ansi16, Depth::Palette256, Depth::True] {
            for hue in hues {
                for parts in shown(hue.colour(depth).unwrap()) {
                    let least = contrasts(parts).into_iter().reduce(f64::min);
                    // What is asked of graphics and of bold text.
                    assert!(least >= Some(3.0), "{hue:?} {depth:?} {parts:?}: {least:?}");
                }
            }
        }
    }
}
