//! The control panel in a real Chromium: the way of an admin from the first log-in to a lead that is read, and every
//! page in both themes, on a desk and on a phone.

mod accessibility;
mod cards;
mod conditions;
mod designer;
mod driver;
mod forms;
mod keyboard;
mod lists;
mod pages;
mod person;
mod vtiger;

use crate::harness::{Postern, eventually};
use driver::Browser;

const PASSWORD: &str = "correct horse battery";

/// Types a whole text at once, as a paste does.
async fn paste(browser: &Browser, css: &str, text: &str) {
    let text = serde_json::to_string(text).unwrap();
    let script = format!(
        "const field = document.querySelector('{css}'); field.value = {text};
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    );
    browser.run(&script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_comes_from_the_first_log_in_to_a_lead_that_is_read() {
    let mut postern = Postern::without_worker("trigger: web_lead\n").await;
    postern.start_worker().await;
    let key = eventually("the link is printed", async || {
        Some(postern.control.log().split("/setup?key=").nth(1)?.split('"').next()?.to_owned())
    })
    .await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;

    browser.go(&format!("/setup?key={key}")).await;
    browser.fill("[name=name]", "olga").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.press("Create the account").await;
    browser.shows("Four steps to the first lead").await;

    // Workflow 77 with one mistake: it is found at its line while one types, mended, saved and drawn.
    let right = include_str!("../../deploy/demo/workflow-77.yaml");
    browser.press("Write a workflow that listens to it").await;
    browser.shows("New workflow").await;
    paste(&browser, "[name=text]", &right.replace("then: lead", "then: laed")).await;
    let line = right.lines().position(|line| line.contains("then: lead")).unwrap() + 1;
    browser.shows(&format!("Line {line}")).await;
    assert_eq!(browser.run("return document.querySelector('.gutter .bad').textContent").await, line.to_string());
    paste(&browser, "[name=text]", right).await;
    browser.shows("No mistakes").await;
    browser.click("button[value=save]").await;
    browser.shows("Saved. It is in force from now on.").await;
    assert_eq!(browser.run("return document.querySelectorAll('.graph g').length").await, 5);

    // A refused caller becomes a permission in three clicks.
    let lead = || postern.post("/trigger?workflow_trigger=web_lead").form("lastname=Lovelace&email=ada@example.org");
    assert_eq!(lead().send().await.status, 403);
    eventually("the refusal is counted", async || {
        (postern.count("SELECT count(*) FROM rejected_callers").await == 1).then_some(())
    })
    .await;
    browser.go("/http-handler").await;
    browser.press("Let it in…").await;
    browser.click("[name=triggers]").await;
    browser.press("Save").await;
    browser.shows("Ready-made calls").await;
    let accepted = eventually("the caller is let in", async || {
        let answer = lead().send().await;
        (answer.status == 202).then_some(answer)
    })
    .await;

    // Its run shows up while one looks, and is read.
    browser.go("/runs").await;
    browser.shows("finished").await;
    browser.click(".table .whole").await;
    browser.shows("Lovelace").await;
    assert!(browser.place().await.contains(accepted.json["receipt"].as_str().unwrap()));
    browser.shows("create_record").await;
    browser.go("/records/1").await;
    browser.shows("ada@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_way_is_there_in_russian() {
    let mut postern = Postern::with_ingress("trigger: web_lead\n", &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "ru").await;
    browser.go("/").await;
    browser.shows("Войти").await;
    browser.fill("[name=name]", "admin").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.press("Войти").await;
    browser.shows("Четыре шага до первого лида").await;
    browser.press("Напишите бизнес-процесс, который его слушает").await;
    browser.shows("Новый бизнес-процесс").await;
    let right = include_str!("../../deploy/demo/workflow-77.yaml");
    paste(&browser, "[name=text]", &right.replace("then: lead", "then: laed")).await;
    browser.shows("Строка 12").await;
    paste(&browser, "[name=text]", right).await;
    browser.shows("Ошибок нет").await;
    browser.press("Сохранить").await;
    browser.shows("Сохранено. Действует с этого момента.").await;
    browser.go("/http-handler").await;
    browser.press("Новое разрешение").await;
    browser.fill("[name=title]", "Этот компьютер").await;
    browser.fill("[name=addresses]", "127.0.0.1").await;
    browser.shows("охватывает только этот адрес").await;
    browser.click("[name=triggers]").await;
    browser.press("Сохранить").await;
    browser.shows("Готовые запросы").await;
    eventually("the caller is let in", async || {
        let lead = postern.post("/trigger?workflow_trigger=web_lead").form("lastname=Лавлейс&email=ada@example.org");
        (lead.send().await.status == 202).then_some(())
    })
    .await;
    browser.go("/runs").await;
    browser.shows("завершён").await;
    browser.click(".table .whole").await;
    browser.shows("Лавлейс").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_runs_changes_while_one_looks() {
    let mut postern = Postern::with_ingress(crate::harness::DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    pages::log_in(&browser).await;
    browser.go("/runs").await;
    browser.shows("Nothing has run yet").await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Ada&email=ada@example.org").await;
    // Without a click.
    browser.shows("New lead").await;
    assert_eq!(browser.place().await, "/runs");
}
