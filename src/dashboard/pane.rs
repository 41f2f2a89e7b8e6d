//! The panes and their numbers.

/// One of the panes, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// 1: the loss curves.
    #[default]
    Losses,
    /// 2: data and generated samples.
    Flow,
    /// 3: the hyperparameters.
    Settings,
    /// 4: what happened.
    Log,
    /// 5: rate, gradient, speed, time.
    Optimizer,
}

impl Pane {
    /// In the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Losses,
        Self::Flow,
        Self::Settings,
        Self::Log,
        Self::Optimizer,
    ];

    /// Its title.
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
