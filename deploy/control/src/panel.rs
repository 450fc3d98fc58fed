//! The control panel: pages made on the server. Every page works without the script; every
//! state of a list is a URL; after a POST comes a redirect. What strangers posted is text here and nothing else:
//! templates escape it, and the policy in [`reply`] runs no script but our own file.

mod accounts;
mod addresses;
mod assets;
mod audit;
mod callers;
mod chart;
mod code;
mod confirm;
mod connections;
mod credentials;
mod dead_letters;
mod design;
mod difference;
mod editor;
mod figures;
mod forget;
mod frame;
mod graph;
mod guesses;
mod hold;
mod jobs;
pub(crate) mod live;
mod login;
mod long_list;
mod modules;
mod navigation;
mod notices;
mod overview;
pub(crate) mod password;
mod permission_form;
mod permissions;
mod ready_made;
mod receipt;
mod records;
mod refused;
mod reply;
mod rescue;
mod route;
mod run_again;
mod run_rows;
mod runs;
mod saving;
mod search;
mod second_factor;
mod secrets;
mod session;
mod shown;
mod statistics;
mod throttle;
mod tokens;
mod tree;
mod triggers;
mod unmatched;
mod values;
mod variables;
mod versions;
pub(crate) mod visit;
mod words;
mod workflows;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use postern_http::path::{path, query};
use postern_http::places::Places;
use postern_shared::service::Failure;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;
use warp::{Filter, Rejection};

pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};
pub use ready_made::readme;
pub use route::{Access, ROUTES, Route};

use crate::router::Router;
use crate::state::State;
use figures::Figures;
use guesses::Guesses;
use password::Passwords;
use reply::Refusal;
use visit::{Caller, Visit};
use words::Words;

/// The pages of an account that must have a second factor and has none yet.
const WITHOUT_SECOND_FACTOR: [&str; 3] = ["/second-factor", "/logout", "/preferences"];

/// What all pages share.
#[derive(Debug)]
pub struct Panel {
    state: Arc<State>,
    pages: Router<Route>,
    words: Arc<Words>,
    passwords: Passwords,
    guesses: Guesses,
    /// The password of the account that the first start makes.
    admin_password: Option<String>,
    /// Room for the pages that listen for changes.
    listeners: Arc<Places>,
    /// What the first screen counts.
    figures: Arc<Figures>,
    /// The scheme and the address of the public listener: the snippets name the scheme and the port.
    public: (&'static str, SocketAddr),
}

impl Panel {
    /// The panel over what every request can reach. An empty password is none.
    ///
    /// # Errors
    /// Two pages whose paths cannot be told apart, or a database that cannot be looked for.
    pub fn new(
        state: Arc<State>,
        public: (&'static str, SocketAddr),
        admin_password: Option<String>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            guesses: Guesses::new(&state.store)?,
            state,
            pages: Router::new(ROUTES)?,
            words: Arc::new(Words::new()),
            passwords: Passwords::new(),
            listeners: Places::new(live::MAX_LISTENERS),
            figures: Arc::default(),
            admin_password: admin_password.filter(|password| !password.is_empty()),
            public,
        })
    }

    /// Sees to it that there is an account, or a way to make one, see [`login::first`], and that the first screen need not
    /// wait for its figures.
    pub async fn first_account(&self, private: SocketAddr) {
        login::first(self, private).await;
        self.figures.count_beside(&self.state.store);
    }
}

/// Every path that nothing before it took.
pub fn routes(
    panel: Arc<Panel>,
    peer: IpAddr,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    warp::method().and(path()).and(query()).and(warp::header::headers_cloned()).and(warp::body::stream()).then(
        move |method, path, query, headers, body| {
            let panel = Arc::clone(&panel);
            let caller = Caller { peer, path, query, headers };
            async move { answer(&panel, &method, caller, body).await }
        },
    )
}

/// Session first, then the body, then the form's token, then the page.
async fn answer<S, B>(panel: &Panel, method: &Method, caller: Caller, body: S) -> Response
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    if let Some(asset) = assets::find(&caller.path) {
        return asset;
    }
    let headers: HeaderMap = caller.headers.clone();
    let mut visit = Visit::new(panel, caller);
    let page = async {
        visit.identify().await?;
        let (route, argument) = route::find(&panel.pages, method, &visit.path)?;
        if visit.lacks_second_factor && !WITHOUT_SECOND_FACTOR.contains(&route.path) {
            return Ok(reply::redirect("/second-factor"));
        }
        match (route.access, visit.role) {
            (Access::Open, _) | (Access::Account, Some(_)) => {}
            (Access::Of(least), Some(role)) if role >= least => {}
            (Access::Account | Access::Of(_), None) => return Ok(reply::to_login(&visit)),
            (Access::Of(least), Some(_)) => return Err(Refusal::Role(least)),
        }
        if argument.contains('\0') || visit.query.holds_nul() {
            return Err(Refusal::NotFound);
        }
        visit.argument = argument;
        if route.method == "POST" {
            visit.read_form(&headers, body).await?;
        }
        route.show(&visit).await
    };
    let page: Result<Response, Refusal> = page.await;
    let page = match page {
        Ok(page) => page,
        Err(refusal) => reply::refused(&visit, refusal).await,
    };
    reply::guarded(&visit, page)
}
