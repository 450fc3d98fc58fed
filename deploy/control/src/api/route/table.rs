//! The table of all routes, with what their parameters mean.

use postern_shared::document::Kind;

use super::{Answer, Body, Endpoint, Parameter, Route, Value, Verb};

const LAST: Parameter = Parameter { name: "last", about: "how many, the newest first", value: Value::Last };
const BEFORE: Parameter = Parameter { name: "before", about: "older ones than this id", value: Value::Number };
const VERSION: Parameter = Parameter { name: "version", about: "an older version of it", value: Value::Number };
const WORKFLOW: Parameter = Parameter { name: "workflow", about: "only runs of this workflow", value: Value::Number };
const STATE: Parameter = Parameter { name: "state", about: "only runs in this state", value: Value::RunState };
const OF_WORKFLOW: Parameter =
    Parameter { name: "workflow", about: "only those that were to run this workflow", value: Value::Number };
const OF_TRIGGER: Parameter =
    Parameter { name: "trigger", about: "only those that fired this trigger", value: Value::Name };
const BEFORE_RECEIPT: Parameter =
    Parameter { name: "before", about: "older ones than this receipt", value: Value::Receipt };
const GROUP: Parameter = Parameter { name: "group", about: "only letters of this group", value: Value::Text };
const VALUES: Parameter = Parameter {
    name: "values",
    about: "`true`: with what was posted, and not only its shape; the audit log notes it",
    value: Value::Flag,
};
const KIND: Parameter =
    Parameter { name: "kind", about: "only changes of this kind of thing, such as `workflow`", value: Value::Text };
const KEY: Parameter = Parameter { name: "key", about: "only changes of the thing with this key", value: Value::Text };
const HOURS: Parameter =
    Parameter { name: "hours", about: "how many, the current one last: 24, at most 168", value: Value::Number };
const CURSOR: Parameter =
    Parameter { name: "before", about: "the `next` of an answer: those that follow it", value: Value::Cursor };

const fn get(path: &'static str, endpoint: Endpoint, summary: &'static str, schema: &'static str) -> Route {
    let answer = Answer::Json(schema);
    Route { verb: Verb::Get, path, endpoint, summary, query: &[], body: Body::None, answer, refusals: &[] }
}

const fn document(verb: Verb, path: &'static str, endpoint: Endpoint, summary: &'static str) -> Route {
    let (body, answer, refusals): (_, _, &[u16]) = match endpoint {
        Endpoint::Put(kind) => (Body::Document(kind), Answer::Json("Applied"), &[404]),
        Endpoint::Get(kind) => (Body::None, Answer::Document(kind), &[404]),
        _ => (Body::None, Answer::Empty, &[404]),
    };
    Route { verb, path, endpoint, summary, query: &[], body, answer, refusals }
}

const fn post(path: &'static str, endpoint: Endpoint, summary: &'static str, body: Body, answer: Answer) -> Route {
    Route { verb: Verb::Post, path, endpoint, summary, query: &[], body, answer, refusals: &[] }
}

