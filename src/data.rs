//! Data sets: what is learned, and how batches are drawn from it.

pub mod toy;
