//! Why a text is no expression or no template.

use serde::{Deserialize, Serialize};

use crate::message::Inner;
use crate::message::codes::codes;

codes! {
    /// Why a text is no expression or no template.
    ExpressionFault:

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
    "counter-name" CounterName;
    "counter-place" CounterPlace;
    "function-is-filter" FunctionIsFilter { name: String };
    "filters-stand-behind" FiltersStandBehind { message: Inner };
    "reference-unquoted" ReferenceUnquoted { name: String };
    "reference-dotted" ReferenceDotted { name: String, key: String };
    "reference-apart" ReferenceApart { name: String };
    "name-in-braces" NameInBraces { name: String };
    "no-comments" NoComments;
    "source-unknown" SourceUnknown { name: String };
    "source-or-field" SourceOrField { name: String, sources: Vec<String>, reads: String };
    "request-lacks" RequestLacks { name: String, known: String };
    "secret-in-expression" SecretInExpression;
    "secret-unquoted" SecretUnquoted;
    "now-form" NowForm;
    "now-too-far" NowTooFar { days: i64, most: i64 };
    "related-form" RelatedForm;

    // The grammar of expressions, and statements in texts.
    "written-as" WrittenAs { text: String, here: String };
    "no-ampersand" NoAmpersand;
    "no-match-sign" NoMatchSign;
    "no-question-mark" NoQuestionMark;
    "character-unexpected" CharacterUnexpected { character: char };
    "no-number" NoNumber { text: String };
    "expression-deeper" ExpressionDeeper { most: usize };
    "end-unexpected" EndUnexpected;
    "braces-in-expression" BracesInExpression;
    "equals-sign" EqualsSign;
    "always-true" AlwaysTrue { text: String, list: String };
    "unexpected" Unexpected { text: String };
    "text-unexpected" TextUnexpected;
    "reference-unexpected" ReferenceUnexpected;
    "function-no-value" FunctionNoValue { name: String };
    "values-no-methods" NoMethods;
    "property-is-filter" PropertyIsFilter { name: String };
    "brackets-empty" BracketsEmpty;
    "named-first" NamedFirst;
    "loop-form" LoopForm;
    "set-form" SetForm;
    "set-in-loop" SetInLoop { name: String };
    "statements-deeper" StatementsDeeper { most: usize };
    "statement-open" StatementOpen { word: String };
    "statement-misplaced" StatementMisplaced { word: String, begins: String };
    "statement-in-addresses" StatementInAddresses;
    "at-line" AtLine { line: usize, column: usize, message: Inner };
    "statement-unknown" StatementUnknown { word: String };
    "statement-as-text" StatementAsText { message: Inner };
}
