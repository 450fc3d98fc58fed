//! What can be wrong with a workflow and its steps, by themselves and beside the modules.

use serde::{Deserialize, Serialize};

use crate::id::{ModuleName, StepName};
use crate::message::codes::codes;

codes! {
    /// What can be wrong with a workflow and its steps, by themselves and beside the modules.
    StepFault:

    // The graph.
    "no-steps" NoSteps;
    "steps-above" StepsAbove { most: usize, count: usize };
    "leads-to-many" LeadsToMany { most: usize };
    "leads-nowhere" LeadsNowhere { step: String };
    "unreached" Unreached;
    "task-unknown" TaskUnknown;
    "task-missing" TaskMissing { tasks: String };
    "task-twice" TaskTwice { one: String, other: String };
    "no-such-output" NoSuchOutput { task: String, output: String, outputs: String };
    "no-outputs" NoOutputs { task: String, output: String };

    // The settings of the tasks.
    "zone-unknown" ZoneUnknown;
    "delay-which" DelayWhich;
    "delete-true" DeleteTrue;
    "operator-missing" OperatorMissing;
    "operator-unknown" OperatorUnknown { known: String };
    "secret-host" SecretHost;
    "host-chosen" HostChosen;
    "one-body" OneBody { keys: String };
    "must-be-maps" MustBeMaps;
    "attachments-large" AttachmentsLarge { most: usize };
    "header-characters" HeaderCharacters;
    "header-own" HeaderOwn { header: String };
    "status-form" StatusForm;
    "respond-status" RespondStatus;
    "respond-no-body" RespondNoBody;
    "respond-json-markup" RespondJsonMarkup;
    "needs-for-each" NeedsForEach;
    "mail-no-text" MailNoText;
    "bare-filter" BareFilter { meant: String };
    "bare-expression" BareExpression { meant: String };
    "cut-by-comment" CutByComment;
    "name-is-reference" NameIsReference;
    "url-scheme-other" UrlSchemeOther { scheme: String };
    "url-no-scheme" UrlNoScheme;
    "url-host" UrlHost { host: String };
    "url-port" UrlPort;
    "no-mail-address" NoMailAddress { text: String };
    "addresses-apart" AddressesApart { text: String };
    "json-text" JsonText;
    "order-word" OrderWord;
    "cases-map" CasesMap;
    "case-control" CaseControl;
    "case-references" CaseReferences;
    "index-is-item" IndexIsItem;
    "store-overwritten" StoreOverwritten;
    "collect-needs-store" CollectNeedsStore;
    "store-needs-collect" StoreNeedsCollect;
    "needs-wait" NeedsWait;
    "failed-needs-wait" FailedNeedsWait;
    "each-missing" EachMissing;
    "each-leads-back" EachLeadsBack;
    "field-of-own-record" FieldOfOwnRecord { field: String, id: String, module: String };
    "endless-circle" EndlessCircle { steps: String, first: StepName };
    "response-of-item" ResponseOfItem { step: StepName };

    // Beside the modules.
    "strict-lacks" StrictLacks { module: ModuleName, field: String };
    "refers-elsewhere" RefersElsewhere { field: String, module: ModuleName, wanted: ModuleName };
    "field-unset" FieldUnset { field: String, module: ModuleName };
    "update-needs-key" UpdateNeedsKey;
    "created-twice" CreatedTwice { module: ModuleName, step: StepName };
}
