//! What there is to visit: one table, a row for each page. A form's token is asked for wherever the method is POST, so no entry can forget
//! it.

use std::future::ready;

use futures_util::future::BoxFuture;
use postern_shared::store::accounts::Role;
use warp::http::Method;
use warp::reply::Response;

use super::reply::Refusal;
use super::visit::{Visit, decoded};
use super::{
    accounts, addresses, audit, connections, dead_letters, design, forget, hold, jobs, live, login, modules, notices,
    overview, permission_form, permissions, receipt, records, refused, reply, rescue, run_again, runs, search,
    second_factor, secrets, statistics, tokens, triggers, unmatched, variables, versions, workflows,
};
use crate::router::{Found, Router, Row};

/// A way to a page.
#[derive(Debug)]
pub struct Route {
    /// `GET` shows, `POST` changes.
    pub method: &'static str,
    /// The path; `{}` stands for one segment.
    pub path: &'static str,
    /// Who may come.
    pub access: Access,
    page: Page,
}

/// Who may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Every account.
    Account,
    /// The accounts with this role or one above it.
    Of(Role),
}

/// What a page answers.
type Page = for<'v> fn(&'v Visit<'_>) -> BoxFuture<'v, Result<Response, Refusal>>;

/// The page that an async function shows.
macro_rules! page {
    ($show:path) => {
        |visit| Box::pin($show(visit))
    };
}

const fn get(path: &'static str, page: Page) -> Route {
    Route { method: "GET", path, access: Access::Account, page }
}

const fn post(path: &'static str, page: Page) -> Route {
    Route { method: "POST", path, access: Access::Of(Role::Editor), page }
}

const fn open(route: Route) -> Route {
    Route { access: Access::Open, ..route }
}

const fn account(route: Route) -> Route {
    Route { access: Access::Account, ..route }
}

const fn editor(route: Route) -> Route {
    Route { access: Access::Of(Role::Editor), ..route }
}

const fn admin(route: Route) -> Route {
    Route { access: Access::Of(Role::Admin), ..route }
}

