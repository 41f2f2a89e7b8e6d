//! All colours and symbols. The 16 ANSI colours on the terminal's own foreground and background, or none at all;
//! nothing is told by colour alone. The colours of the heat map are in `ramp`.

use ratatui::style::{Color, Modifier, Style};

use super::component::Component;
use super::journal::Kind;
use super::phase::Phase;

/// What curves and points are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Markers {
    /// 2 x 4 dots a cell.
    #[default]
    Braille,
    /// One dot a cell, for fonts without braille.
    Dot,
    /// ASCII only, frames included.
    Ascii,
}

/// How many colours there are. The heat map of the flow uses them all, everything else the 16 of ANSI.
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

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// What curves are drawn with.
    pub markers: Markers,
    /// The colours.
    pub colour: Depth,
}

impl Theme {
    fn style(&self, colour: Color) -> Style {
        if self.colour == Depth::None {
            Style::new()
        } else {
            Style::new().fg(colour)
        }
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
            Component::L => self.style(Color::Cyan),
            Component::C => self.style(Color::Yellow),
            Component::R => self.style(Color::Magenta),
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
        self.style(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// A change by the user, the question of a popup.
    pub fn changed(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Data points and generated points.
    pub fn points(&self) -> [Style; 2] {
        [self.style(Color::Blue), self.style(Color::Green)]
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
        let strong = |colour| self.style(colour).add_modifier(Modifier::BOLD);
        match phase {
            Phase::Waiting => ("WAITING", self.pick("…", "."), self.dim()),
            Phase::Running => ("RUN", self.pick("▶", ">"), strong(Color::Green)),
            Phase::Pausing => ("PAUSING", self.pick("‖", "="), strong(Color::Yellow)),
            Phase::Paused => ("PAUSED", self.pick("‖", "="), strong(Color::Yellow)),
            Phase::Stopping => ("STOPPING", self.pick("■", "#"), strong(Color::Yellow)),
            Phase::Done => ("DONE", self.pick("✓", "+"), strong(Color::Green)),
            Phase::Stopped => ("STOPPED", self.pick("■", "#"), strong(Color::Yellow)),
            Phase::Diverged => ("DIVERGED", self.pick("✗", "x"), strong(Color::Red)),
        }
    }

    /// Letter and style of a log line; the same letter is at its tick on the charts.
    pub fn kind(&self, kind: Kind) -> (&'static str, Style) {
        match kind {
            Kind::Note => (" ", Style::new()),
            Kind::Checkpoint => ("w", self.dim()),
            Kind::Resample => ("s", self.dim()),
            Kind::Edit => ("e", self.style(Color::Cyan).add_modifier(Modifier::BOLD)),
            Kind::Rate => ("d", self.style(Color::Yellow)),
            Kind::Best => ("b", self.style(Color::Green)),
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
