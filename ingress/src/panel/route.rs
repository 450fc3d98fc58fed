//! What there is to visit: one table. A form's token is asked for wherever the method is POST, so no entry can forget
//! it.

use warp::http::Method;
use warp::reply::Response;

use super::reply::Refusal;
use super::visit::{Visit, decoded};
use super::{
    accounts, addresses, permission_form, permissions, receipt, records, reply, runs, search, triggers, workflows,
};

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
    /// Whoever is logged in.
    Account,
}

#[derive(Debug, Clone, Copy)]
enum Page {
    Home,
    LogIn,
    EnterLogIn,
    LogOut,
    SetUp,
    EnterSetUp,
    Preferences,
    Search,
    Runs,
    Receipt,
    Modules,
    Record,
    Triggers,
    NewTrigger,
    Trigger,
    SaveTrigger,
    RemoveTrigger,
    DeleteTrigger,
    Workflows,
    NewWorkflow,
    Workflow,
    SaveWorkflow,
    CheckWorkflow,
    Permissions,
    Covers,
    NewPermission,
    Permission,
    SavePermission,
    EnablePermission,
    RemovePermission,
    DeletePermission,
}

const fn get(path: &'static str, page: Page) -> Route {
    Route { method: "GET", path, access: Access::Account, page }
}

const fn post(path: &'static str, page: Page) -> Route {
    Route { method: "POST", path, access: Access::Account, page }
}

const fn open(route: Route) -> Route {
    Route { access: Access::Open, ..route }
}

/// Every route. The first that fits is taken: fixed words stand before the places for keys, so a trigger or a
/// permission with the key `new` cannot be made here.
pub const ROUTES: &[Route] = &[
    get("/", Page::Home),
    open(get("/login", Page::LogIn)),
    open(post("/login", Page::EnterLogIn)),
    open(get("/setup", Page::SetUp)),
    open(post("/setup", Page::EnterSetUp)),
    open(post("/preferences", Page::Preferences)),
    post("/logout", Page::LogOut),
    get("/search", Page::Search),
    get("/runs", Page::Runs),
    get("/receipts/{}", Page::Receipt),
    get("/records", Page::Modules),
    get("/records/{}", Page::Record),
    get("/triggers", Page::Triggers),
    get("/triggers/new", Page::NewTrigger),
    post("/triggers/new", Page::SaveTrigger),
    get("/triggers/{}", Page::Trigger),
    post("/triggers/{}", Page::SaveTrigger),
    get("/triggers/{}/delete", Page::RemoveTrigger),
    post("/triggers/{}/delete", Page::DeleteTrigger),
    get("/workflows", Page::Workflows),
    get("/workflows/new", Page::NewWorkflow),
    post("/workflows/new", Page::SaveWorkflow),
    post("/workflows/check", Page::CheckWorkflow),
    get("/workflows/{}", Page::Workflow),
    post("/workflows/{}", Page::SaveWorkflow),
    get("/http-handler", Page::Permissions),
    get("/http-handler/covers", Page::Covers),
    get("/http-handler/new", Page::NewPermission),
    post("/http-handler/new", Page::SavePermission),
    get("/http-handler/{}", Page::Permission),
    post("/http-handler/{}", Page::SavePermission),
    post("/http-handler/{}/enabled", Page::EnablePermission),
    get("/http-handler/{}/delete", Page::RemovePermission),
    post("/http-handler/{}/delete", Page::DeletePermission),
];

/// The route of a path and the segment that stands for its `{}`.
pub fn find(method: &Method, path: &str) -> Result<(&'static Route, String), Refusal> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let found = ROUTES.iter().filter(|route| route.method == method);
    let mut found = found.filter_map(|route| Some((route, argument(route.path, path)?)));
    found.next().ok_or(Refusal::NotFound)
}

fn argument(pattern: &str, path: &str) -> Option<String> {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    let mut argument = String::new();
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return Some(argument),
            (Some("{}"), Some(segment)) if !segment.is_empty() => argument = decoded(segment),
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return None,
        }
    }
}

/// Goes there.
pub async fn call(route: &Route, visit: &Visit<'_>) -> Result<Response, Refusal> {
    match route.page {
        Page::Home => Ok(reply::redirect("/runs")),
        Page::LogIn => accounts::show_log_in(visit).await,
        Page::EnterLogIn => accounts::log_in(visit).await,
        Page::LogOut => accounts::log_out(visit).await,
        Page::SetUp => accounts::show_set_up(visit).await,
        Page::EnterSetUp => accounts::set_up(visit).await,
        Page::Preferences => Ok(reply::preferences(visit)),
        Page::Search => search::find(visit).await,
        Page::Runs => runs::list(visit).await,
        Page::Receipt => receipt::show(visit).await,
        Page::Modules => records::list(visit).await,
        Page::Record => records::show(visit).await,
        Page::Triggers => triggers::list(visit).await,
        Page::NewTrigger => triggers::new(visit).await,
        Page::Trigger => triggers::edit(visit).await,
        Page::SaveTrigger => triggers::save(visit).await,
        Page::RemoveTrigger => triggers::ask(visit).await,
        Page::DeleteTrigger => triggers::delete(visit).await,
        Page::Workflows => workflows::list(visit).await,
        Page::NewWorkflow => workflows::new(visit).await,
        Page::Workflow => workflows::edit(visit).await,
        Page::SaveWorkflow => workflows::save(visit).await,
        Page::CheckWorkflow => workflows::check(visit).await,
        Page::Permissions => permissions::list(visit).await,
        Page::Covers => addresses::covers(visit).await,
        Page::NewPermission => permission_form::new(visit).await,
        Page::Permission => permission_form::edit(visit).await,
        Page::SavePermission => permission_form::save(visit).await,
        Page::EnablePermission => permissions::enable(visit).await,
        Page::RemovePermission => permissions::ask(visit).await,
        Page::DeletePermission => permissions::delete(visit).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_route_and_fixed_words_come_before_keys() {
        for (path, expected, key) in [
            ("/http-handler/new", "/http-handler/new", ""),
            ("/http-handler/office", "/http-handler/{}", "office"),
            ("/http-handler/a%20b/delete", "/http-handler/{}/delete", "a b"),
        ] {
            let (route, argument) = find(&Method::GET, path).unwrap();
            assert_eq!((route.path, argument.as_str()), (expected, key));
        }
        for (method, path) in [(Method::GET, "/http-handler/"), (Method::PUT, "/runs"), (Method::POST, "/runs")] {
            assert!(find(&method, path).is_err(), "{method} {path}");
        }
    }
}
