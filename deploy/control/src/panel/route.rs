//! What there is to visit: one table. A form's token is asked for wherever the method is POST, so no entry can forget
//! it.

use postern_shared::store::accounts::Role;
use warp::http::Method;
use warp::reply::Response;

use super::reply::Refusal;
use super::visit::{Visit, decoded};
use super::{
    accounts, addresses, audit, dead_letters, hold, live, login, modules, overview, permission_form, permissions,
    receipt, records, refused, reply, rescue, runs, search, tokens, triggers, unmatched, versions, workflows,
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

#[derive(Debug, Clone, Copy)]
enum Page {
    Overview,
    Live,
    LogIn,
    EnterLogIn,
    LogOut,
    SetUp,
    EnterSetUp,
    Preferences,
    OwnPassword,
    SaveOwnPassword,
    Search,
    Runs,
    Receipt,
    ReplayReceipt,
    Rescue,
    Records,
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
    Versions,
    RemoveWorkflow,
    DeleteWorkflow,
    HoldWorkflow,
    Modules,
    NewModule,
    Module,
    SaveModule,
    CheckModule,
    RemoveModule,
    DeleteModule,
    Permissions,
    Covers,
    NewPermission,
    Permission,
    SavePermission,
    EnablePermission,
    RemovePermission,
    DeletePermission,
    Unmatched,
    ReplayUnmatched,
    DeadLetters,
    DeadGroup,
    DecideDeadGroup,
    DeadLetter,
    DecideDeadLetter,
    RefusedBodies,
    RefusedBody,
    RefusedValues,
    ReplayRefusedBody,
    ReplayRefusedBodies,
    Accounts,
    AddAccount,
    Account,
    SetRole,
    SetPassword,
    RemoveAccount,
    DeleteAccount,
    Tokens,
    AddToken,
    RemoveToken,
    DeleteToken,
    Audit,
    Change,
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
    get("/", Page::Overview),
    get("/live", Page::Live),
    open(get("/login", Page::LogIn)),
    open(post("/login", Page::EnterLogIn)),
    open(get("/setup", Page::SetUp)),
    open(post("/setup", Page::EnterSetUp)),
    open(post("/preferences", Page::Preferences)),
    account(post("/logout", Page::LogOut)),
    get("/password", Page::OwnPassword),
    account(post("/password", Page::SaveOwnPassword)),
    get("/search", Page::Search),
    get("/runs", Page::Runs),
    get("/receipts/{}", Page::Receipt),
    post("/receipts/{}/replay", Page::ReplayReceipt),
    post("/runs/{}", Page::Rescue),
    get("/records", Page::Records),
    get("/records/{}", Page::Record),
    get("/triggers", Page::Triggers),
    editor(get("/triggers/new", Page::NewTrigger)),
    post("/triggers/new", Page::SaveTrigger),
    get("/triggers/{}", Page::Trigger),
    post("/triggers/{}", Page::SaveTrigger),
    editor(get("/triggers/{}/delete", Page::RemoveTrigger)),
    post("/triggers/{}/delete", Page::DeleteTrigger),
    get("/workflows", Page::Workflows),
    editor(get("/workflows/new", Page::NewWorkflow)),
    post("/workflows/new", Page::SaveWorkflow),
    account(post("/workflows/check", Page::CheckWorkflow)),
    get("/workflows/{}", Page::Workflow),
    post("/workflows/{}", Page::SaveWorkflow),
    get("/workflows/{}/versions", Page::Versions),
    editor(get("/workflows/{}/delete", Page::RemoveWorkflow)),
    post("/workflows/{}/delete", Page::DeleteWorkflow),
    post("/workflows/{}/hold", Page::HoldWorkflow),
    get("/http-handler", Page::Permissions),
    get("/http-handler/covers", Page::Covers),
    editor(get("/http-handler/new", Page::NewPermission)),
    post("/http-handler/new", Page::SavePermission),
    get("/http-handler/{}", Page::Permission),
    post("/http-handler/{}", Page::SavePermission),
    post("/http-handler/{}/enabled", Page::EnablePermission),
    editor(get("/http-handler/{}/delete", Page::RemovePermission)),
    post("/http-handler/{}/delete", Page::DeletePermission),
    get("/modules", Page::Modules),
    editor(get("/modules/new", Page::NewModule)),
    post("/modules/new", Page::SaveModule),
    account(post("/modules/check", Page::CheckModule)),
    get("/modules/{}", Page::Module),
    post("/modules/{}", Page::SaveModule),
    editor(get("/modules/{}/delete", Page::RemoveModule)),
    post("/modules/{}/delete", Page::DeleteModule),
    get("/dead-letters", Page::DeadLetters),
    get("/dead-letters/groups/{}", Page::DeadGroup),
    post("/dead-letters/groups/{}", Page::DecideDeadGroup),
    get("/dead-letters/{}", Page::DeadLetter),
    post("/dead-letters/{}", Page::DecideDeadLetter),
    get("/unmatched", Page::Unmatched),
    post("/unmatched", Page::ReplayUnmatched),
    get("/refused", Page::RefusedBodies),
    post("/refused", Page::ReplayRefusedBodies),
    get("/refused/{}", Page::RefusedBody),
    post("/refused/{}", Page::ReplayRefusedBody),
    post("/refused/{}/values", Page::RefusedValues),
    admin(get("/accounts", Page::Accounts)),
    admin(post("/accounts", Page::AddAccount)),
    admin(get("/accounts/{}", Page::Account)),
    admin(post("/accounts/{}/role", Page::SetRole)),
    admin(post("/accounts/{}/password", Page::SetPassword)),
    admin(get("/accounts/{}/delete", Page::RemoveAccount)),
    admin(post("/accounts/{}/delete", Page::DeleteAccount)),
    admin(get("/tokens", Page::Tokens)),
    admin(post("/tokens", Page::AddToken)),
    admin(get("/tokens/{}/delete", Page::RemoveToken)),
    admin(post("/tokens/{}/delete", Page::DeleteToken)),
    get("/audit", Page::Audit),
    get("/audit/{}", Page::Change),
];

/// The route of a path and the segment that stands for its `{}`.
pub fn find(router: &Router<Route>, method: &Method, path: &str) -> Result<(&'static Route, String), Refusal> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    match router.find(method, path) {
        Found::Row(route, argument) => Ok((route, decoded(argument))),
        Found::OtherMethods(_) | Found::Nothing => Err(Refusal::NotFound),
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

/// Goes there.
#[expect(clippy::too_many_lines, reason = "one line a page")]
pub async fn call(route: &Route, visit: &Visit<'_>) -> Result<Response, Refusal> {
    match route.page {
        Page::Overview => overview::show(visit).await,
        Page::Live => Ok(live::events(visit)),
        Page::LogIn => login::show_log_in(visit).await,
        Page::EnterLogIn => login::log_in(visit).await,
        Page::LogOut => login::log_out(visit).await,
        Page::SetUp => login::show_set_up(visit).await,
        Page::EnterSetUp => login::set_up(visit).await,
        Page::Preferences => Ok(reply::preferences(visit)),
        Page::OwnPassword => accounts::show_own(visit).await,
        Page::SaveOwnPassword => accounts::save_own(visit).await,
        Page::Search => search::find(visit).await,
        Page::Runs => runs::list(visit).await,
        Page::Receipt => receipt::show(visit).await,
        Page::ReplayReceipt => unmatched::replay_one(visit).await,
        Page::Rescue => rescue::rescue(visit).await,
        Page::Records => records::list(visit).await,
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
        Page::Versions => versions::show(visit).await,
        Page::RemoveWorkflow => versions::ask(visit).await,
        Page::DeleteWorkflow => versions::delete(visit).await,
        Page::HoldWorkflow => hold::set(visit).await,
        Page::Permissions => permissions::list(visit).await,
        Page::Covers => addresses::covers(visit).await,
        Page::NewPermission => permission_form::new(visit).await,
        Page::Permission => permission_form::edit(visit).await,
        Page::SavePermission => permission_form::save(visit).await,
        Page::EnablePermission => permissions::enable(visit).await,
        Page::RemovePermission => permissions::ask(visit).await,
        Page::DeletePermission => permissions::delete(visit).await,
        Page::Modules => modules::list(visit).await,
        Page::NewModule => modules::new(visit).await,
        Page::Module => modules::edit(visit).await,
        Page::SaveModule => modules::save(visit).await,
        Page::CheckModule => modules::check(visit).await,
        Page::RemoveModule => modules::ask(visit).await,
        Page::DeleteModule => modules::delete(visit).await,
        Page::Unmatched => unmatched::list(visit).await,
        Page::ReplayUnmatched => unmatched::replay(visit).await,
        Page::DeadLetters => dead_letters::list(visit).await,
        Page::DeadGroup => dead_letters::show_group(visit).await,
        Page::DecideDeadGroup => dead_letters::decide_group(visit).await,
        Page::DeadLetter => dead_letters::show(visit).await,
        Page::DecideDeadLetter => dead_letters::decide_one(visit).await,
        Page::RefusedBodies => refused::list(visit).await,
        Page::RefusedBody => refused::show(visit).await,
        Page::RefusedValues => refused::show_values(visit).await,
        Page::ReplayRefusedBody => refused::replay(visit).await,
        Page::ReplayRefusedBodies => refused::replay_several(visit).await,
        Page::Accounts => accounts::list(visit).await,
        Page::AddAccount => accounts::add(visit).await,
        Page::Account => accounts::show(visit).await,
        Page::SetRole => accounts::set_role(visit).await,
        Page::SetPassword => accounts::set_password(visit).await,
        Page::RemoveAccount => accounts::ask(visit).await,
        Page::DeleteAccount => accounts::delete(visit).await,
        Page::Tokens => tokens::list(visit).await,
        Page::AddToken => tokens::add(visit).await,
        Page::RemoveToken => tokens::ask(visit).await,
        Page::DeleteToken => tokens::delete(visit).await,
        Page::Audit => audit::list(visit).await,
        Page::Change => audit::show(visit).await,
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
