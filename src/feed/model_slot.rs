//! Parameters on their way to the run directory, the latest of a name alone: a slow disk gets fewer of them, and memory is bounded.

use std::sync::{Arc, Mutex};

use super::lock;
use crate::model::TrainedModel;

/// A place for parameters that are to be written.
#[derive(Clone, Debug, Default)]
pub struct ModelSlot(Arc<Mutex<Option<Box<TrainedModel>>>>);

impl ModelSlot {
    /// Puts parameters in the place of those that were not taken; true if there were none, and whoever takes them is to be told.
    pub(super) fn put(&self, model: TrainedModel) -> bool {
        lock(&self.0).replace(Box::new(model)).is_none()
    }

    /// Takes the parameters.
    pub fn take(&self) -> Option<Box<TrainedModel>> {
        lock(&self.0).take()
    }
}
