//! Every code with its arguments. The texts stand in the tables beside this file.

use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::fault::{CalculationFault, ConnectionFault, DocumentFault, ExpressionFault, PermissionFault, StepFault};
use crate::id::{ConnectionName, ModuleName, RecordId, SecretName, StepName, TriggerKey, VariableName, WorkflowId};
use crate::record_ref::RecordRef;

/// A message inside of another.
pub type Inner = Box<Message>;

codes! {
    /// What happened, or why something did not: a code with arguments. An argument may be a message itself.
    Message:

    /// A text of a person, of a workflow, or of a version that kept no codes.
    "said" Said { text: String };
    /// What a library or another program says, in its own words.
    "foreign" Foreign { reason: String };

    // Where it happened, and what becomes of it.
    "at-step" AtStep { step: StepName, message: Inner };
    "again-later" AgainLater { message: Inner, seconds: u64 };
    "after-tries" AfterTries { message: Inner, tries: u32 };
    "in-field" InField { field: String, message: Inner };
    "and-also" AndAlso { message: Inner, also: Inner };
    "outcome-unknown" OutcomeUnknown { message: Inner };
    "did-not-run" DidNotRun { message: Inner };
    "went-on-alone" WentOnAlone { message: Inner };
    "until" Until { until: String };
    "waits-for-target" WaitsForTarget { step: StepName };

    // Why a workflow does not run.
    "workflow-missing" WorkflowMissing { workflow: WorkflowId };
    "nobody-listens" NobodyListens { trigger: TriggerKey };
    "workflow-inactive" WorkflowInactive;
    "record-needed" RecordNeeded;
    "record-missing" RecordMissing { record: RecordId };
    "connection-missing" ConnectionMissing { record: RecordRef, connection: ConnectionName };
    "wrong-module" WrongModule { record: RecordId, module: ModuleName, wanted: ModuleName };
    "condition-false" ConditionFalse;
    "condition-failed" ConditionFailed { message: Inner };
    "once-per-record" OncePerRecord { record: RecordRef };

    // How a run ends beside its steps.
    "too-many-steps" TooManySteps { most: i32 };
    "keeps-too-much" KeepsTooMuch { bytes: usize, most: usize };
    "computed-too-long" ComputedTooLong { seconds: u64 };
    "written-too-much" WrittenTooMuch { most: usize };
    "step-missing" StepMissing { step: StepName };
    "version-unreadable" VersionUnreadable { version: i32 };
    "person-forgotten" PersonForgotten;
    "cancelled" Cancelled;

    // Why a run goes on alone.
    "computed-for" ComputedFor { seconds: String };
    "database-worked-for" DatabaseWorkedFor { seconds: String };
    "asked-often" AskedOften;
    "steps-in-a-row" StepsInARow { steps: u32 };
    "memory-held" MemoryHeld;
    "slow-lately" SlowLately;
    "other-searches" OtherSearches;
    "search-took" SearchTook { seconds: String };

    // Runs that runs start.
    "runs-started" RunsStarted { count: usize, workflow: WorkflowId };
    "inactive-not-started" InactiveNotStarted { workflow: WorkflowId };
    "list-empty" ListEmpty { workflow: WorkflowId };
    "chain-too-deep" ChainTooDeep { most: usize };
    "too-many-runs" TooManyRuns { most: i32 };
    "list-too-long" ListTooLong { field: String, items: usize, most: usize };
    "item-of" ItemOf { item: usize, count: usize };
    "items-done" ItemsDone { count: usize, failed: usize };
    "loops-too-deep" LoopsTooDeep { most: usize };
    "children-failed" ChildrenFailed { failed: usize, count: usize };
    "children-late" ChildrenLate { open: usize, count: usize };
    "waits-for-runs" WaitsForRuns { step: StepName };
    "waits-for-itself" WaitsForItself { record: RecordRef };
    "results-too-large" ResultsTooLarge { bytes: usize, most: usize };
    "run-too-large" RunTooLarge { bytes: usize, most: usize };

    // What is wrong with a value.
    "no-record" NoRecord;
    "env-too-large" EnvTooLarge { name: String, bytes: usize, most: usize };
    "response-too-large" ResponseTooLarge { bytes: usize, most: usize };
    "record-too-large" RecordTooLarge { bytes: usize, most: usize };
    "field-must-be" FieldMustBe { field: String, module: ModuleName, kind: Inner };
    "unique-empty" UniqueEmpty;
    "field-dropped" FieldDropped { field: String, module: ModuleName, kind: Inner };
    "field-required" FieldRequired { field: String, module: ModuleName };
    "field-cleared" FieldCleared { field: String, module: ModuleName };
    "field-taken" FieldTaken { field: String, module: ModuleName, record: RecordId };
    "field-undeclared" FieldUndeclared { field: String, module: ModuleName };
    "field-not-declared" FieldNotDeclared { field: String, module: ModuleName };
    "key-twice" KeyTwice { field: String, module: ModuleName };
    "compared-with" ComparedWith { field: String, kind: Inner };
    "search-too-long" SearchTooLong { module: ModuleName, fields: String, seconds: u64 };
    "search-without-field" SearchWithoutField { module: ModuleName, seconds: u64 };

    // What a value must be.
    "kind-text" KindText;
    "kind-integer" KindInteger;
    "kind-number" KindNumber;
    "kind-boolean" KindBoolean;
    "kind-date" KindDate;
    "kind-datetime" KindDatetime;
    "kind-email" KindEmail;
    "kind-phone" KindPhone;
    "kind-url" KindUrl;
    "kind-choice" KindChoice;
    "kind-list" KindList;
    "kind-list-of" KindListOf;
    "kind-reference" KindReference { module: ModuleName };

    // What an expression or a delay cannot be.
    "expression-too-long" ExpressionTooLong { most: u64 };
    "text-too-large" TextTooLarge { most: usize };
    "value-too-large" ValueTooLarge { most: usize };
    "value-too-deep" ValueTooDeep { most: usize };
    "value-nul" ValueNul;
    "value-out-of-range" ValueOutOfRange;
    "no-value" NoValue { kind: String };
    "no-methods" NoMethods { reason: String };
    "convert-first" ConvertFirst { reason: String };
    "join-or-add" JoinOrAdd { left: Inner, right: Inner };
    "compared-text-with-number" ComparedTextWithNumber;
    "compared-numbers-as-texts" ComparedNumbersAsTexts;
    "joined-numbers-as-texts" JoinedNumbersAsTexts;
    "counted-by-own-clock" CountedByOwnClock;
    "compared-texts-as-dates" ComparedTextsAsDates;
    "compared-date-with-text" ComparedDateWithText;
    "compared-text-with-flag" ComparedTextWithFlag;
    "text-counts-as-true" TextCountsAsTrue;
    "text-is-one-item" TextIsOneItem;
    "field-compared-as-text" FieldComparedAsText { field: String };
    "one-mail-address" OneMailAddress;
    "delay-too-long" DelayTooLong { days: i32 };
    "not-a-duration" NotADuration;
    "not-a-delay" NotADelay;
    "duration-negative" DurationNegative;
    "time-passed" TimePassed;
    "not-a-time" NotATime;

    // What other systems did.
    "not-a-url" NotAUrl;
    "url-scheme" UrlScheme;
    "header-value" HeaderValue { name: String };
    "target-answered" TargetAnswered { status: u16 };
    "answer-too-large" AnswerTooLarge { most: usize };
    "target-private" TargetPrivate;
    "target-not-resolved" TargetNotResolved;
    "target-refused" TargetRefused;
    "target-no-route" TargetNoRoute;
    "target-tls" TargetTls;
    "target-unreachable" TargetUnreachable;
    "target-rests" TargetRests;
    "no-answer" NoAnswer { ms: u64 };
    "redirected-too-often" RedirectedTooOften;
    "redirected-to-no-url" RedirectedToNoUrl;
    "redirected-elsewhere" RedirectedElsewhere;
    "request-impossible" RequestImpossible;
    "connection-broke" ConnectionBroke;
    "mail-to-nobody" MailToNobody;
    "mail-to-too-many" MailToTooMany { most: usize };
    "not-a-mail-address" NotAMailAddress { field: String };
    "several-mail-addresses" SeveralMailAddresses { field: String };
    "mail-answered" MailAnswered { status: u16 };
    "mail-silent" MailSilent { ms: u64 };
    "mail-unreachable" MailUnreachable;
    "mail-addresses" MailAddresses;
    "mail-refuses" MailRefuses { status: u16 };
    "mail-no-starttls" MailNoStarttls;
    "mail-tls" MailTls;
    "mail-broke" MailBroke;
    "mail-no-server" MailNoServer;
    "mail-no-sender" MailNoSender;
    "mail-impossible" MailImpossible { reason: String };
    "secret-missing" SecretMissing { secret: SecretName };
    "variable-missing" VariableMissing { variable: VariableName };
    "secret-unopened" SecretUnopened { secret: SecretName };
    "person-decided" PersonDecided;
    "worker-broke-off" WorkerBrokeOff;

    // What vtiger did, or cannot do.
    "vtiger-refused" VtigerRefused { answer: String, reason: String };
    "vtiger-no-json" VtigerNoJson { status: u16 };
    "vtiger-php-text" VtigerPhpText { status: u16 };
    "vtiger-fails" VtigerFails { status: u16 };
    "vtiger-found-nothing" VtigerFoundNothing;
    "vtiger-redirects" VtigerRedirects { to: String };
    "vtiger-login" VtigerLogin { answer: String };
    "vtiger-zero-id" VtigerZeroId { module: ModuleName };
    "vtiger-record-missing" VtigerRecordMissing { record: RecordRef };
    "vtiger-wrong-module" VtigerWrongModule { record: RecordRef };
    "vtiger-not-scalar" VtigerNotScalar { field: String };
    "vtiger-not-found-by" VtigerNotFoundBy { field: String };
    "vtiger-empty-value" VtigerEmptyValue { field: String };
    "vtiger-unique-field" VtigerUniqueField;
    "vtiger-key-changed" VtigerKeyChanged { field: String, kind: String };
    "vtiger-one-sort" VtigerOneSort;
    "vtiger-cut" VtigerCut { field: String, letters: usize };
    "vtiger-changed" VtigerChanged { field: String };
    "vtiger-dropped" VtigerDropped { field: String };
    "vtiger-met-again" VtigerMetAgain;
    "vtiger-under-way" VtigerUnderWay { minutes: u64 };
    "vtiger-no-id" VtigerNoId { record: RecordRef };

    // Why something became a dead letter.
    "kind-unknown" KindUnknown { sent: String };
    "no-bundle" NoBundle { reason: String };
    "no-resume" NoResume { reason: String };
    "broker-gave-up" BrokerGaveUp { why: String };
    "workers-broke-off" WorkersBrokeOff { workers: u32 };
    "outside-history" OutsideHistory;
    "store-refuses" StoreRefuses { reason: String };
    "discarded" Discarded { text: String };

    // Why a request is refused that a permission lets in.
    "path-unknown" PathUnknown;
    "method-wrong" MethodWrong { wanted: String };
    "origin-unlisted" OriginUnlisted { origin: String };
    "origin-null" OriginNull;
    "token-wrong" TokenWrong;
    "signature-wrong" SignatureWrong;
    "limit-reached" LimitReached;
    "too-many-under-way" TooManyUnderWay;
    "target-denied" TargetDenied;
    "target-unnamed" TargetUnnamed;
    "selector-wrong" SelectorWrong { name: String, message: Inner };
    "record-id-wrong" RecordIdWrong { message: Inner };
    "selector-no-text" SelectorNoText { name: String };
    "selector-twice" SelectorTwice { name: String };
    "two-targets" TwoTargets;
    "id-wrong" IdWrong { what: Inner, text: String, fault: Inner };
    "idempotency-key" IdempotencyKey { most: usize };
    "body-type" BodyType { kind: String };
    "body-charset" BodyCharset { charset: String };
    "body-file" BodyFile { part: String };
    "body-undecodable" BodyUndecodable { field: String, charset: String };
    "body-no-json" BodyNoJson { reason: String };
    "body-no-object" BodyNoObject;
    "body-item" BodyItem { number: usize, message: Inner };
    "key-of-list" KeyOfList { items: usize };
    "body-list-long" BodyListLong { most: usize };
    "body-list-empty" BodyListEmpty;
    "body-no-form" BodyNoForm { begins: String };
    "part-no-json" PartNoJson { part: String, reason: String };
    "body-no-multipart" BodyNoMultipart { message: Inner };
    "multipart-no-boundary" MultipartNoBoundary;
    "multipart-no-name" MultipartNoName;
    "multipart-header" MultipartHeader;
    "multipart-end" MultipartEnd;
    "name-reserved" NameReserved { name: String };
    "too-many-fields" TooManyFields { most: usize };
    "name-too-long" NameTooLong { most: usize, begins: String };
    "field-too-deep" FieldTooDeep { field: String, most: usize };
    "field-nul" FieldNul { field: String };
    "field-out-of-range" FieldOutOfRange { field: String };
    "body-too-large" BodyTooLarge { most: usize };
    "submission-too-large" SubmissionTooLarge { most: usize };
    "body-encoding" BodyEncoding { encoding: String };
    "body-cut" BodyCut;
    "body-damaged" BodyDamaged { encoding: String };
    "body-not-kept" BodyNotKept;
    "body-late" BodyLate;
    "test-call" TestCall;
    "not-proven" NotProven;
    "permission-gone" PermissionGone { permission: String };
    "permission-unreadable" PermissionUnreadable { permission: String };
    "permission-off" PermissionOff { permission: String };
    "permission-expired" PermissionExpired { permission: String };
    "permission-denies" PermissionDenies { permission: String, address: String };

    // What an id cannot be.
    "what-receipt" WhatReceipt;
    "what-workflow" WhatWorkflow;
    "what-record" WhatRecord;
    "what-trigger" WhatTrigger;
    "what-permission" WhatPermission;
    "what-module" WhatModule;
    "what-step" WhatStep;
    "what-secret" WhatSecret;
    "what-connection" WhatConnection;
    "what-variable" WhatVariable;
    "id-no-uuid" IdNoUuid;
    "id-not-above-zero" IdNotAboveZero;
    "id-no-number" IdNoNumber;
    "id-empty" IdEmpty;
    "id-too-long" IdTooLong;
    "id-characters" IdCharacters;
    "id-latin-characters" IdLatinCharacters;
    "id-small-characters" IdSmallCharacters;

    // Why a dry run gives no result.
    "dry-run-busy" DryRunBusy;
    "dry-run-late" DryRunLate { seconds: u64 };
    "dry-run-no-worker" DryRunNoWorker { seconds: u64 };
    "dry-run-unreadable" DryRunUnreadable;
    "dry-run-away" DryRunAway;
    "dry-run-elsewhere" DryRunElsewhere;

    // What is wrong with a document, and why an expression has no value.
    and Calculation(Box<CalculationFault>), Connection(Box<ConnectionFault>), Document(Box<DocumentFault>),
        Expression(Box<ExpressionFault>), Permission(Box<PermissionFault>), Step(Box<StepFault>);
}
