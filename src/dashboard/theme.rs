//! The theme: all colours and symbols, on the terminal's own background, which may be black or white; nothing is told by colour
//! alone. The colours of the density are in `shades`, those of a picture of the screen in `theme/picture.rs`.

mod picture;

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};

use super::phase::Phase;
use super::state::differences::HeldBack;
use super::state::log::LogKind;
use crate::verdict::Verdict;
pub use picture::{PICTURE, PictureColours, rgb};

/// The symbols that curves and points are drawn with.
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

/// The number of colours. The density of the flow uses them all, everything else a few hues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// No colours at all.
    None,
    /// The 16 colours of ANSI.
    #[default]
    Ansi16,
    /// The 256 colours of xterm.
    Palette256,
    /// All colours: red, green and blue in 8 bits each.
    True,
}

/// A colour of text, curves and points that stands out from black and from white alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hue {
    Blue,
    Green,
    Orange,
    Red,
}

impl Hue {
    /// The colour of the hue. Of the 16 colours, which every terminal shows in its own way, green, yellow and cyan are too light for white in most, and
    /// blue too dark for black. Of the 256, those of the cube are the same everywhere.
    fn colour(self, depth: Depth) -> Option<Color> {
        let (ansi, indexed) = match self {
            Self::Blue => (Color::LightBlue, 32),
            Self::Green => (Color::LightBlue, 29),
            Self::Orange => (Color::LightRed, 166),
            Self::Red => (Color::LightRed, 160),
        };
        match depth {
            Depth::None => None,
            Depth::Ansi16 => Some(ansi),
            Depth::Palette256 | Depth::True => Some(Color::Indexed(indexed)),
        }
    }
}

/// A symbol with its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The symbol; a space where there is none.
    pub text: &'static str,
    /// The style.
    pub style: Style,
}

/// The symbols of straight lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSymbols {
    /// The symbol of frames, axes and floors.
    pub horizontal: &'static str,
    /// The symbol of ticks.
    pub vertical: &'static str,
}

/// The parts of a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarSymbols {
    /// The symbol of the part that is done.
    pub done: &'static str,
    /// The symbol of the part that is left.
    pub left: &'static str,
}

/// A pair of symbols that point up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrows {
    /// The symbol that points up.
    pub up: &'static str,
    /// The symbol that points down.
    pub down: &'static str,
}

/// The styles of points in the flow pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointStyles {
    /// The style of data.
    pub data: Style,
    /// The style of generated samples.
    pub generated: Style,
}

/// Whether keys act on a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Keys act on it.
    Focused,
    /// Keys act on another one.
    Unfocused,
}

/// The symbols and the colours of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// The symbols that curves are drawn with.
    pub markers: Markers,
    /// The number of colours.
    pub colour: Depth,
}

impl Theme {
    fn style(&self, hue: Hue) -> Style {
        let colour = hue.colour(self.colour);
        colour.map_or(Style::new(), |colour| Style::new().fg(colour))
    }