/// All routes.
pub static ROUTES: [Route; 45] = [
    get("/openapi.json", Endpoint::OpenApi, "this document", "OpenApi"),
    get("/modules", Endpoint::List(Kind::Module), "all modules that are declared", "Modules"),
    document(Verb::Get, "/modules/{key}", Endpoint::Get(Kind::Module), "one module"),
    document(Verb::Put, "/modules/{key}", Endpoint::Put(Kind::Module), "sets a module"),
    document(Verb::Delete, "/modules/{key}", Endpoint::Delete(Kind::Module), "removes a module; its records stay"),
    get("/permissions", Endpoint::List(Kind::Permission), "all permissions", "Permissions"),
    document(Verb::Get, "/permissions/{key}", Endpoint::Get(Kind::Permission), "one permission"),
    document(Verb::Put, "/permissions/{key}", Endpoint::Put(Kind::Permission), "sets a permission"),
    document(Verb::Delete, "/permissions/{key}", Endpoint::Delete(Kind::Permission), "removes a permission"),
    get("/triggers", Endpoint::List(Kind::Trigger), "all triggers", "Triggers"),
    document(Verb::Get, "/triggers/{key}", Endpoint::Get(Kind::Trigger), "one trigger"),
    document(Verb::Put, "/triggers/{key}", Endpoint::Put(Kind::Trigger), "sets a trigger"),
    document(Verb::Delete, "/triggers/{key}", Endpoint::Delete(Kind::Trigger), "removes a trigger"),
    get("/workflows", Endpoint::List(Kind::Workflow), "the newest version of all workflows", "Workflows"),
    Route {
        query: &[VERSION],
        ..document(Verb::Get, "/workflows/{id}", Endpoint::Get(Kind::Workflow), "one workflow")
    },
    document(
        Verb::Put,
        "/workflows/{id}",
        Endpoint::Put(Kind::Workflow),
        "sets a workflow: a new version if it differs",
    ),
    document(
        Verb::Delete,
        "/workflows/{id}",
        Endpoint::Delete(Kind::Workflow),
        "removes a workflow; runs that began go on",
    ),
    Route {
        query: &[LAST],
        refusals: &[404],
        ..get("/workflows/{id}/versions", Endpoint::Versions, "the versions of a workflow, newest first", "Versions")
    },
    post(
        "/validate",
        Endpoint::Validate,
        "everything that is wrong with documents",
        Body::Documents,
        Answer::Json("Findings"),
    ),
    post("/apply", Endpoint::Apply, "sets all documents or none", Body::Documents, Answer::Json("AppliedList")),
    Route {
        answer: Answer::Documents,
        ..get("/export", Endpoint::Export, "everything that is set, as `apply` takes it", "")
    },
    Route { refusals: &[404], ..get("/receipts/{id}", Endpoint::Receipt, "what became of a submission", "Receipt") },
    Route {
        query: &[WORKFLOW, STATE, LAST, CURSOR],
        ..get("/runs", Endpoint::Runs, "the runs, the newest first", "Runs")
    },
    Route {
        refusals: &[404, 409],
        ..post(
            "/runs/{run}/replays",
            Endpoint::ReplayRun,
            "goes on at the failed step of a run, as a new run",
            Body::Json("RunReplay"),
            Answer::Created("RunReplayed"),
        )
    },
    Route {
        refusals: &[404, 409],
        ..post(
            "/runs/{run}/decision",
            Endpoint::DecideRun,
            "says what came of the step at which a run needs attention",
            Body::Json("Decision"),
            Answer::Json("RunDecided"),
        )
    },
    Route {
        query: &[LAST, BEFORE],
        refusals: &[404],
        ..get("/records/{module}", Endpoint::Records, "the records of a module, the newest first", "Records")
    },
    Route { refusals: &[404], ..get("/record/{id}", Endpoint::Record, "one record with its comments", "RecordWhole") },
    Route {
        query: &[LAST],
        ..get(
            "/refused_bodies",
            Endpoint::RefusedBodies,
            "what permitted callers sent and was refused, the newest first",
            "RefusedBodies",
        )
    },
    Route {
        query: &[VALUES],
        refusals: &[404],
        ..get(
            "/refused_bodies/{id}",
            Endpoint::RefusedBody,
            "one refused body: its names and the shapes of its values",
            "RefusedBodyWhole",
        )
    },
    Route {
        refusals: &[404],
        answer: Answer::Bytes,
        ..get(
            "/refused_bodies/{id}/raw",
            Endpoint::RefusedBodyRaw,
            "one refused body, byte for byte; the audit log notes it",
            "",
        )
    },
    Route {
        refusals: &[404],
        ..post(
            "/refused_body_replays",
            Endpoint::ReplayRefusedBodies,
            "reads refused bodies again, under their permission as it is now: one, or those of a permission",
            Body::Json("RefusedBodyReplay"),
            Answer::Json("RefusedBodiesReplayed"),
        )
    },
    Route {
        query: &[LAST],
        ..get(
            "/rejected_callers",
            Endpoint::RejectedCallers,
            "the callers that no permission admits, by day and address, the latest first",
            "RejectedCallers",
        )
    },
    Route {
        query: &[OF_WORKFLOW, OF_TRIGGER, LAST, BEFORE_RECEIPT],
        ..get("/unmatched", Endpoint::Unmatched, "submissions that started nothing, the newest first", "AllUnmatched")
    },
    Route {
        refusals: &[404, 409],
        ..post(
            "/unmatched_replays",
            Endpoint::ReplayUnmatched,
            "lets submissions that started nothing run with the workflows of today: one, or those of a target",
            Body::Json("UnmatchedReplay"),
            Answer::Json("Replayed"),
        )
    },
    Route {
        query: &[GROUP, LAST, BEFORE],
        ..get("/dead_letters", Endpoint::DeadLetters, "what nobody could run, the newest first", "DeadLetters")
    },
    Route {
        refusals: &[404],
        ..get("/dead_letters/{id}", Endpoint::DeadLetter, "one dead letter with what it carries", "DeadLetterWhole")
    },
    get("/dead_letter_groups", Endpoint::DeadLetterGroups, "dead letters by kind, target and reason", "Groups"),
    Route {
        refusals: &[404],
        ..post(
            "/dead_letter_replays",
            Endpoint::ReplayDeadLetters,
            "puts dead letters back, with their receipts: one, a group or all, at a rate, one with another `env`",
            Body::Json("Replay"),
            Answer::Json("Replayed"),
        )
    },
    Route {
        refusals: &[404],
        ..post(
            "/dead_letter_discards",
            Endpoint::DiscardDeadLetters,
            "removes dead letters for good: one, a group or all",
            Body::Json("Discard"),
            Answer::Json("Discarded"),
        )
    },
    Route {
        query: &[HOURS],
        ..get("/audit", Endpoint::Audit, "where the submissions of each hour are, and which are lost", "Audit")
    },
    Route {
        query: &[KIND, KEY, LAST, BEFORE],
        ..get("/audit_log", Endpoint::AuditLog, "who changed what, the newest first", "Changes")
    },
    post(
        "/explain",
        Endpoint::Explain,
        "which permissions admit an address, and why the others do not",
        Body::Json("Address"),
        Answer::Json("Explanation"),
    ),
    get("/tokens", Endpoint::Tokens, "all tokens, never their text", "Tokens"),
    Route {
        refusals: &[409],
        ..post(
            "/tokens",
            Endpoint::CreateToken,
            "makes a token and tells it this once",
            Body::Json("TokenName"),
            Answer::Created("NewToken"),
        )
    },
    document(Verb::Delete, "/tokens/{id}", Endpoint::DeleteToken, "removes a token; it is refused from now on"),
];
