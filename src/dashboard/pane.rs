//! The panes and their numbers.

/// A pane of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Pane 1, the loss curves.
    #[default]
    Losses,
    /// Pane 2, the flow of the samples.
    Flow,
    /// Pane 3, the hyperparameters.
    Settings,
    /// Pane 4, the log of events.
    Log,
    /// Pane 5: rate, gradient, speed, time.
    Optimizer,
}

impl Pane {
    /// All panes, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Losses,
        Self::Flow,
        Self::Settings,
        Self::Log,
        Self::Optimizer,
    ];

    /// The title of the pane.
    pub fn name(self) -> &'static str {
        match self {
            Self::Losses => "losses",
            Self::Flow => "flow",
            Self::Settings => "settings",
            Self::Log => "log",
            Self::Optimizer => "optimizer",
        }
    }
}
