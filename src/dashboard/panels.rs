//! One panel a file, named by what it shows. A panel is a pure function of the state that draws into its area of the buffer.

pub mod banner;
pub mod chart;
pub mod curve;
pub mod edits;
pub mod flow;
pub mod footer;
pub mod header;
pub mod log;
pub mod losses;
pub mod matching;
pub mod optimizer;
pub mod popup;
pub mod readout;
pub mod settings;
pub mod ticks;
