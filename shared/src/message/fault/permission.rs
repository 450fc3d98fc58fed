//! What can be wrong with a permission.

use serde::{Deserialize, Serialize};

use crate::message::Inner;
use crate::message::codes::codes;

codes! {
    /// What can be wrong with a permission.
    PermissionFault:

    // Address rules.
    "address-rule" AddressRule { rule: String, message: Inner };
    "rule-one-too-many" RuleOneTooMany { most: usize };
    "rule-every-address" RuleEveryAddress;
    "rule-empty-address" RuleEmptyAddress;
    "rule-interface" RuleInterface;
    "rule-port" RulePort;
    "rule-octal" RuleOctal { part: String };
    "rule-no-address" RuleNoAddress { part: String };
    "rule-wildcard" RuleWildcard;
    "rule-no-ipv4" RuleNoIpv4;
    "rule-mixed" RuleMixed;
    "rule-reversed" RuleReversed { meant: String };
    "rule-prefix" RulePrefix { min: u8, max: u8 };
    "rule-inside-network" RuleInsideNetwork { meant: String };
    "addresses-empty" AddressesEmpty;
    "rule-covers" RuleCovers { rules: String };
    "no-rule-covers" NoRuleCovers;
    "not-enabled" NotEnabled;
    "expired-at" ExpiredAt { until: String };

    // What it allows, where and until when.
    "allows-nothing" AllowsNothing;
    "any-needs-short-url" AnyNeedsShortUrl { chars: usize };
    "short-url-empty" ShortUrlEmpty;
    "short-url-longer" ShortUrlLonger { most: usize };
    "short-url-characters" ShortUrlCharacters;
    "short-url-reserved" ShortUrlReserved;
    "short-url-dots" ShortUrlDots;
    "expires-form" ExpiresForm;
    "charset-form" CharsetForm;
    "no-origin" NoOrigin { origin: String };
    "limit-form" LimitForm { most: u32 };
    "ping-form" PingForm;
    "batch-alone" BatchAlone;

    // Values of another type.
    "must-be-text-not" MustBeTextNot { found: Inner };
    "must-be-list-not" MustBeListNot { found: Inner };
    "must-hold-texts" MustHoldTexts { found: Inner };
    "must-hold-workflows" MustHoldWorkflows { found: Inner };
    "must-hold-triggers" MustHoldTriggers { found: Inner };
    "found-nothing" FoundNothing;
    "found-flag" FoundFlag;
    "found-number" FoundNumber;
    "found-text" FoundText;
    "found-list" FoundList;
    "found-map" FoundMap;

    // Answers and pages.
    "redirect-alone" RedirectAlone;
    "answer-no-body" AnswerNoBody;
    "page-form" PageForm;

    // Fields and headers that are read.
    "field-never" FieldNever { field: String, message: Inner };
    "field-is-empty" FieldIsEmpty;
    "field-blank" FieldBlank;
    "field-long" FieldLong;
    "field-refused" FieldRefused;
    "field-reference" FieldReference;
    "field-list" FieldList;
    "field-level" FieldLevel;
    "field-of-page" FieldOfPage;
    "raw-field" RawField { field: String };
    "raw-ping" RawPing;
    "header-no-name" HeaderNoName { header: String };
    "header-secret" HeaderSecret { header: String };
    "header-token" HeaderToken { header: String };
    "headers-above" HeadersAbove { most: usize };
    "header-form" HeaderForm;

    // Secrets, tokens and signatures.
    "secret-plain" SecretPlain;
    "secret-beside" SecretBeside;
    "token-query" TokenQuery;
    "token-place" TokenPlace;
    "token-empty" TokenEmpty;
    "signature-way" SignatureWay;
    "signature-preset" SignaturePreset;
    "signature-secret" SignatureSecret;
    "twilio-url" TwilioUrl;
    "twilio-only" TwilioOnly;
    "public-url-form" PublicUrlForm;
    "signed-time-header" SignedTimeHeader;
    "signed-no-time" SignedNoTime;
    "signed-no-body" SignedNoBody;
    "signed-unknown" SignedUnknown { place: String };
    "signed-open" SignedOpen;
}
