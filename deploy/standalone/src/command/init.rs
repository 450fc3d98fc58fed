//! `postern init`: a first trigger, workflow and permission, with comments, which `apply` takes as they are.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::output::{Failure, Output};

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Options {
    /// The folder for the files; it is made if it is not there
    #[arg(default_value = "postern", value_name = "FOLDER")]
    folder: PathBuf,
}

/// The files, in the order in which they name each other.
pub const FILES: [(&str, &str); 3] = [
    ("trigger.yaml", include_str!("init/trigger.yaml")),
    ("workflow.yaml", include_str!("init/workflow.yaml")),
    ("permission.yaml", include_str!("init/permission.yaml")),
];

/// Writes the files; one that is there already stays as it is, and none is written.
pub fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let folder = &options.folder;
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    if let Some((name, _)) = FILES.iter().find(|(name, _)| folder.join(name).exists()) {
        let path = folder.join(name);
        let hint = "name another folder, or remove the file";
        return Err(Failure::usage(format!("{} is there already", path.display()), hint));
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| unwritable(&path, &error))?;
        let path = path.display().to_string();
        output.named(&path, &path, &json!({"file": path}))?;
    }
    output.note(format_args!("change them as you like, then: postern apply {}", folder.display()));
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::PermissionDenied => "name a folder in which you may write",
        _ => "name another folder",
    };
    Failure::failed(format!("{}: {error}", path.display()), hint)
}

#[cfg(test)]
mod tests {
    use postern_shared::document::batch::Batch;

    use super::*;

    #[test]
    fn the_first_documents_are_valid_and_have_comments() {
        let mut batch = Batch::default();
        FILES.iter().for_each(|(name, text)| batch.add_yaml(name, text.as_bytes()));
        batch.agree(None);
        assert!(batch.findings.is_empty(), "{:?}", batch.findings);
        assert_eq!(batch.documents.len(), FILES.len());
        assert!(FILES.iter().all(|(_, text)| text.starts_with("# ")));
    }
}
