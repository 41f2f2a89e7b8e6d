//! The panels: one a file, named by what it shows. A panel is a pure function of the state that draws into its area of the screen.

pub mod banner;
pub mod flow;
pub mod footer;
pub mod header;
pub mod log;
pub mod losses;
pub mod optimizer;
pub mod popup;
pub mod settings;
pub mod verdict;
