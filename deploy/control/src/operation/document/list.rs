//! All documents of a kind.

use std::borrow::Cow;
use std::marker::PhantomData;

use postern_shared::store::documents;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::kinds::{Of, Stored};
use crate::operation::{About, Error, Nothing, Operation, Who};
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

impl<K: Of> Serialize for Listed<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(plural::<K>(), &self.0)])
    }
}

impl<'de, K: Of> Deserialize<'de> for Listed<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = plural::<K>();
        match Map::deserialize(deserializer)?.shift_remove(&name) {
            Some(Value::Array(documents)) => Ok(Self(documents, PhantomData)),
            _ => Err(D::Error::custom(format!("the list {name} is missing"))),
        }
    }
}

impl<K: Of> JsonSchema for Listed<K> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        plural::<K>().into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let (name, document) = (plural::<K>(), schemas.subschema_for::<Stored<K>>());
        let list = json_schema!({"type": "array", "items": document});
        json_schema!({"type": "object", "required": [name], "properties": {name: list}})
    }
}

fn plural<K: Of>() -> String {
    format!("{}s", K::KIND)
}
