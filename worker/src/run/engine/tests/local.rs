//! The clock of a step, and what it draws.

use std::time::Duration;

use serde_json::Value;

use super::answered;
use super::transaction::{Came, begin, go_on_as, new, resume, unit};
use crate::bundle::budget::Mode;
use crate::task::query::Answer;

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

#[test]
fn a_step_that_goes_on_elsewhere_keeps_the_numbers_it_has_drawn() {
    let number = "'{{ counter(\"orders\") }}'";
    let (drawn, took) = (|| Answer::Counted([("orders".to_owned(), 8)].into()), Duration::from_secs(1));
    for (step, before, answer, asks) in [
        (
            format!("run_workflow: 2, for_each: '{{{{ range(60)|list }}}}', item: n, env: {{order: {number}}}"),
            vec![drawn()],
            Answer::Numbers(Some(2)),
            vec!["numbers"],
        ),
        (
            format!("find_record: Leads, where: {{x: {number}}}"),
            vec![drawn(), Answer::CutOff { took }],
            Answer::Found { ids: Vec::new(), took: Duration::ZERO },
            vec!["search"],
        ),
        (format!("http_request: 'https://a.example/', text: {number}"), vec![drawn()], answered(200), vec![]),
    ] {
        let lines = format!("start: {{without_record: true, at_most: 5, next: a}}\nsteps:\n  a: {{{step}}}\n");
        let left = begin(&lines, before);
        let ended = resume(&lines, &left, 1, None, vec![answer]);
        assert!(ended.told().ends_with(" | finished"), "{} and then {}", left.told(), ended.told());
        assert_eq!(ended.asked, asks, "{step}");
    }
}
