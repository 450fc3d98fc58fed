//! Why an expression has no value when it is evaluated.

use serde::{Deserialize, Serialize};

use crate::message::Inner;
use crate::message::codes::codes;

codes! {
    /// Why an expression has no value when it is evaluated.
    CalculationFault:

    "sign-unfit" SignUnfit { sign: String, left: Inner, right: Inner };
    "minus-unfit" MinusUnfit { of: Inner };
    "number-unfit" NumberUnfit { filter: String, of: Inner };
    "not-calculable" NotCalculable { sign: String };
    "list-times" ListTimes;
    "in-unfit" InUnfit;
    "slice-of" SliceOf;
    "slice-place" SlicePlace;
    "slice-step" SliceStep;

    // What a value is.
    "value-is-nothing" KindNothing;
    "value-is-flag" KindFlag;
    "value-is-number" KindNumber;
    "value-is-text" KindText;
    "value-is-list" KindList;
    "value-is-map" KindMap;
    "value-is-value" KindValue;

    // Filters, tests and functions.
    "needs-date" NeedsDate { filter: String };
    "needs-number" NeedsNumber { filter: String };
    "units-most" UnitsMost { unit: String, most: u64 };
    "units-whole" UnitsWhole { unit: String };
    "date-format" DateFormat { part: String };
    "arguments-unfit" ArgumentsUnfit { filter: String, example: String };
    "values-unfit" ValuesUnfit { filter: String, example: String };
    "sum-unfit" SumUnfit;
    "date-too-far" DateTooFar;
    "calendar-days" CalendarDays { most: usize };
    "calendar-form" CalendarForm;
    "phone-regions" PhoneRegions { known: Vec<String> };
    "number-locales" NumberLocales { known: Vec<String> };
    "hmac-algorithms" HmacAlgorithms { known: Vec<String> };
    "digits-most" DigitsMost { most: usize };
    "pattern-longer" PatternLonger { most: usize };
    "pattern-repeats" PatternRepeats;
    "pattern-unreadable" PatternUnreadable { reason: String };
    "separator-form" SeparatorForm;
    "columns-most" ColumnsMost { most: usize };
    "column-longer" ColumnLonger { most: usize };
    "random-range" RandomRange { from: i64, to: i64 };
}
