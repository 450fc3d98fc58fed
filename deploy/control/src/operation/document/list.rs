//! All documents of a kind.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use postern_shared::store::documents;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use warp::reply::{Reply, Response};

use super::kinds::{Of, Stored};
use crate::operation::answer::{Answer, Given};
use crate::operation::request::Form;
use crate::operation::take::Nothing;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Lists documents.
#[derive(Debug)]
pub struct List<K>(PhantomData<K>);

/// All documents of a kind, under the plural of its name.
#[derive(Debug)]
pub struct Listed<K>(pub Vec<Value>, PhantomData<K>);

impl<K: Of> Operation for List<K> {
    type Input = Nothing;
    type Output = Listed<K>;
    const ABOUT: About = K::LIST;

    async fn run(state: &State, who: &Who, _: Nothing) -> Result<Listed<K>, Error> {
        let all = documents::load(&state.store.connection().await?, K::KIND).await?;
        Ok(Listed(all.iter().map(|document| who.sight().document(document)).collect(), PhantomData))
    }
}

impl<K: Of> Answer for Listed<K> {
    fn into_response(self, _: Form) -> Response {
        warp::reply::json(&BTreeMap::from([(plural::<K>(), self.0)])).into_response()
    }

    fn described(schemas: &mut SchemaGenerator) -> Given {
        let (name, document): (_, Schema) = (plural::<K>(), schemas.subschema_for::<Stored<K>>());
        let list = json_schema!({"type": "array", "items": document});
        vec![("application/json", json_schema!({"type": "object", "required": [name], "properties": {name: list}}))]
    }

    fn strict(answer: &[u8]) -> Result<(), String> {
        let read: BTreeMap<String, Vec<Map<String, Value>>> =
            serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        if read.keys().eq([&plural::<K>()]) { Ok(()) } else { Err(format!("other names: {:?}", read.keys())) }
    }
}

fn plural<K: Of>() -> String {
    format!("{}s", K::KIND)
}
