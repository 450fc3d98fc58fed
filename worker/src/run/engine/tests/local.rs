//! The clock of a step, and what it draws.

use serde_json::Value;

use super::transaction::{Came, begin, go_on_as, new, resume, unit};
use crate::bundle::budget::Mode;

fn env(came: &Came) -> Value {
    let document = came.run.document.as_deref().unwrap_or_else(|| panic!("{}", came.told()));
    serde_json::from_str::<Value>(document).unwrap()["env"].clone()
}

/// A workflow in this zone whose run leaves its `$env` behind.
fn lines(zone: &str, set: &str) -> String {
    format!(
        "{zone}start: {{without_record: true, next: a}}\nsteps:\n  a: {{set_env: {{{set}}}, next: b}}\n  b: {{set_env: {{later: \"{{{{ uuid() }}}}\"}}, next: c}}\n  \
         c: {{delay: 5 minutes}}\n"
    )
}

#[test]
fn l4_a_step_reads_the_clock_in_the_zone_of_its_workflow() {
    let set = "t: \"$[Now,0,'T']\", day: '{{ \"2026-05-01 22:30\"|parse_date }}', other: '{{ now(\"Asia/Tokyo\") }}'";
    for (zone, letters, moment) in
        [("", "UTC", "2026-05-01T22:30:00+00:00"), ("zone: Europe/Moscow\n", "MSK", "2026-05-01T22:30:00+03:00")]
    {
        let env = env(&begin(&lines(zone, set), Vec::new()));
        assert_eq!((env["t"].as_str(), env["day"].as_str()), (Some(letters), Some(moment)), "{env}");
        assert!(env["other"].as_str().unwrap().ends_with("+09:00"), "{env}");
    }
}

#[test]
fn what_a_step_draws_is_drawn_once_and_again_when_it_is_computed_again() {
    let lines = lines("", "a: '{{ uuid() }}', b: '{{ uuid() }}', n: '{{ random(1, 1000000) }}'");
    let (one, other) = (begin(&lines, Vec::new()), begin(&lines, Vec::new()));
    let drawn = env(&one);
    assert_eq!(drawn["a"], drawn["b"], "two places of one step");
    assert_ne!(drawn["a"], drawn["later"], "another step");
    assert_ne!(drawn["a"], env(&other)["a"], "another run");
    let unit = unit(&lines, Mode::Bundle);
    let mut again = new(unit.workflow(1.try_into().unwrap()).unwrap());
    again.run.receipt = one.run.run.receipt;
    assert_eq!(env(&go_on_as(again, unit)), drawn, "the same run, in a transaction that began anew");
    let woken = resume(&lines, &one, 301, None, Vec::new());
    assert_eq!(woken.told(), " | finished");
}
