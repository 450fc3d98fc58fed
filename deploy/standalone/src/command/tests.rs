//! The arguments of all commands.

use super::*;

#[test]
fn the_arguments_are_declared_without_contradiction() {
    Options::command().debug_assert();
}

#[test]
fn what_does_not_fit_together_is_wrong_usage() {
    for arguments in [
        "validate",
        "send",
        "send http://localhost/trigger --workflow 1 --trigger a",
        "send http://localhost/trigger --workflow 0",
        "send http://localhost/trigger nothing",
        "send http://localhost/trigger =a",
        "send http://localhost/trigger --rate 0/s",
        "send ftp://localhost/trigger",
        "send http://localhost/trigger --delimiter ;",
        "send http://localhost/trigger --csv a --delimiter ab",
        "send http://localhost/trigger --csv a --charset nonsense",
        "send http://localhost/trigger --csv a --json b",
        "send http://localhost/trigger --json a name=value",
        "send http://localhost/trigger --timeout 5",
        "runs --token",
        "export nonsense --token x",
        "get nonsense --token x",
        "get trigger a --version 2 --versions --token x",
        "delete workflow --token x",
        "receipt 77 --token x",
        "receipt 0192aaaa-0000-7000-8000-000000000000 --timeout 5 --token x",
        "runs --state sleeping --token x",
        "runs --last 0 --token x",
        "runs --since yesterday --token x",
        "record 0 --token x",
        "records --token x",
        "refused --token x",
        "refused show --token x",
        "runs --url ftp://x --token x",
        "dead replay --token x",
        "refused replay --token x",
        "refused replay 5 --permission a --token x",
        "unmatched replay --token x",
        "unmatched replay --workflow 1 --trigger a --token x",
        "unmatched list --workflow 1 --trigger a --token x",
        "dead replay 5 --all --token x",
        "dead replay --all --env - --token x",
        "dead discard 5 --token x",
        "audit --hours 169 --token x",
        "token revoke --token x",
        "secret set --token x",
        "secret set a 5ecret-value --token x",
        "secret rm --token x",
        "secret set a/b --token x",
        "completion",
        "completion cmd",
    ] {
        assert!(Options::try_parse_from(format!("postern {arguments}").split(' ')).is_err(), "{arguments}");
    }
}

#[test]
fn what_fits_together_is_read() {
    for arguments in [
        "validate - -o json",
        "send http://localhost/trigger --trigger a --record 5 --rate 50/s a=1 b=x=y",
        "send https://localhost/trigger --csv a --delimiter tab --charset cp1251",
        "send https://localhost/trigger --json - --wait --timeout 5",
        "export workflow 77 --token x",
        "get workflows --token x -o name",
        "get workflow 77 --version 2 --token x",
        "get workflow 77 --versions --token x",
        "delete permission a b --yes --token x",
        "diff a.yaml b --token x",
        "apply a --dry-run --prune --strict --yes --token x",
        "explain 127.0.0.1 --token x",
        "explain create_record",
        "receipt 0192aaaa-0000-7000-8000-000000000000 --wait --token x",
        "refused replay 5 --charset cp1251 --token x",
        "refused list --permission a --since 2h --token x",
        "unmatched replay --trigger web_lead --token x",
        "dead replay --group a --per-second 0.5 --token x",
        "dead replay 5 --env - --token x",
        "dead discard --all --reason old --token x",
        "changes workflow 77 --token x",
        "refused show 5 --raw --token x",
        "runs --workflow 77 --state failed --last 5 --since 2d --until 2026-11-24 --text x --watch --token x",
        "runs --url https://x --token x",
        "runs --profile production",
        "status -o yaml --token x",
        "token create ci --token x",
        "token revoke ci --yes --token x",
        "secret set crm --from-file - --token x",
        "secret list --token x",
        "secret rotate --token x",
        "secret rm crm --yes --token x",
        "completion bash",
        "man --folder x",
        "init x",
    ] {
        let read = Options::try_parse_from(format!("postern {arguments}").split(' '));
        assert!(read.is_ok(), "{arguments}: {:?}", read.err());
    }
}
