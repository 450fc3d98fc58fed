//! Settings that cannot work: each is refused by name, in one line, before anything starts.

use std::process::Command;

use crate::harness::eventually;
use crate::harness::process::Process;
use crate::harness::tls::{certify, make_ca};

/// Stands in settings that hold one; no message may repeat it.
const SECRET: &str = "5ecret";

const SERVICES: [&str; 4] = ["postern-ingress", "postern-worker", "postern-control", "postern"];
const BROKERED: [&str; 3] = ["postern-ingress", "postern-worker", "postern"];
const CONTROL: [&str; 2] = ["postern-control", "postern"];
const INGRESS: [&str; 2] = ["postern-ingress", "postern"];
const WORKER: [&str; 2] = ["postern-worker", "postern"];

/// A program that knows servers which it must not come to ask.
fn command(program: &str) -> Command {
    let mut command = Process::command(program);
    command.args((program == "postern").then_some("serve"));
    command.env("DATABASE_URL", format!("postgres://u:{SECRET}@127.0.0.1:1/x"));
    command.env("AMQP_URL", format!("amqp://u:{SECRET}@127.0.0.1:1"));
    command
}

/// Starts it; it must end with one line that holds these words.
async fn is_refused(program: &str, settings: &[(&str, &str)], words: &[&str]) {
    let mut process = Process::spawn(command(program).envs(settings.iter().copied()));
    assert!(!process.ended().await, "{program} {settings:?}");
    let log = eventually("the reason", async || Some(process.log()).filter(|log| !log.is_empty())).await;
    assert_eq!(log.lines().count(), 1, "{program} {settings:?}: {log}");
    for word in words.iter().chain(settings.first().map(|(name, _)| name)) {
        assert!(log.contains(word), "{program} {settings:?}: {log}");
    }
    assert!(log.starts_with(&format!("{program}: ")) && !log.contains(SECRET), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_level_that_is_none_is_refused_in_one_line() {
    for program in SERVICES {
        for level in ["nonsense", "inf", "postern_worker=loud", "info debug", "=debug"] {
            is_refused(program, &[("POSTERN_LOG", level)], &["off, error, warn, info, debug, trace"]).await;
        }
        is_refused(program, &[("POSTERN_LOG_FORMAT", "xml")], &["text or json"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_work_is_refused_by_name() {
    for (programs, name, numbers) in [
        (&SERVICES[..], "POSTERN_DATABASE_CONNECTIONS", ["0", "-1", "1001"]),
        (&WORKER[..], "POSTERN_CONCURRENCY", ["0", "-4", "257"]),
        (&WORKER[..], "POSTERN_OUTSIDE_CONCURRENCY", ["0", "x", "65535"]),
        (&INGRESS[..], "POSTERN_PUBLISH_CHANNELS", ["0", "1.5", "99999999999999999999"]),
        (&INGRESS[..], "POSTERN_MAX_SPOOLED", ["0", "-1", " "]),
        (&INGRESS[..], "POSTERN_BODY_TIMEOUT_S", ["0", "-1", "18446744073709551615"]),
        (&CONTROL[..], "POSTERN_MAX_BODY_BYTES", ["0", "-1", "67108865"]),
    ] {
        for program in programs {
            for number in numbers {
                is_refused(program, &[(name, number)], &["it must be a number from 1 to"]).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_work_is_refused_and_not_repeated() {
    let secret = |text: &str| text.replace("SECRET", SECRET);
    for (programs, name, value) in [
        (&CONTROL[..], "POSTERN_API_TOKEN", "SECRET"),
        (&CONTROL[..], "POSTERN_ADMIN_PASSWORD", "SECRET"),
        (&SERVICES[..], "DATABASE_URL", "postgres//u:SECRET@h/x"),
        (&SERVICES[..], "DATABASE_URL", "postgres://u:SECRET@h:port/x"),
        (&SERVICES[..], "DATABASE_URL", "user=u password=SECRET"),
        (&SERVICES[..], "DATABASE_URL", "postgres://u:SECRET@h/x?sslmode=allow"),
        (&BROKERED[..], "AMQP_URL", "http://u:SECRET@h"),
        (&BROKERED[..], "AMQP_URL", "amqps://u:SECRET@h?verify=perhaps"),
        (&WORKER[..], "POSTERN_SMTP_URL", "http://u:SECRET@h"),
    ] {
        for program in programs {
            is_refused(program, &[(name, &secret(value))], &[]).await;
        }
    }
    for program in ["postern-ingress", "postern-worker"] {
        is_refused(program, &[("DATABASE_URL", "user=u")], &["names no host"]).await;
        let mut without = command(program);
        let mut process = Process::spawn(without.env_remove("DATABASE_URL").env_remove("AMQP_URL"));
        assert!(!process.ended().await);
        eventually("both are named", async || process.log().contains("DATABASE_URL, AMQP_URL").then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_file_that_cannot_be_read_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let (short, wrong, empty) =
        (file("short", SECRET), file("wrong", &format!("x://u:{SECRET}@h")), file("empty", "\n"));
    for (programs, name, path, words) in [
        (&SERVICES[..], "DATABASE_URL_FILE", "/nowhere/url", "No such file"),
        (&SERVICES[..], "DATABASE_URL_FILE", &*empty, "it is empty"),
        (&SERVICES[..], "DATABASE_URL_FILE", &*wrong, "does not read as postgresql://"),
        (&SERVICES[..], "POSTERN_DATABASE_DIRECT_URL_FILE", &*wrong, "does not read as postgresql://"),
        (&SERVICES[..], "POSTERN_SECRETS_KEY_FILE", &*short, "is refused"),
        (&BROKERED[..], "AMQP_URL_FILE", &*wrong, "does not read as amqp://"),
        (&BROKERED[..], "AMQP_URL_FILE", "/", "it is not a file of a secret"),
        (&WORKER[..], "POSTERN_SMTP_URL_FILE", &*wrong, "is refused"),
        (&CONTROL[..], "POSTERN_API_TOKEN_FILE", &*short, "shorter than"),
        (&CONTROL[..], "POSTERN_ADMIN_PASSWORD_FILE", &*short, "shorter than"),
    ] {
        for program in programs {
            // The variable of the same name, which `command` sets, is no setting if it is empty.
            let empty_one = (name.strip_suffix("_FILE").unwrap(), "");
            is_refused(program, &[(name, path), empty_one], &[words]).await;
        }
    }
    for program in SERVICES {
        is_refused(program, &[("DATABASE_URL_FILE", &*wrong)], &["DATABASE_URL and", "are both set"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_at_the_same_address_are_refused_by_name() {
    let (one, all) = ("127.0.0.1:18080", "0.0.0.0:18080");
    for program in INGRESS {
        is_refused(program, &[("POSTERN_LISTEN", one), ("POSTERN_PRIVATE_LISTEN", one)], &["POSTERN_PRIVATE"]).await;
        is_refused(program, &[("POSTERN_LISTEN", all), ("POSTERN_PRIVATE_LISTEN", one)], &["POSTERN_PRIVATE"]).await;
    }
    for other in ["POSTERN_PRIVATE_LISTEN", "POSTERN_CONTROL_LISTEN"] {
        let both = [("POSTERN_CONTROL_LISTEN", one), ("POSTERN_PRIVATE_LISTEN", all)];
        is_refused("postern-control", &both, &[other]).await;
        is_refused("postern", &both, &[other]).await;
    }
    is_refused("postern", &[("POSTERN_WORKER_LISTEN", one), ("POSTERN_LISTEN", one)], &["POSTERN_LISTEN"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_the_settings_that_cannot_be_kept_is_refused() {
    let key = ("POSTERN_SECRETS_KEY", &*"0f".repeat(32));
    for program in INGRESS {
        for (file, words) in [("/nowhere/settings", "the folder /nowhere cannot be used"), ("/", "it is a folder")] {
            is_refused(program, &[("POSTERN_SETTINGS_SNAPSHOT", file), key], &[words]).await;
        }
    }
    let words = "needs POSTERN_SECRETS_KEY or POSTERN_SECRETS_KEY_FILE";
    is_refused("postern-ingress", &[("POSTERN_SETTINGS_SNAPSHOT", "/tmp/settings")], &[words]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_used_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    make_ca(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = ("POSTERN_TLS_CERTIFICATE_FILE", "POSTERN_TLS_KEY_FILE");
    let (right, other) = (file("cert.pem"), file("ca.key"));
    for program in INGRESS {
        for (settings, words) in [
            (
                &[(certificate, "/nowhere/cert.pem"), (key, &*other)][..],
                "/nowhere/cert.pem cannot be read: No such file",
            ),
            (&[(certificate, &*right), (key, "/nowhere/key.pem")], "/nowhere/key.pem cannot be read: No such file"),
            (&[(certificate, &*other), (key, &*other)], "ca.key holds no certificate in PEM"),
            (&[(certificate, &*right), (key, &*right)], "cert.pem does not read as PEM"),
            (&[(certificate, &*right), (key, &*other)], "ca.key do not go together"),
            (&[(certificate, &*right)], "only one of them is set"),
            (&[(key, &*other)], "only one of them is set"),
        ] {
            is_refused(program, settings, &[words]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_setting_is_warned_of_with_the_nearest_name() {
    for program in SERVICES {
        let misspelt = [("POSTERN_CONCURENCY", SECRET), ("POSTERN_STRANGE_NAME", SECRET), ("POSTERN_URL", "http://x")];
        let of_others = [("POSTERN_CONCURRENCY", "8"), ("POSTERN_MAX_FIELDS", "9"), ("POSTERN_DATA_DIR", "x")];
        let process = Process::spawn(command(program).envs(misspelt).envs(of_others));
        let suggestion = "POSTERN_CONCURENCY is not a setting: did you mean POSTERN_CONCURRENCY?";
        eventually("it warns", async || process.log().contains(suggestion).then_some(())).await;
        eventually("it warns", async || process.log().contains("POSTERN_STRANGE_NAME is not a").then_some(())).await;
        for name in ["POSTERN_CONCURRENCY is not", "POSTERN_MAX", "POSTERN_DATA", "POSTERN_URL", SECRET] {
            assert!(!process.log().contains(name), "{program}: {}", process.log());
        }
    }
}