    /// The symbol that this terminal can show.
    fn pick(&self, full: &'static str, ascii: &'static str) -> &'static str {
        if self.markers == Markers::Ascii {
            ascii
        } else {
            full
        }
    }

    /// The style of the curve of a run among those of others, by its place; each has a letter besides.
    pub fn overlaid(&self, place: usize) -> Style {
        let hues = [Hue::Blue, Hue::Orange, Hue::Green, Hue::Red];
        // Of the 16 colours two hues share one.
        let count = match self.colour {
            Depth::Ansi16 => 3,
            Depth::None | Depth::Palette256 | Depth::True => hues.len(),
        };
        match place % (count + 1) {
            0 => Style::new(),
            hue => self.style(hues[hue - 1]),
        }
    }

    /// A piece of a training curve, or of any curve that is not of validations; colour-blind people can tell its hue from theirs.
    pub fn training(&self) -> Symbol {
        let text = match self.markers {
            Markers::Braille => "⠒⠒",
            Markers::Dots => "··",
            Markers::Ascii => "..",
        };
        Symbol {
            text,
            style: self.style(Hue::Blue),
        }
    }

    /// The symbol of the last validation on a chart, in the style of their curve.
    pub fn validation(&self) -> Symbol {
        Symbol {
            text: self.pick("◆", "o"),
            style: self.style(Hue::Orange).add_modifier(Modifier::BOLD),
        }
    }

    /// The sign before a standard error.
    pub fn plus_minus(&self) -> &'static str {
        self.pick("±", "+-")
    }

    /// The style of text of less weight.
    pub fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The style of text of more weight.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of what must be seen.
    pub fn alert(&self) -> Style {
        self.style(Hue::Red).add_modifier(Modifier::BOLD)
    }

    /// The style of a change by the user and of notices.
    pub fn changed(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// The styles of data and of generated samples.
    pub fn points(&self) -> PointStyles {
        PointStyles {
            data: self.style(Hue::Blue),
            generated: self.style(Hue::Orange),
        }
    }

    /// The style of a row that an edit has changed, while the edit is fresh.
    pub fn fresh(&self) -> Style {
        self.kind(LogKind::Edit).style
    }

    /// The style of the row that keys act on.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The symbol of a data sample over the density.
    pub fn sample(&self) -> &'static str {
        self.pick("•", "o")
    }

    /// The symbol of a particle on its path.
    pub fn particle(&self) -> Symbol {
        Symbol {
            text: self.pick("●", "@"),
            style: self.strong(),
        }
    }

    /// The symbol of the start of a path.
    pub fn path_start(&self) -> &'static str {
        self.pick("○", "o")
    }

    /// The arrow of a direction across and up, both in widths of a cell.
    pub fn arrow(&self, across: f64, up: f64) -> &'static str {
        const ROUND: [(&str, &str); 8] = [
            ("→", ">"),
            ("↗", "^"),
            ("↑", "^"),
            ("↖", "^"),
            ("←", "<"),
            ("↙", "v"),
            ("↓", "v"),
            ("↘", "v"),
        ];
        let eighth = (up.atan2(across) / std::f64::consts::FRAC_PI_4).round() as i32;
        let (full, ascii) = ROUND[eighth.rem_euclid(8) as usize];
        self.pick(full, ascii)
    }

    /// The symbol of a cell that is filled from below by a share of it, 0 to 1.
    pub fn filled(&self, share: f64) -> &'static str {
        const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        const ASCII: [&str; 4] = [" ", ".", ":", "#"];
        let nearest = |count: usize| (share.clamp(0.0, 1.0) * (count - 1) as f64).round() as usize;
        self.pick(EIGHTHS[nearest(EIGHTHS.len())], ASCII[nearest(ASCII.len())])
    }

    /// The symbol of a point of a line over bars, where there is no braille.
    pub fn line_point(&self) -> &'static str {
        self.pick("•", "*")
    }

    /// The style of the title of a pane.
    pub fn title(&self, focus: Focus) -> Style {
        match focus {
            Focus::Focused => self.strong().add_modifier(Modifier::REVERSED),
            Focus::Unfocused => self.strong(),
        }
    }

    /// The symbol of a phase, with the style of its word.
    pub fn phase(&self, phase: Phase) -> Symbol {
        let strong = |hue| self.style(hue).add_modifier(Modifier::BOLD);
        let (text, style) = match phase {
            Phase::Waiting => (self.pick("…", "."), self.dim()),
            Phase::Matching => (self.pick("▶", ">"), strong(Hue::Blue)),
            Phase::Running => (self.pick("▶", ">"), strong(Hue::Green)),
            Phase::Watching => (self.pick("▷", ">"), strong(Hue::Green)),
            Phase::Silent => ("?", strong(Hue::Orange)),
            Phase::Pausing => (self.pick("‖", "="), strong(Hue::Orange)),
            Phase::Paused => (self.pick("‖", "="), strong(Hue::Orange)),
            Phase::Stopping => (self.pick("■", "#"), strong(Hue::Orange)),
            Phase::Done => (self.pick("✓", "+"), strong(Hue::Green)),
            Phase::Stopped => (self.pick("■", "#"), strong(Hue::Orange)),
            Phase::Diverged => (self.pick("✗", "x"), strong(Hue::Red)),
        };
        Symbol { text, style }
    }

    /// The symbol of a verdict, with the style of its word.
    pub fn verdict(&self, verdict: Verdict) -> Symbol {
        let (text, style) = match verdict {
            Verdict::Starting => (self.pick("…", "."), self.dim()),
            Verdict::Improving => (self.pick("↓", "v"), self.style(Hue::Green)),
            Verdict::Stalled => (self.pick("→", ">"), self.style(Hue::Orange)),
            Verdict::Overfitting => (self.pick("↔", "%"), self.style(Hue::Orange)),
            Verdict::Unstable => (self.pick("↕", "!"), self.alert()),
            Verdict::Diverged => (self.pick("✗", "x"), self.alert()),
            Verdict::Done => (self.pick("✓", "+"), self.style(Hue::Green)),
        };
        Symbol { text, style }
    }

    /// The letter of a log line; the same letter is at its tick on the charts.
    pub fn kind(&self, kind: LogKind) -> Symbol {
        let (text, style) = match kind {
            LogKind::Note => (" ", Style::new()),
            LogKind::Checkpoint => ("w", self.dim()),
            LogKind::Resample => ("s", self.dim()),
            LogKind::Edit => ("e", self.style(Hue::Blue).add_modifier(Modifier::BOLD)),
            LogKind::Rate => ("d", self.style(Hue::Orange)),
            LogKind::Best => ("b", self.style(Hue::Green)),
            LogKind::Matched => ("m", self.style(Hue::Green).add_modifier(Modifier::BOLD)),
            LogKind::Rejected | LogKind::Rollback | LogKind::Warning => ("!", self.alert()),
        };
        Symbol { text, style }
    }

    /// The mark of a setting whose value in the file is not in force.
    pub fn held(&self, reason: HeldBack) -> Symbol {
        let (text, style) = match reason {
            HeldBack::Refused => ("!", self.alert()),
            HeldBack::NewRun => ("n", self.strong()),
            HeldBack::NextDraw => ("d", self.strong()),
            HeldBack::CommandLine => ("c", self.strong()),
        };
        Symbol { text, style }
    }

    /// The mark of the setting that was edited last.
    pub fn last_edit(&self) -> &'static str {
        "*"
    }

    /// The symbols of straight lines.
    pub fn rules(&self) -> RuleSymbols {
        RuleSymbols {
            horizontal: self.pick("─", "-"),
            vertical: self.pick("┊", ":"),
        }
    }

    /// The symbols of a progress bar.
    pub fn bar(&self) -> BarSymbols {
        BarSymbols {
            done: self.pick("█", "#"),
            left: self.pick("░", "."),
        }
    }

    /// The symbol of the sides of a box and of the cursor.
    pub fn side(&self) -> &'static str {
        self.pick("│", "|")
    }

    /// The marks of rows above and below those shown.
    pub fn more(&self) -> Arrows {
        Arrows {
            up: self.pick("▲", "^"),
            down: self.pick("▼", "v"),
        }
    }

    /// The marks of values above and below the range of a chart.
    pub fn beyond(&self) -> Arrows {
        Arrows {
            up: self.pick("↑", "^"),
            down: self.pick("↓", "v"),
        }
    }

    /// The symbol of a tick on the axis of iterations.
    pub fn tick(&self) -> &'static str {
        self.pick("┬", "+")
    }

    /// The mark of a value that is not finite.
    pub fn broken(&self) -> &'static str {
        self.pick("×", "x")
    }

    /// The mark of an order from the least to the greatest, and of the reverse.
    pub fn order(&self) -> Arrows {
        Arrows {
            up: self.pick("↑", "^"),
            down: self.pick("↓", "v"),
        }
    }

    /// The last character of a text that was cut.
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
            other => vec![rgb(other).unwrap()],
        }
    }

    #[test]
    fn every_hue_can_be_read_on_black_and_on_white() {
        let hues = [Hue::Blue, Hue::Green, Hue::Orange, Hue::Red];
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
