//! Rules as they were in a git revision, read through the `git` program; nothing is checked out.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::assets::{AssetError, Assets, File, Files};

/// Why a revision could not be read.
#[derive(Debug)]
pub(super) enum RevisionError {
    /// Neither a folder nor a revision.
    Unknown,
    /// There is no `git`, or it failed; what it said.
    Git(String),
    /// The revision has no `rules/` here.
    NoRules,
    /// One of its files is no text.
    NotText(String),
}

/// The rules and schemas of `revision`, below the working folder's place in its repository.
pub(super) fn assets(revision: &str) -> Result<Assets, RevisionError> {
    let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
        .map_err(|_| {
            RevisionError::Git(format!("`{revision}` is neither a folder nor a revision of this repository"))
        })?;
    let commit = text(commit)?.trim().to_owned();
    let listed = text(git(&["ls-tree", "-r", "-z", "--name-only", &commit, "--", "rules", "schemas"])?)?;
    let mut assets = Assets::default();
    let names: Vec<&str> = listed.split('\0').filter(|name| Assets::is_asset(Path::new(name))).collect();
    for (name, text) in names.iter().zip(contents(&commit, &names)?) {
        let (files, inside): (&mut Files, &str) = match name.split_once('/') {
            Some(("rules", inside)) => (&mut assets.rules, inside),
            Some(("schemas", inside)) => (&mut assets.schemas, inside),
            _ => continue,
        };
        files.insert(inside.to_owned(), File { name: format!("{revision}:{name}"), text });
    }
    if assets.rules.is_empty() {
        return Err(RevisionError::NoRules);
    }
    if assets.schemas.is_empty() {
        assets.schemas =
            Assets::layered(None, None).map_err(|error: AssetError| RevisionError::Git(error.to_string()))?.schemas;
    }
    Ok(assets)
}

/// The texts of files, in one call however many there are.
fn contents(commit: &str, names: &[&str]) -> Result<Vec<String>, RevisionError> {
    let failed = |error: std::io::Error| RevisionError::Git(error.to_string());
    let mut child = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let prefix = text(git(&["rev-parse", "--show-prefix"])?)?.trim_end().to_owned();
    let wanted: String = names.iter().flat_map(|name| [commit, ":", prefix.as_str(), name, "\n"]).collect();
    let mut stdin = child.stdin.take();
    // Written from a thread of its own: both ends would wait for each other once the pipes are full.
    let writer = std::thread::spawn(move || stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(wanted.as_bytes())));
    let output = child.wait_with_output().map_err(failed)?;
    writer.join().map_err(|_| RevisionError::Git("git could not be asked".to_owned()))?.map_err(failed)?;
    let mut rest = output.stdout.as_slice();
    let mut texts = Vec::with_capacity(names.len());
    for name in names {
        let line_end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let header = String::from_utf8_lossy(&rest[..line_end]).into_owned();
        let size = header.rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
        let start = (line_end + 1).min(rest.len());
        let body = size.and_then(|size| rest.get(start..start + size));
        let Some(body) = body else { return Err(RevisionError::Git(format!("`{name}` is not in the revision"))) };
        let body_end = start + body.len();
        texts.push(String::from_utf8(body.to_vec()).map_err(|_| RevisionError::NotText((*name).to_owned()))?);
        rest = rest.get(body_end + 1..).unwrap_or_default();
    }
    Ok(texts)
}

fn git(arguments: &[&str]) -> Result<Vec<u8>, RevisionError> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .map_err(|error| RevisionError::Git(format!("`git` could not be run: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(RevisionError::Git(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn text(bytes: Vec<u8>) -> Result<String, RevisionError> {
    String::from_utf8(bytes).map_err(|_| RevisionError::NotText("git".to_owned()))
}
