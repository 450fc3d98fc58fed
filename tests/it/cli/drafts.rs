//! Drafts from the command line: what is published is the text that was set.

use super::Cli;
use crate::harness::Postern;

const RIGHT: &str =
    "# by hand\nworkflow: 5\nstart: {without_record: true, next: end}\nsteps:\n  end: {stop: finished}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_set_shown_published_and_discarded() {
    let postern = Postern::without_worker("").await;
    let cli = Cli::of(&postern);
    let wrong = cli.run_with("draft set 5 -", &RIGHT.replace("next: end", "next: gone"));
    assert!(wrong.code == 1 && wrong.stderr.contains("gone"), "{wrong:?}");
    assert_eq!(cli.run("draft publish 5").code, 1);
    let set = cli.run_with("draft set 5 -", RIGHT).text();
    assert_eq!(set, "draft of workflow 5, made from version 0\n");
    assert_eq!(cli.run("draft show 5").text(), RIGHT);
    assert_eq!(cli.run("draft publish 5").text(), "workflow 5: version 1 is in force\n");
    assert_eq!(cli.run("get workflow 5").text(), RIGHT);
    assert_eq!(cli.run("draft show 5").code, 1, "a published draft is gone");
    cli.run_with("draft set 5 -", RIGHT).text();
    assert_eq!(cli.run("draft discard 5").text(), "draft of workflow 5: discarded\n");
    assert_eq!(cli.run("draft discard 5").code, 1);
}