/// Every route. The first that fits is taken: fixed words stand before the places for keys, so a trigger or a
/// permission with the key `new` cannot be made here.
pub const ROUTES: &[Route] = &[
    get("/", page!(overview::show)),
    get("/live", page!(live::events)),
    open(get("/login", page!(login::show_log_in))),
    open(post("/login", page!(login::log_in))),
    open(get("/login/code", page!(second_factor::show_owed))),
    open(post("/login/code", page!(second_factor::pay))),
    open(get("/setup", page!(login::show_set_up))),
    open(post("/setup", page!(login::set_up))),
    open(post("/preferences", |visit| Box::pin(ready(Ok(reply::preferences(visit)))))),
    account(post("/logout", page!(login::log_out))),
    get("/password", page!(accounts::show_own)),
    account(post("/password", page!(accounts::save_own))),
    get("/second-factor", page!(second_factor::show)),
    account(post("/second-factor", page!(second_factor::save))),
    get("/search", page!(search::find)),
    get("/runs", page!(runs::list)),
    get("/receipts/{}", page!(receipt::show)),
    post("/receipts/{}/workflow", page!(design::from_call::make)),
    post("/receipts/{}/replay", page!(unmatched::replay_one)),
    post("/runs/{}", page!(rescue::rescue)),
    editor(get("/runs/{}/again", page!(run_again::show))),
    post("/runs/{}/again", page!(run_again::run_again)),
    get("/jobs", page!(jobs::list)),
    post("/jobs", page!(jobs::create)),
    post("/jobs/{}/stop", page!(jobs::stop)),
    get("/records", page!(records::list)),
    get("/records/{}", page!(records::show)),
    get("/triggers", page!(triggers::list)),
    editor(get("/triggers/new", page!(triggers::new))),
    post("/triggers/new", page!(triggers::save)),
    get("/triggers/{}", page!(triggers::edit)),
    post("/triggers/{}", page!(triggers::save)),
    editor(get("/triggers/{}/delete", page!(triggers::ask))),
    post("/triggers/{}/delete", page!(triggers::delete)),
    get("/workflows", page!(workflows::list)),
    editor(get("/workflows/new", page!(workflows::new))),
    post("/workflows/new", page!(workflows::save)),
    account(post("/workflows/check", page!(workflows::check))),
    post("/workflows/design", page!(design::new)),
    get("/workflows/{}", page!(workflows::edit)),
    post("/workflows/{}", page!(workflows::save)),
    get("/workflows/{}/versions", page!(versions::show)),
    get("/workflows/{}/export", page!(versions::export)),
    get("/workflows/{}/statistics", page!(statistics::show)),
    editor(get("/workflows/{}/delete", page!(versions::ask))),
    post("/workflows/{}/delete", page!(versions::delete)),
    post("/workflows/{}/hold", page!(hold::set)),
    editor(get("/workflows/{}/design", page!(design::show))),
    post("/workflows/{}/design", page!(design::act)),
    editor(get("/workflows/{}/draft", page!(design::edit_text))),
    post("/workflows/{}/draft", page!(design::keep_text)),
    editor(get("/workflows/{}/try", page!(design::show_try))),
    post("/workflows/{}/try", page!(design::try_draft)),
    post("/workflows/{}/listen", page!(design::listen::listen)),
    post("/workflows/{}/publish", page!(design::publish)),
    post("/workflows/{}/discard", page!(design::discard)),
    post("/workflows/{}/restore", page!(design::restore)),
    post("/workflows/{}/duplicate", page!(design::duplicate)),
    get("/http-handler", page!(permissions::list)),
    get("/http-handler/covers", page!(addresses::covers)),
    editor(get("/http-handler/new", page!(permission_form::new))),
    post("/http-handler/new", page!(permission_form::save)),
    get("/http-handler/{}", page!(permission_form::edit)),
    post("/http-handler/{}", page!(permission_form::save)),
    post("/http-handler/{}/enabled", page!(permissions::enable)),
    editor(get("/http-handler/{}/delete", page!(permissions::ask))),
    post("/http-handler/{}/delete", page!(permissions::delete)),
    get("/modules", page!(modules::list)),
    editor(get("/modules/new", page!(modules::new))),
    post("/modules/new", page!(modules::save)),
    account(post("/modules/check", page!(modules::check))),
    get("/modules/{}", page!(modules::edit)),
    post("/modules/{}", page!(modules::save)),
    post("/modules/{}/describe", page!(modules::describe)),
    editor(get("/modules/{}/delete", page!(modules::ask))),
    post("/modules/{}/delete", page!(modules::delete)),
    get("/connections", page!(connections::list)),
    editor(get("/connections/new", page!(connections::new))),
    post("/connections/new", page!(connections::save)),
    get("/connections/{}", page!(connections::edit)),
    post("/connections/{}", page!(connections::save)),
    post("/connections/{}/check", page!(connections::check)),
    post("/connections/{}/describe", page!(connections::describe)),
    editor(get("/connections/{}/delete", page!(connections::ask))),
    post("/connections/{}/delete", page!(connections::delete)),
    get("/secrets", page!(secrets::list)),
    post("/secrets", page!(secrets::save)),
    editor(get("/secrets/{}/delete", page!(secrets::ask))),
    post("/secrets/{}/delete", page!(secrets::delete)),
    get("/variables", page!(variables::list)),
    post("/variables", page!(variables::save)),
    editor(get("/variables/{}/delete", page!(variables::ask))),
    post("/variables/{}/delete", page!(variables::delete)),
    get("/dead-letters", page!(dead_letters::list)),
    get("/dead-letters/groups/{}", page!(dead_letters::show_group)),
    post("/dead-letters/groups/{}", page!(dead_letters::decide_group)),
    get("/dead-letters/{}", page!(dead_letters::show)),
    post("/dead-letters/{}", page!(dead_letters::decide_one)),
    get("/unmatched", page!(unmatched::list)),
    post("/unmatched", page!(unmatched::replay)),
    get("/refused", page!(refused::list)),
    post("/refused", page!(refused::replay_several)),
    get("/refused/{}", page!(refused::show)),
    post("/refused/{}", page!(refused::replay)),
    post("/refused/{}/values", page!(refused::show_values)),
    admin(get("/accounts", page!(accounts::list))),
    admin(post("/accounts", page!(accounts::add))),
    admin(get("/accounts/{}", page!(accounts::show))),
    admin(post("/accounts/{}/role", page!(accounts::set_role))),
    admin(post("/accounts/{}/password", page!(accounts::set_password))),
    admin(post("/accounts/{}/second-factor", page!(accounts::set_second_factor))),
    admin(get("/accounts/{}/delete", page!(accounts::ask))),
    admin(post("/accounts/{}/delete", page!(accounts::delete))),
    admin(get("/tokens", page!(tokens::list))),
    admin(post("/tokens", page!(tokens::add))),
    admin(get("/tokens/{}/delete", page!(tokens::ask))),
    admin(post("/tokens/{}/delete", page!(tokens::delete))),
    admin(get("/notices", page!(notices::show))),
    admin(post("/notices", page!(notices::save))),
    admin(get("/forget", page!(forget::start))),
    admin(post("/forget", page!(forget::go_on))),
    get("/audit", page!(audit::list)),
    get("/audit/{}", page!(audit::show)),
];

/// The route of a path and the segment that stands for its `{}`.
pub fn find(router: &Router<Route>, method: &Method, path: &str) -> Result<(&'static Route, String), Refusal> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    match router.find(method, path) {
        Found::Row(route, argument) => Ok((route, decoded(argument))),
        Found::OtherMethods(_) | Found::Nothing => Err(Refusal::NotFound),
    }
}

/// Whether a link to a page leads somebody of this role to it; who is not logged in is led to the log-in.
pub fn opens(path: &str, role: Option<Role>) -> bool {
    let route = ROUTES.iter().find(|route| route.method == "GET" && route.path == path);
    match route.map(|route| route.access) {
        Some(Access::Of(least)) => role.is_none_or(|role| role >= least),
        Some(Access::Open | Access::Account) | None => true,
    }
}

impl Row for Route {
    fn method(&self) -> Method {
        if self.method == "POST" { Method::POST } else { Method::GET }
    }

    fn path(&self) -> &'static str {
        self.path
    }
}

impl Route {
    /// Shows the page.
    pub async fn show(&self, visit: &Visit<'_>) -> Result<Response, Refusal> {
        (self.page)(visit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_route_and_fixed_words_come_before_keys() {
        let router = Router::new(ROUTES).unwrap();
        for (path, expected, key) in [
            ("/http-handler/new", "/http-handler/new", ""),
            ("/http-handler/office", "/http-handler/{}", "office"),
            ("/http-handler/a%20b/delete", "/http-handler/{}/delete", "a b"),
        ] {
            let (route, argument) = find(&router, &Method::GET, path).unwrap();
            assert_eq!((route.path, argument.as_str()), (expected, key));
        }
        for (method, path) in [(Method::GET, "/http-handler/"), (Method::PUT, "/runs"), (Method::POST, "/runs")] {
            assert!(find(&router, &method, path).is_err(), "{method} {path}");
        }
    }
}
