//! What can be wrong with a document as a text, with its keys and plain values, with its modules, and beside others.

use serde::{Deserialize, Serialize};

use crate::id::{SecretName, WorkflowId};
use crate::message::Inner;
use crate::message::codes::codes;

codes! {
    /// What can be wrong with a document as a text, with its keys and plain values, with its modules, and beside others.
    DocumentFault:

    // The suggestion behind another message.
    "did-you-mean" DidYouMean { message: Inner, meant: Vec<String> };
    "in-workflow" InWorkflow { workflow: WorkflowId, message: Inner };

    // The text.
    "not-utf-8" NotUtf8;
    "no-document" NoDocument;
    "text-too-long" TextTooLong { most: usize };
    "not-json" NotJson { reason: String };
    "not-yaml" NotYaml { message: Inner };
    "nested-deeper" NestedDeeper { most: usize };
    "key-no-text" KeyNoText;
    "key-repeated" KeyRepeated { first: usize };
    "yaml-alias" YamlAlias;
    "yaml-tag" YamlTag { tag: String };
    "yaml-braces" YamlBraces;
    "yaml-reference" YamlReference;
    "yaml-behind-quote" YamlBehindQuote;
    "yaml-sign" YamlSign { sign: String };
    "yaml-colon" YamlColon;
    "yaml-tab" YamlTab;
    "yaml-indented" YamlIndented { spaces: Inner, other: usize, of: Inner, others: usize };
    "one-space" OneSpace;
    "several-spaces" SeveralSpaces { count: usize };
    "of-same-map" OfSameMap;
    "of-long-text" OfLongText;

    // What a document is.
    "document-no-map" DocumentNoMap;
    "document-two-kinds" DocumentTwoKinds { kind: String };
    "document-kind-unknown" DocumentKindUnknown;
    "document-no-kind" DocumentNoKind { kinds: String };
    "document-twice" DocumentTwice { kind: Inner, key: String, place: String };
    "document-missing" DocumentMissing { kind: Inner, key: String };
    "starts-itself" StartsItself { chain: String };
    "may-start-itself" MayStartItself { chain: String };
    "path-takes" PathTakes { kind: Inner, key: String };
    "page-takes" PageTakes { kind: Inner };
    "thing-connection" ThingConnection;
    "thing-module" ThingModule;
    "thing-trigger" ThingTrigger;
    "thing-workflow" ThingWorkflow;
    "thing-permission" ThingPermission;

    // Keys and plain values.
    "must-be-map" MustBeMap;
    "must-be-names" MustBeNames;
    "missing" Missing;
    "is-empty" IsEmpty;
    "unknown-key" UnknownKey { key: String };
    "key-no-break-space" KeyNoBreakSpace { key: String };
    "unknown-key-here" UnknownKeyHere { key: String, known: String };
    "longer-than" LongerThan { most: usize };
    "more-than" MoreThan { most: usize };
    "must-be" MustBe { kind: Inner };
    "must-be-text" MustBeText;
    "must-be-flag" MustBeFlag;
    "must-be-whole" MustBeWhole;
    "must-be-within" MustBeWithin { min: i64, max: i64 };
    "must-be-duration" MustBeDuration { most: String };
    "must-be-one-of" MustBeOneOf { words: String };
    "must-be-media-type" MustBeMediaType { example: String };
    "name-empty" NameEmpty;
    "name-longer" NameLonger { most: usize };
    "name-nul" NameNul;
    "secret-elsewhere" SecretElsewhere { secret: SecretName };

    // Modules and their fields.
    "module-fields" ModuleFields { most: usize, count: usize };
    "unique-twice" UniqueTwice { field: String };
    "unique-type" UniqueType;
    "unique-default" UniqueDefault;
    "required-drop" RequiredDrop;
    "type-unknown" TypeUnknown { kind: String, kinds: String };
    "type-options" TypeOptions;
    "type-module" TypeModule;
    "options-missing" OptionsMissing;
    "module-missing" ModuleMissing;
    "options-beside" OptionsBeside { kind: String };
    "module-beside" ModuleBeside { kind: String };
    "options-bounds" OptionsBounds { most: usize, bytes: usize };
}
