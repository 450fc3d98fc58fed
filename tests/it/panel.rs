//! The control panel as a browser without a script sees it: who gets in, what forms do, and that what strangers post
//! is only ever text.

mod access;
mod designer;
mod dry_run;
mod forget;
mod forms;
mod history;
mod modules;
mod operating;
mod permissions;
mod replicas;
mod runs;
mod russian;
mod second_factor;
mod sizes;
mod statistics;
mod strangers;
mod tabs;
mod templates;
pub mod visitor;
mod workflows;

use crate::harness::{DEMO, Postern};
use visitor::{PASSWORD, Visitor};

async fn started(settings: &str) -> Postern {
    let mut postern = without_worker(settings).await;
    postern.start_worker().await;
    postern
}

async fn without_worker(settings: &str) -> Postern {
    Postern::with_ingress(settings, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn language_and_theme_are_chosen_without_a_script() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/preferences", &[("language", "ru"), ("back", "/http-handler")]).await;
    assert_eq!(page.location, "/http-handler");
    let page = visitor.get("/http-handler").await;
    for word in ["обработчик HTTP-запросов", "Новое разрешение", "Бизнес-процессы", "Триггеры", "lang=\"ru\""]
    {
        assert!(page.text.contains(word), "{word} is missing in {}", page.text);
    }
    visitor.post("/preferences", &[("theme", "dark"), ("back", "https://evil.example/")]).await;
    assert!(visitor.get("/runs").await.text.contains("data-theme=\"dark\""));
    let away = visitor.post("/preferences", &[("theme", "light"), ("back", "//evil.example/")]).await;
    assert_eq!(away.location, "/");
}
