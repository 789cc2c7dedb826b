//! Shows the events to programs: lines beside those of cargo's `--message-format json`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Event, Told, figures_to_json};

/// Makes messages of the events of linkers.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// The modules that the linkers are working on.
    modules: HashMap<u64, String>,
}

impl Messages {
    /// The message for this event, if it has one.
    pub(crate) fn hear(&mut self, told: &Told) -> Option<Value> {
        match &told.event {
            Some(Event::Start { module, .. }) => {
                self.modules.insert(told.linker, module.clone());
                None
            }
            Some(Event::Finish { figures, seconds }) => {
                let mut message = figures_to_json(figures, seconds);
                message["reason"] = "bysyncify-module".into();
                message["module"] = self.modules.get(&told.linker)?.as_str().into();
                Some(message)
            }
            Some(Event::Warning(text)) => {
                let module = self.modules.get(&told.linker)?;
                let reason = "bysyncify-warning";
                Some(json!({ "reason": reason, "module": module, "message": text }))
            }
            Some(Event::Failed(text)) => {
                let module = self.modules.get(&told.linker)?;
                let reason = "bysyncify-error";
                Some(json!({ "reason": reason, "module": module, "message": text }))
            }
            Some(Event::Phase(_)) | None => None,
        }
    }
}
