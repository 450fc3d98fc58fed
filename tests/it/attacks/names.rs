//! A NUL, which PostgreSQL keeps in no text, in every place where a caller can put one.

use postern_control::panel::ROUTES;
use serde_json::Value;

use crate::harness::{DEMO, Postern};
use crate::panel::visitor::{PASSWORD, Visitor, form};

/// Every name that a page of the panel reads from its query or from a form.
const FIELDS: [&str; 47] = [
    "action",
    "address",
    "addresses",
    "after",
    "back",
    "before",
    "body",
    "charset",
    "dedupe_by",
    "dedupe_days",
    "done",
    "enabled",
    "expires",
    "files",
    "hold",
    "key",
    "language",
    "last",
    "module",
    "name",
    "next",
    "old",
    "origins",
    "page",
    "password",
    "permission",
    "ping",
    "q",
    "reason",
    "role",
    "short_url",
    "state",
    "status",
    "target",
    "text",
    "theme",
    "title",
    "trigger",
    "triggers",
    "type",
    "values",
    "version",
    "versions",
    "workflow",
    "workflows",
    "from",
    "to",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_any_place_of_the_panel_is_no_fault_of_postern_s() {
    let postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let mut visitor = Visitor::logged_in_at(postern.control()).await;
    for route in ROUTES.iter().filter(|route| !matches!(route.path, "/logout" | "/live")) {
        let paths = ["%00", "a%00b", "77", "77%00"].map(|key| route.path.replace("{}", key));
        for path in &paths[..if route.path.contains("{}") { 4 } else { 1 }] {
            for name in FIELDS {
                let page = if route.method == "GET" {
                    visitor.get(&format!("{path}?{}", form(&[(name, "a\0b")]))).await
                } else {
                    visitor.post(path, &[(name, "a\0b")]).await
                };
                assert!(page.status < 500, "{} {path} {name}: {}", route.method, page.status);
            }
        }
    }
    let mut stranger = Visitor::at(postern.control());
    stranger.get("/login").await;
    assert_eq!(stranger.post("/login", &[("name", "a\0b"), ("password", PASSWORD)]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_any_place_of_the_api_is_refused_as_any_other_wrong_value() {
    let postern = Postern::without_worker(DEMO).await;
    let described = postern.api("GET", "/openapi.json").send().await.json;
    let bodies = [
        r#"{"name":"a\u0000b"}"#,
        r#"{"id":1,"reason":"a\u0000b"}"#,
        r#"{"group":"a\u0000b","reason":"x"}"#,
        r#"{"id":1,"env":{"a\u0000b":"c"}}"#,
        r#"{"permission":"a\u0000b"}"#,
        r#"{"trigger":"a\u0000b"}"#,
        r#"{"address":"a\u0000b"}"#,
        r#"{"decision":"a\u0000b"}"#,
        r#"{"trigger":"web_lead","title":"a\u0000b"}"#,
        r#"{"workflow":77,"title":"a\u0000b","start":{"next":"end"},"steps":{"end":{"stop":"failed","message":"a\u0000b"}}}"#,
        r#"{"module":"Leads","title":"a\u0000b","fields":{"a\u0000b":"text"}}"#,
        r#"{"permission":"loopback","title":"a\u0000b","addresses":"127.0.0.1","workflows":[77],"origins":["a\u0000b"]}"#,
    ];
    let mut sent = 0;
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            let call = |path: &str| postern.api(&method.to_uppercase(), path);
            let Some(path) = path.strip_prefix("/api/v1") else { continue };
            let (start, end) =
                path.split_once('{').map_or((path, ""), |(start, rest)| (start, rest.split_once('}').unwrap().1));
            let keys = if path.contains('{') { &["%00", "a%00b", "77"][..] } else { &[""] };
            for key in keys {
                let path = format!("{start}{key}{end}");
                let parameters = route["parameters"].as_array().cloned().unwrap_or_default();
                let queries = parameters.iter().filter(|one| one["in"] == "query").map(|one| &one["name"]);
                let queries = queries.filter_map(Value::as_str).map(|name| format!("?{name}=a%00b"));
                for query in queries.chain([String::new(), "?a%00b=c".to_owned()]) {
                    let answers = match route["requestBody"].is_object() {
                        false => vec![call(&format!("{path}{query}")).send().await],
                        true => {
                            let mut answers = Vec::new();
                            for body in bodies {
                                let yaml = call(&format!("{path}{query}")).header("content-type", "application/yaml");
                                answers.push(yaml.body(body).send().await);
                                answers.push(call(&format!("{path}{query}")).json(body).send().await);
                            }
                            answers
                        }
                    };
                    for answer in answers {
                        assert!(answer.status < 500, "{method} {path}{query}: {}", answer.text);
                        sent += 1;
                    }
                }
            }
        }
    }
    assert!(sent > 300, "only {sent} were sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_a_post_is_the_fault_of_its_caller() {
    let postern = Postern::without_worker(DEMO).await;
    for path in ["/%00", "/trigger%00", "/receipts/%00", "/trigger?workflow_id=%00", "/trigger?workflow_trigger=a%00b"]
    {
        let answer = postern.post(path).form("a=b").send().await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.text);
    }
    for answer in [
        postern.post("/trigger?workflow_id=77").form("a%00b=c").send().await,
        postern.post("/trigger?workflow_id=77").form("a=b%00c").send().await,
        postern.post("/trigger?workflow_id=77").json(r#"{"a":"b\u0000c"}"#).send().await,
    ] {
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
}
