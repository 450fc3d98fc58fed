//! What the children of `postern serve` can read of it: PostgreSQL runs as another user, and knows none of its secrets.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::eventually;
use crate::harness::process::Process;

/// Stands in every secret of the test, and nowhere else.
const SECRET: &str = "5ecret-of-the-test";

/// Variables that hold a secret; some are settings.
const SECRETS: [&str; 5] =
    ["POSTERN_API_TOKEN", "POSTERN_ADMIN_PASSWORD", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "OTHER_SECRET"];

/// The programs that are started, and whether each lies with those of PostgreSQL.
const PROGRAMS: [(&str, bool); 5] =
    [("postgres", true), ("initdb", true), ("pg_ctl", true), ("id", false), ("test", false)];

/// Programs that note their environment, and then do what they always do.
fn noting(folder: &Path) -> PathBuf {
    let noted = folder.join("noted");
    fs::write(&noted, "").unwrap();
    fs::set_permissions(&noted, Permissions::from_mode(0o666)).unwrap();
    let programs = folder.join("programs");
    fs::create_dir(&programs).unwrap();
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").unwrap().map(|entry| entry.unwrap().path().join("bin")).collect();
    versions.sort();
    for (name, of_postgresql) in PROGRAMS {
        let place = if of_postgresql { versions.last().unwrap().join(name) } else { Path::new("/usr/bin").join(name) };
        let script = programs.join(name);
        let text = format!(
            "#!/bin/sh\n{{ echo 'program {name}'; echo \"$0 $*\"; /usr/bin/env; }} >> {}\nexec {} \"$@\"\n",
            noted.display(),
            place.display()
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    }
    programs
}

/// The environments and arguments of the processes of a data folder.
fn of_running(folder: &Path, not: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let read = |process: &Path, file: &str| {
        String::from_utf8_lossy(&fs::read(process.join(file)).unwrap_or_default()).into_owned()
    };
    let ours = |process: &Path| {
        fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
            && !process.ends_with(not.to_string())
    };
    processes.filter(|process| ours(process)).map(|one| read(&one, "environ") + &read(&one, "cmdline")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_child_of_postern_serve_can_read_its_secrets() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    let programs = noting(folder);
    let data = folder.join("data");
    let mut command = Process::command("postern");
    command.arg("serve").envs(SECRETS.map(|name| (name, SECRET.repeat(2))));
    command.env("POSTERN_SMTP_URL", format!("smtps://postern:{SECRET}@127.0.0.1"));
    command.env("POSTERN_DATA_DIR", &data).env("POSTERN_POSTGRES_BIN", &programs).env("LC_ALL", "C");
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    let mut postern = Process::spawn(&mut command);
    postern.address("the public listener is open").await;

    let running = of_running(&data, postern.id());
    assert!(running.len() >= 3, "postgresql and its children: {}", running.len());
    assert!(running.iter().all(|text| !text.contains(SECRET) && !text.contains("POSTERN_")), "{running:#?}");
    postern.terminate();
    assert!(postern.ended().await, "{}", postern.log());
    let noted = fs::read_to_string(folder.join("noted")).unwrap();
    for (name, _) in PROGRAMS {
        assert!(noted.contains(&format!("program {name}\n")), "{name} was not started");
    }
    assert!(noted.contains("LC_ALL=C") && !noted.contains(SECRET) && !noted.contains("POSTERN_"), "{noted}");
    let log = fs::read_to_string(data.join("postgres.log")).unwrap();
    assert!(!log.contains(SECRET) && !postern.log().contains(SECRET));
    eventually("no process is left", async || of_running(&data, 0).is_empty().then_some(())).await;
}
