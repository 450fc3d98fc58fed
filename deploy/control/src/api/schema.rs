//! The JSON Schemas of what the API takes and gives, by name.

use postern_shared::document::Kind;
use postern_shared::id::MAX_NAME_BYTES;
use postern_shared::store::checkpoints::Decision;
use postern_shared::store::dead_letters::MAX_REASON_CHARS;
use postern_shared::store::delivery_audit::PLACES;
use postern_shared::store::runs::State;
use serde_json::{Value, json};

use super::dead_letters::RATE;
use super::request::{LAST_DEFAULT, LAST_MAX};
use super::route;
use super::tokens::MAX_NAME_CHARS;

/// A reference to one of [`schemas`].
pub fn named(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A document of a kind. What else stands in it is said by its validator, with line and place.
pub fn document_schema(kind: Kind) -> Value {
    named(match kind {
        Kind::Module => "Module",
        Kind::Trigger => "Trigger",
        Kind::Workflow => "Workflow",
        Kind::Permission => "Permission",
    })
}

/// The name of a run: receipt, workflow, and where it comes from, such as `1` of a replay, `1@3.2` of a run that run 1
/// started, `1@3.2~1` of that one's replay (`shared/src/origin.rs`).
const RUN: &str = "^[0-9a-f-]{36}[.][1-9][0-9]*([.][0-9]+([.@~][0-9]+)*)?$";

/// A query variable or an argument of a path.
pub fn argument(value: route::Value) -> Value {
    match value {
        route::Value::Last => json!({"type": "integer", "minimum": 1, "maximum": LAST_MAX, "default": LAST_DEFAULT}),
        route::Value::Number => number(),
        route::Value::Flag => flag(),
        route::Value::RunState => states(),
        route::Value::Name => name(),
        route::Value::Cursor | route::Value::Text => text(),
        route::Value::Run => json!({"type": "string", "pattern": RUN}),
        route::Value::Receipt => json!({"type": "string", "format": "uuid"}),
    }
}

/// All of them.
pub fn schemas() -> Value {
    let mut all = json!({
        "OpenApi": {"type": "object"},
        "Permission": document("permission", name()),
        "Module": document("module", name()),
        "Trigger": document("trigger", name()),
        "Workflow": document("workflow", number()),
        "Permissions": object([("permissions", list("Permission"))]),
        "Modules": object([("modules", list("Module"))]),
        "Triggers": object([("triggers", list("Trigger"))]),
        "Workflows": object([("workflows", list("Workflow"))]),
        "Address": object([("address", text())]),
        "TokenName": object([("name", json!({"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARS}))]),
    });
    for more in [settings(), history(), audit(), refusals(), unmatched(), dead_letters(), tokens()] {
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
    }
    all
}

fn settings() -> Value {
    let located = || list("Finding");
    let error = json!({
        "type": "object", "required": ["code", "message"],
        "properties": {"code": text(), "message": text(), "findings": located()},
    });
    json!({
        "Error": object([("error", error)]),
        "Finding": object([("path", text()), ("line", number()), ("message", text())]),
        "Findings": object([("documents", whole()), ("findings", located())]),
        "Applied": object([
            ("kind", json!({"enum": Kind::ALL.map(Kind::name)})),
            ("key", text()),
            ("changed", flag()),
            ("made_short_url", or_null(text())),
        ]),
        "AppliedList": object([("applied", list("Applied"))]),
        "Version": object([("version", number()), ("created_at", time())]),
        "Versions": object([("workflow", number()), ("versions", list("Version"))]),
        "Verdict": object([
            ("permission", name()),
            ("title", text()),
            ("admits", flag()),
            ("reason", text()),
            ("rules", json!({"type": "array", "items": text()})),
            ("answers_at", text()),
        ]),
        "Explanation": object([
            ("address", text()),
            ("admitted", flag()),
            ("settings_version", whole()),
            ("permissions", list("Verdict")),
        ]),
    })
}

fn history() -> Value {
    json!({
        "Receipt": {
            "type": "object", "required": ["receipt", "status", "permission"],
            "properties": {"receipt": uuid(), "status": text(), "permission": or_null(name())},
        },
        "Run": object([
            ("receipt", uuid()),
            ("workflow", number()),
            ("origin", text()),
            ("version", number()),
            ("state", states()),
            ("steps", whole()),
            ("record", or_null(number())),
            ("message", or_null(text())),
            ("started_at", time()),
            ("ended_at", or_null(time())),
        ]),
        "RunReplay": {
            "type": "object", "properties": {"newest_version": flag()}, "additionalProperties": false,
        },
        "RunReplayed": object([("run", text()), ("receipt", uuid()), ("workflow", number()), ("origin", text())]),
        "RunDecided": object([("run", text())]),
        "Decision": object([("decision", json!({"enum": Decision::ALL.map(|(_, word)| word)}))]),
        "Runs": object([("runs", list("Run")), ("next", or_null(text()))]),
        "Record": object([("id", number()), ("module", name()), ("fields", json!({"type": "object"}))]),
        "Comment": object([("text", text()), ("created_at", time())]),
        "RecordWhole": object([
            ("id", number()),
            ("module", name()),
            ("fields", json!({"type": "object"})),
            ("comments", list("Comment")),
        ]),
        "Records": object([("records", list("Record")), ("next", or_null(number()))]),
        "Change": object([
            ("id", number()),
            ("at", time()),
            ("account", text()),
            ("action", text()),
            ("kind", text()),
            ("key", text()),
            ("document", or_null(json!({"type": "object"}))),
        ]),
        "Changes": object([("changes", list("Change")), ("next", or_null(number()))]),
    })
}

fn audit() -> Value {
    let hour = [("hour", time()), ("answered", whole()), ("unanswered", json!({"type": "integer"}))];
    json!({
        "Hour": object(hour.into_iter().chain(PLACES.map(|place| (place, whole())))),
        "Loss": object([("hour", time()), ("instance", whole()), ("first", number()), ("last", number())]),
        "Audit": object([
            ("hours", list("Hour")),
            ("losses", or_null(list("Loss"))),
        ]),
    })
}

fn refusals() -> Value {
    let refused = || {
        [
            ("id", number()),
            ("permission", text()),
            ("address", text()),
            ("code", text()),
            ("message", text()),
            ("query", text()),
            ("content_type", or_null(text())),
            ("bytes", or_null(whole())),
            ("refused_at", time()),
        ]
    };
    json!({
        "RefusedBody": object(refused()),
        "Shape": object([("name", text()), ("shape", text())]),
        "RefusedBodyWhole": object(refused().into_iter().chain([("shapes", list("Shape")), ("body", or_null(text()))])),
        "RefusedBodies": object([("refused_bodies", list("RefusedBody"))]),
        "RefusedBodyReplay": {
            "type": "object", "additionalProperties": false,
            "oneOf": [{"required": ["id"]}, {"required": ["permission"]}],
            "properties": {"id": number(), "permission": name(), "charset": text()},
        },
        "Reread": object([("id", number()), ("receipt", uuid())]),
        "RefusedAgain": object([("id", number()), ("code", text()), ("message", text())]),
        "RefusedBodiesReplayed": object([
            ("replayed", list("Reread")), ("refused", list("RefusedAgain")), ("left", whole()),
        ]),
        "RejectedCaller": object([
            ("day", json!({"type": "string", "format": "date"})),
            ("address", text()),
            ("count", number()),
            ("reason", text()),
            ("last_at", time()),
        ]),
        "RejectedCallers": object([("rejected_callers", list("RejectedCaller"))]),
    })
}

fn unmatched() -> Value {
    let skipped = json!({
        "type": "object", "required": ["reason"], "properties": {"workflow": number(), "reason": text()},
    });
    json!({
        "Unmatched": object([
            ("receipt", uuid()),
            ("permission", name()),
            ("target", json!({"type": "object"})),
            ("skipped", json!({"type": "array", "items": skipped})),
            ("accepted_at", time()),
        ]),
        "AllUnmatched": object([("unmatched", list("Unmatched")), ("next", or_null(uuid()))]),
        "UnmatchedReplay": {
            "type": "object", "additionalProperties": false,
            "oneOf": [{"required": ["receipt"]}, {"required": ["trigger"]}, {"required": ["workflow"]}],
            "properties": {"receipt": uuid(), "trigger": name(), "workflow": number()},
        },
    })
}

fn dead_letters() -> Value {
    let letter = || {
        [
            ("id", number()),
            ("receipt", or_null(uuid())),
            ("kind", text()),
            ("bytes", whole()),
            ("reason", text()),
            ("attempt", whole()),
            ("created_at", time()),
            ("target", or_null(text())),
            ("group", text()),
        ]
    };
    let order = |required: &[&str], more: Value| {
        let mut order = json!({
            "type": "object", "additionalProperties": false, "required": required,
            "oneOf": [{"required": ["id"]}, {"required": ["group"]}, {"required": ["all"]}],
            "properties": {"id": number(), "group": text(), "all": {"const": true}},
        });
        if let (Value::Object(properties), Value::Object(more)) = (&mut order["properties"], more) {
            properties.extend(more);
        }
        order
    };
    let rate = json!({"type": "number", "minimum": RATE.start(), "maximum": RATE.end()});
    let reason = json!({"type": "string", "minLength": 1, "maxLength": MAX_REASON_CHARS});
    let submissions = or_null(json!({"type": "array", "items": {"type": "object"}}));
    json!({
        "DeadLetter": object(letter()),
        "DeadLetterWhole": object(letter().into_iter().chain([("submissions", submissions), ("text", or_null(text()))])),
        "DeadLetters": object([("dead_letters", list("DeadLetter")), ("next", or_null(number()))]),
        "Group": object([
            ("group", text()),
            ("kind", text()),
            ("target", or_null(text())),
            ("reason", text()),
            ("count", number()),
            ("first_at", time()),
            ("last_at", time()),
        ]),
        "Groups": object([("groups", list("Group"))]),
        "Replay": order(&[], json!({"per_second": rate, "env": {"type": "object"}})),
        "Replayed": object([("replayed", whole()), ("left", whole())]),
        "Discard": order(&["reason"], json!({"reason": reason})),
        "Discarded": object([("discarded", whole()), ("left", whole())]),
    })
}

fn tokens() -> Value {
    let token = || [("id", number()), ("name", text()), ("created_at", time()), ("last_used_at", or_null(time()))];
    json!({
        "Token": object(token()),
        "Tokens": object([("tokens", list("Token"))]),
        "NewToken": object(token().into_iter().chain([("token", text())])),
    })
}

/// An object with all of these, and nothing else.
fn object<'n>(properties: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    let (names, properties): (Vec<_>, serde_json::Map<_, _>) =
        properties.into_iter().map(|(name, schema)| (name, (name.to_owned(), schema))).unzip();
    json!({"type": "object", "required": names, "properties": properties, "additionalProperties": false})
}

fn document(kind: &str, key: Value) -> Value {
    json!({"type": "object", "required": [kind], "properties": {kind: key}})
}

fn list(name: &str) -> Value {
    json!({"type": "array", "items": named(name)})
}

fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn states() -> Value {
    json!({"type": "string", "enum": State::ALL.map(|(_, word)| word)})
}

fn name() -> Value {
    json!({"type": "string", "pattern": format!("^[A-Za-z0-9_.-]{{1,{MAX_NAME_BYTES}}}$")})
}

fn number() -> Value {
    json!({"type": "integer", "minimum": 1})
}

fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}
