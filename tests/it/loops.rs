//! Loops: `for_each` with steps of its own.

use serde_json::{Value, json};

use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};
use crate::workflows::settings;

/// Workflow 1 with these steps, of which `all` is the first.
fn steps(steps: &str) -> String {
    settings(&format!("\n---\nworkflow: 1\nstart: {{without_record: true, next: all}}\nsteps:\n{steps}"))
}

async fn fields(postern: &Postern, module: &str) -> Value {
    json!(postern.records(module).await.into_iter().map(|one| Value::Object(one.0)).collect::<Vec<_>>())
}

/// The path of the first run, as `all>each make>created`.
fn path(receipt: &Value) -> String {
    let word = |step: &Value| match step["output"].as_str() {
        Some(output) => format!("{}>{output}", step["step"].as_str().unwrap()),
        None => step["step"].as_str().unwrap().to_owned(),
    };
    receipt["runs"][0]["path"].as_array().unwrap().iter().map(word).collect::<Vec<_>>().join(" ")
}

async fn post(postern: &Postern, body: &Value) -> Value {
    let answer = postern.post("/trigger?workflow_id=1").json(&body.to_string()).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    postern.ended(&answer).await
}

const MAKES: &str = "
  all: {for_each: '$env[\"tags\"]', item: tag, each: make, collect: '$env[\"id\"]', store: ids, next: tell}
  make: {create_record: Notes, fields: {at: '$env[\"index\"]', tag: '$env[\"tag\"]'}, store_id: id}
  tell: {create_record: Ends, fields: {ids: '{{ $env[\"ids\"]|length }}', tag: '$env[\"tag\"]', index: '$env[\"index\"]'}}
";

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_taken_once_for_each_item_and_their_values_collected() {
    let postern = Postern::start(&steps(MAKES)).await;
    let receipt = post(&postern, &json!({"tags": ["a", "b"], "index": "mine"})).await;
    assert_eq!(path(&receipt), "all>each make>created all>each make>created all>next tell>created");
    let said: Vec<&Value> =
        receipt["runs"][0]["path"].as_array().unwrap().iter().map(|step| &step["message"]).collect();
    assert_eq!((said[2], said[4]), (&json!("item 2 of 2"), &json!("items: 2, of which failed: 0")));
    assert_eq!(fields(&postern, "Notes").await, json!([{"at": 1, "tag": "a"}, {"at": 2, "tag": "b"}]));
    // Behind the loop the names are what they were.
    assert_eq!(fields(&postern, "Ends").await, json!([{"ids": 2, "index": "mine"}]));
    assert_eq!((&receipt["unread"], &receipt["unposted"]), (&Value::Null, &json!(["tag"])), "{receipt}");
    assert_eq!(path(&post(&postern, &json!({})).await), "all>next tell>created");
}

