//! What several benches need.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file in the folder of benches, not yet written.
pub(crate) fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Writes a submission with the generator and a fixed seed; `arguments` are the collection and further options.
pub(crate) fn generate(name: &str, records: u64, arguments: &[&str]) -> PathBuf {
    let path = path_of(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_vantkoll"));
    command.arg("generate").args(arguments).args(["--seed", "1", "--records", &records.to_string(), "--quiet"]);
    command.arg("--output").arg(&path);
    assert!(command.status().expect("the program runs").success(), "{name} was not generated");
    path
}
