//! Which records were seen in vtiger lately: a look that finds nothing asks for one of them as well.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use postern_shared::id::ModuleName;

/// A record of each module that was there lately, by its id.
#[derive(Debug, Default)]
pub struct KnownRecords(Mutex<HashMap<ModuleName, String>>);

impl KnownRecords {
    /// The record of a module that was there.
    pub fn get(&self, module: &ModuleName) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(module).cloned()
    }

    /// Notes the record of a module; none = it is not there any more.
    pub fn set(&self, module: &ModuleName, id: Option<String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match id {
            Some(id) => known.insert(module.clone(), id),
            None => known.remove(module),
        };
    }
}