#[tokio::test(flavor = "multi_thread")]
async fn l23_two_nested_lists_are_two_loops() {
    let text = steps(
        "
  all: {for_each: '$env[\"orders\"]', item: order, each: lines, next: end}
  lines: {for_each: '$env[\"order\"][\"lines\"]', each: rest, collect: '{{ $env[\"item\"] * 2 }}', store: sums, next: keep}
  rest: {delay: {for: 20ms}, next: make}
  make: {create_record: Lines, fields: {order: '$env[\"order\"][\"n\"]', line: '$env[\"item\"]', at: '$env[\"index\"]'}}
  keep: {create_record: Orders, fields: {n: '$env[\"order\"][\"n\"]', sums: '$env[\"sums\"]', at: '$env[\"index\"]'}}
  end: {stop: finished, message: 'left $env[\"item\"]$env[\"index\"]$env[\"order\"]'}
",
    );
    let postern = Postern::start(&text).await;
    let receipt =
        post(&postern, &json!({"orders": [{"n": 7, "lines": [1, 2]}, {"n": 8, "lines": []}, {"n": 9, "lines": [3]}]}))
            .await;
    assert_eq!(receipt["runs"][0]["message"], "left ", "{receipt}");
    let line = |order: u8, line: u8, at: u8| json!({"order": order, "line": line, "at": at});
    assert_eq!(fields(&postern, "Lines").await, json!([line(7, 1, 1), line(7, 2, 2), line(9, 3, 1)]));
    let order = |n: u8, sums: Value, at: u8| json!({"n": n, "sums": sums, "at": at});
    assert_eq!(
        fields(&postern, "Orders").await,
        json!([order(7, json!([2, 4]), 1), order(8, json!([]), 2), order(9, json!([6]), 3)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_ends_when_all_its_branches_have_ended() {
    let text = steps(
        "
  all: {for_each: [1, 2], each: [slow, quick, last]}
  slow: {delay: {for: 60ms}, next: slept}
  slept: {set_env: {log: '{{ $env[\"log\"] }} s{{ $env[\"item\"] }}'}}
  quick: {set_env: {log: '{{ $env[\"log\"] }} q{{ $env[\"item\"] }}'}}
  last: {delay: {for: 90ms}}
",
    );
    let text = text.replace("next: all", "next: [all, other]")
        + "  other: {set_env: {log: '{{ $env[\"log\"] }} o{{ $env[\"item\"] }}'}, next: wait}\n  wait: {delay: {for: 3s}, next: keep}\n  keep: {create_record: Logs, fields: {log: '$env[\"log\"]'}}\n";
    let postern = Postern::start(&text).await;
    post(&postern, &json!({})).await;
    assert_eq!(fields(&postern, "Logs").await, json!([{"log": " q1 o s1 q2 s2"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_item_is_collected_or_leaves_by_failed_or_fails_the_run() {
    let body = "
  all: {for_each: [7, 8, 9], each: change, collect: '$env[\"item\"]', store: done, MORE next: keep}
  change: {set_value: {n: 1}, record: '$env[\"item\"]', next: [also, rest]}
  also: {set_env: {a: 1}}
  rest: {delay: {for: 10ms}}
  keep: {create_record: Ends, fields: {done: '$env[\"done\"]'}}
  sorry: {create_record: Sorry, fields: {item: '$env[\"item\"]'}}
";
    let with = |more: &str| {
        let text = steps(&body.replace("MORE", more));
        // A step that nothing leads to is a finding.
        if more.contains("sorry") { text } else { text.replace("  sorry:", "  #") }
    };
    let postern = Postern::start(&with("on_error: collect,")).await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Leads', '{}'), (9, 'Leads', '{}')").await;
    let receipt = post(&postern, &json!({})).await;
    let done = json!([7, {"error": "step change: record 8 does not exist"}, 9]);
    assert_eq!((&receipt["status"], fields(&postern, "Ends").await), (&json!("finished"), json!([{"done": done}])));
    postern.apply(&with("failed: sorry,")).await;
    let receipt = post(&postern, &json!({})).await;
    assert_eq!((&receipt["status"], fields(&postern, "Sorry").await), (&json!("finished"), json!([{}])), "{receipt}");
    assert!(path(&receipt).ends_with("change all>failed sorry>created"), "{}", path(&receipt));

    // A replay goes on with the item that failed.
    postern.apply(&with("")).await;
    let receipt = post(&postern, &json!({})).await;
    assert_eq!(receipt["runs"][0]["message"], "step change: record 8 does not exist", "{receipt}");
    postern.sql("INSERT INTO records (id, module, fields) VALUES (8, 'Leads', '{}')").await;
    let run = format!("/runs/{}.1/replays", receipt["receipt"].as_str().unwrap());
    assert_eq!(postern.api("POST", &run).json("{}").send().await.status, 201);
    let end = eventually("it has healed", async || postern.records("Ends").await.get(1).cloned()).await;
    assert_eq!(json!(end), json!({"done": [7, 8, 9]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_steps_counts_for_each_item() {
    let text = steps(
        "
  all: {for_each: '{{ range(60) }}', each: inner, next: end}
  inner: {for_each: '{{ range(200) }}', each: add}
  add: {set_env: {sum: '{{ ($env[\"sum\"] or 0) + 1 }}'}}
  end: {stop: finished, message: '$env[\"sum\"]'}
",
    );
    let postern = Postern::start(&text).await;
    let receipt = post(&postern, &json!({})).await;
    assert_eq!(receipt["runs"][0]["message"], "12000", "{}", receipt["runs"][0]["status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_neither_lose_nor_repeat_items() {
    let outside = Outside::start().await;
    let text = steps(&format!(
        "
  all: {{for_each: '$env[\"all\"]', each: call, collect: '$env[\"answer\"][\"status\"]', store: statuses, next: end}}
  call: {{http_request: '{}', json: {{n: '$env[\"item\"]'}}, store: answer, next: rest}}
  rest: {{delay: {{for: 5ms}}, next: make}}
  make: {{create_record: Notes, fields: {{n: '$env[\"item\"]'}}}}
  end: {{create_record: Ends, fields: {{statuses: '{{{{ $env[\"statuses\"]|join(\",\") }}}}'}}}}
",
        outside.url("/echo/200")
    ));
    let environment = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")];
    let mut postern = Postern::without_worker(&text).await;
    postern.start_worker_with(&environment).await;
    let body = json!({"all": (0..40).collect::<Vec<_>>()}).to_string();
    let answer = postern.post("/trigger?workflow_id=1").json(&body).send().await;
    for _ in 0..3 {
        let before = postern.count("SELECT count(*) FROM records").await;
        eventually("some items have had their steps", async || {
            (postern.count("SELECT count(*) FROM records").await > before).then_some(())
        })
        .await;
        postern.workers.pop().unwrap().kill();
        postern.start_worker_with(&environment).await;
    }
    let receipt = postern.ended(&answer).await;
    assert_eq!(receipt["status"], "finished", "{}", receipt["runs"][0]["message"]);
    let notes: Vec<Value> = postern.records("Notes").await.into_iter().map(|one| one.0["n"].clone()).collect();
    assert_eq!(json!(notes), json!((0..40).collect::<Vec<_>>()));
    assert_eq!(fields(&postern, "Ends").await, json!([{"statuses": vec!["200"; 40].join(",")}]));
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
}
