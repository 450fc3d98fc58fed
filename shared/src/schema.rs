//! The JSON Schemas of names and variables, which their parsers know by rules and not by derived types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::env::Env;
use crate::id::{MAX_NAME_BYTES, ModuleName, PermissionKey, ReceiptId, RecordId, StepName, TriggerKey, WorkflowId};
use crate::record_ref::RecordRef;
use crate::resume::RunKey;
use crate::store::checkpoints::Decision;
use crate::store::jobs::Kind;
use crate::store::runs::State;
use crate::trace::{TraceContext, TraceState};

/// The name of a run: its receipt and its number.
const RUN: &str = "^[0-9a-f-]{36}[.][1-9][0-9]{0,4}$";

/// A record of another system: its connection, its module and its id.
const CONNECTED: &str = "^[A-Za-z0-9_.-]{1,64}/[^/]{1,64}/[!-.0-~]{1,64}$";

/// A header `traceparent` of version 00.
const TRACEPARENT: &str = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$";

/// A header `tracestate`.
const TRACESTATE: &str =
    "^[a-z0-9][a-z0-9_*/@-]{0,255}=[^,=]{1,256}(,[a-z0-9][a-z0-9_*/@-]{0,255}=[^,=]{1,256}){0,31}$";

macro_rules! schema {
    ($($name:ident: $schema:expr;)*) => {
        $(
            impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    $schema
                }
            }
        )*
    };
}

schema! {
    ReceiptId: json_schema!({"type": "string", "format": "uuid"});
    WorkflowId: number();
    RecordId: number();
    RecordRef: json_schema!({"oneOf": [number(), json_schema!({"type": "string", "pattern": CONNECTED})]});
    TriggerKey: key();
    PermissionKey: key();
    ModuleName: name();
    StepName: name();
    RunKey: json_schema!({"type": "string", "pattern": RUN});
    TraceContext: json_schema!({"type": "string", "pattern": TRACEPARENT});
    TraceState: json_schema!({"type": "string", "pattern": TRACESTATE, "maxLength": 512});
    State: json_schema!({"type": "string", "enum": State::ALL.map(|(_, word)| word)});
    Decision: json_schema!({"type": "string", "enum": Decision::ALL.map(|(_, word)| word)});
    Kind: json_schema!({"type": "string", "enum": Kind::ALL.map(|(_, word)| word)});
    Env: json_schema!({"type": "object"});
}

fn number() -> Schema {
    json_schema!({"type": "integer", "minimum": 1})
}

/// Letters of any script: of ASCII only letters, digits and the signs `_`, `-` and `.`.
fn name() -> Schema {
    let other = r"\x00-,/:-@\[-\^`{-\x7f\s";
    json_schema!({"type": "string", "pattern": format!("^[^{other}]{{1,{MAX_NAME_BYTES}}}$")})
}

fn key() -> Schema {
    json_schema!({"type": "string", "pattern": format!("^[A-Za-z0-9_.-]{{1,{MAX_NAME_BYTES}}}$")})
}
