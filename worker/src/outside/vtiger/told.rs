//! What a vtiger tells of its modules, for those who declare them.

use std::time::Duration;

use postern_shared::connection::description::Description;
use postern_shared::id::{ConnectionName, ModuleName};
use serde_json::Value;
use tokio::time::Instant;

use super::Vtigers;
use super::access::Access;
use super::code::Meaning;
use super::wire::not_sent;
use crate::outside::call::Failure;

/// What a vtiger tells.
#[derive(Debug)]
pub struct Told {
    /// The modules that it shows.
    pub names: Vec<String>,
    /// Those that were asked for and that it shows.
    pub described: Vec<(ModuleName, Description)>,
}

impl Vtigers {
    /// Asks which modules there are, and for the fields of some.
    pub async fn told(
        &self,
        name: &ConnectionName,
        access: Access,
        modules: &[ModuleName],
        timeout: Duration,
    ) -> Result<Told, Failure> {
        let until = Instant::now() + timeout;
        let sessions = self.sessions(name, access);
        let mut held = sessions.take(until).await?;
        let types = held.get("listtypes", &[], until).await.map_err(not_sent)?;
        let names: Vec<String> = names(&types).map(str::to_owned).collect();
        let mut described = Vec::new();
        for module in modules.iter().filter(|module| names.iter().any(|name| name == module.as_str())) {
            match held.describe_anew(module, until).await {
                Ok((_, answer)) => described.push((module.clone(), Description::read(&answer))),
                // It is in the list, and the user may not see its fields.
                Err(fault) if fault.meaning() == Some(Meaning::Denied) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(Told { names, described })
    }
}

/// The modules that have records, and may be declared.
fn names(types: &Value) -> impl Iterator<Item = &str> {
    let names = types["types"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| types["information"][name]["isEntity"] != false && name.parse::<ModuleName>().is_ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_module_without_records_is_left_out() {
        let types = json!({"types": ["Leads", "Groups", "Odd", 1], "information": {
            "Leads": {"isEntity": true}, "Groups": {"isEntity": false}}});
        assert_eq!(names(&types).collect::<Vec<_>>(), ["Leads", "Odd"]);
        assert_eq!(names(&json!(null)).count(), 0);
    }
}
