//! The navigation: one table of groups. A group of several pages shows them as tabs.

/// The page of the navigation that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    None,
    Overview,
    Runs,
    Jobs,
    Workflows,
    Triggers,
    Records,
    DeadLetters,
    RefusedBodies,
    Unmatched,
    HttpHandler,
    Modules,
    Connections,
    Secrets,
    Variables,
    Accounts,
    Tokens,
    Forget,
    Audit,
}

/// One line of the navigation.
#[derive(Debug)]
pub struct Group {
    /// The key of its text.
    pub text: &'static str,
    /// Its icon: the path of an SVG of 16 × 16.
    pub icon: &'static str,
    /// Its pages, each with its path and the key of its text; the line leads to the first.
    pub pages: &'static [(Section, &'static str, &'static str)],
}

/// All of it.
pub const GROUPS: &[Group] = &[
    Group {
        text: "overview",
        icon: "M2.5 13.5v-4M6.2 13.5v-8M9.8 13.5V8M13.5 13.5v-11",
        pages: &[(Section::Overview, "/", "overview")],
    },
    Group {
        text: "runs",
        icon: "M4.5 2.5l8.5 5.5-8.5 5.5z",
        pages: &[(Section::Runs, "/runs", "runs"), (Section::Jobs, "/jobs", "jobs")],
    },
    Group {
        text: "workflows",
        icon: "M6 2.5h4v3H6zM2 10.5h4v3H2zM10 10.5h4v3h-4zM8 5.5V8M4 10.5V8h8v2.5",
        pages: &[(Section::Workflows, "/workflows", "workflows")],
    },
    Group {
        text: "triggers",
        icon: "M9 1.5L3.5 9H7.5l-.5 5.5L12.5 7H8.5z",
        pages: &[(Section::Triggers, "/triggers", "triggers")],
    },
    Group {
        text: "records",
        icon: "M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.8h11M6.5 6.5V13",
        pages: &[(Section::Records, "/records", "records")],
    },
    Group {
        text: "dead-letters-short",
        icon: "M2 3.5h12v9H2zM2 4l6 5 6-5",
        pages: &[
            (Section::DeadLetters, "/dead-letters", "dead-letters"),
            (Section::RefusedBodies, "/refused", "refused-bodies"),
            (Section::Unmatched, "/unmatched", "unmatched"),
        ],
    },
    Group {
        text: "settings",
        icon: "M2 5h6.5M12.5 5H14M2 11h1.5M7.5 11H14M12.5 5a2 2 0 1 1-4 0a2 2 0 1 1 4 0M7.5 11a2 2 0 1 1-4 0a2 2 0 1 1 4 0",
        pages: &[
            (Section::HttpHandler, "/http-handler", "http-handler"),
            (Section::Modules, "/modules", "modules"),
            (Section::Connections, "/connections", "connections"),
            (Section::Secrets, "/secrets", "secrets"),
            (Section::Variables, "/variables", "variables"),
            (Section::Accounts, "/accounts", "accounts"),
            (Section::Tokens, "/tokens", "tokens"),
            (Section::Forget, "/forget", "forget"),
            (Section::Audit, "/audit", "audit"),
        ],
    },
];
