//! `nodeward bundle --out DIR|TAR`: exactly the sealed files, elsewhere.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueHint;
use nodeward_seal::bundle::{Bundle, BundleError, beside, is_archive};
use nodeward_seal::files::Root;
use nodeward_seal::seal::{self, Document};

use crate::disk;
use crate::outcome::Outcome;
use crate::output;
use crate::session::Session;

/// Copy exactly the sealed files.
///
/// Into a folder or, when the name ends in `.tar`, an archive, with the seal and the links by which Node.js finds
/// packages. Each file is compared with the seal while it is copied. The result is the same bytes wherever and
/// whenever it is made (SOURCE_DATE_EPOCH sets its times), fit for a container image.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  nodeward bundle --out dist
  nodeward bundle --out app.tar --seal server/nodeward.seal.json")]
pub(crate) struct BundleArgs {
    /// A folder that is empty or not there, or a file that ends in .tar
    #[arg(short, long, value_name = "DIR|TAR", value_hint = ValueHint::AnyPath)]
    out: PathBuf,
    /// The seal [default: nodeward.seal.json here or above]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    seal: Option<PathBuf>,
}

/// Copies.
pub(crate) fn bundle(args: &BundleArgs, session: &Session) -> anyhow::Result<Outcome> {
    let file = args.seal.clone().unwrap_or_else(|| super::seal::nearest(session));
    let text = disk::read_bounded(&file, seal::MAX_BYTES)
        .with_context(|| format!("cannot read {}; make it with `nodeward seal`", file.display()))?;
    let document = Document::parse(&file, &text)?;
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let root = Root::open(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    let bundle = Bundle::new(&root, &document, &text);
    let modified = modified(session)?;
    let written = if is_archive(&args.out) {
        let mut written = Err(None);
        let result = output::write(Some(&args.out), |out| {
            written = bundle.write_tar(out, modified).map_err(Some);
            // The file is only replaced when all went well; the reason is told below.
            written.as_ref().map(|_| ()).map_err(|_| std::io::Error::other("unfinished"))
        });
        match written {
            Err(Some(error)) => bail!(error),
            _ => result?,
        }
        written.map_err(|_: Option<BundleError>| anyhow::anyhow!("nothing was written"))?
    } else {
        let failed = || format!("cannot write {}", args.out.display());
        disk::refuse_leading_out(&args.out, &session.directory).with_context(failed)?;
        let (unfinished, out) = beside(&args.out).with_context(failed)?;
        let written = bundle.write_folder(unfinished.path(), modified)?;
        std::fs::rename(unfinished.path(), &out).with_context(failed)?;
        // It is not there under its first name any more.
        let _ = unfinished.keep();
        written
    };
    session.note(format_args!(
        "{}: {} files, {} links, {} bytes",
        args.out.display(),
        written.files,
        written.links,
        written.bytes
    ));
    Ok(Outcome::Clean)
}

/// The time of everything in the bundle: the user's, or always the same.
fn modified(session: &Session) -> anyhow::Result<u64> {
    match session.variable("SOURCE_DATE_EPOCH") {
        Some(_) => u64::try_from(session.now.as_second()).context("SOURCE_DATE_EPOCH is before 1970"),
        None => Ok(0),
    }
}
