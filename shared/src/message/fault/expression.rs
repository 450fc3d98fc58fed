//! Why a text is no expression or no template.

use serde::{Deserialize, Serialize};

use crate::message::Inner;
use crate::message::codes::codes;

codes! {
    /// Why a text is no expression or no template.
    ExpressionFault:

    "not-an-expression" NotAnExpression;
    "expression-empty" ExpressionEmpty;
    "expression-longer" ExpressionLonger { most: usize };
    "expression-words" ExpressionWords { most: usize };
    "expression-open" ExpressionOpen { end: String };
    "text-open" TextOpen { quote: char };
    "text-nul" TextNul;
    "quote-typographic" QuoteTypographic { quote: char };
    "dollar-alone" DollarAlone;
    "name-unknown" NameUnknown { name: String };
    "filter-unknown" FilterUnknown { name: String };
    "filter-is-test" FilterIsTest { name: String };
    "test-unknown" TestUnknown { name: String };
    "test-is-filter" TestIsFilter { name: String };
    "function-unknown" FunctionUnknown { name: String };
    "function-is-filter" FunctionIsFilter { name: String };
    "function-now" FunctionNow;
    "filters-stand-behind" FiltersStandBehind { message: Inner };
    "reference-unquoted" ReferenceUnquoted { name: String };
    "source-not-yet" SourceNotYet { name: String, sources: Vec<String> };
    "source-misspelt-not-yet" SourceMisspeltNotYet { name: String, meant: String };
    "source-unknown" SourceUnknown { name: String };
    "source-or-field" SourceOrField { name: String, sources: Vec<String>, reads: String };
    "request-lacks" RequestLacks { name: String, known: String };
    "secret-in-expression" SecretInExpression;
    "secret-unquoted" SecretUnquoted;
    "now-form" NowForm;
    "now-too-far" NowTooFar { days: i64, most: i64 };
    "related-form" RelatedForm;
}
