//! Applies planned changes: edits manifests, has the project's own package manager write the lockfile, and puts
//! everything back where that fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nodeward_advisory::remedy::{self, Edit, PackageManager, Planned};
use nodeward_package::DependencyGraph;
use nodeward_package::lockfile::{self, Format};

use crate::disk;
use crate::gather;
use crate::inspection::Inspection;
use crate::interrupt::Watch;
use crate::package_manager::{self, Task};
use crate::session::Session;
use crate::undo::{self, Contents, Journal};

/// What is to be done in one project.
#[derive(Debug)]
pub(crate) struct Work {
    folder: PathBuf,
    lockfile: PathBuf,
    manager: PackageManager,
    /// Files with their new text.
    edited: BTreeMap<PathBuf, String>,
    tasks: Vec<Task>,
    /// Everything that may change, as it was.
    before: Contents,
    /// What takes a person.
    by_hand: Vec<String>,
}

/// What the plan comes to for one project; `None` where nothing can be done.
pub(crate) fn work(
    inspection: &Inspection,
    index: usize,
    planned: &[Planned],
) -> anyhow::Result<Option<Work>> {
    // `./package.json` is `package.json` to the user.
    let folder = &inspection.folders[index];
    let folder = folder.strip_prefix(".").unwrap_or(folder).to_path_buf();
    let graph = &inspection.report.projects[index].graph;
    let manifest = gather::read_manifest(&folder.join("package.json"));
    let Some(manager) = package_manager::of(graph.format(), manifest.as_ref()) else { return Ok(None) };
    // Without a lockfile there is nothing that a package manager could write without installing.
    let by_hand = graph.format() == Format::Installed;
    let mut work = Work {
        before: if by_hand { Contents::new() } else { originals(&folder, graph)? },
        folder,
        lockfile: graph.file().to_path_buf(),
        manager,
        edited: BTreeMap::new(),
        tasks: Vec::new(),
        by_hand: Vec::new(),
    };
    let mut updates = Vec::new();
    let workspace = graph.roots().len() > 1;
    for planned in planned.iter().filter(|planned| planned.change.project == index) {
        if by_hand || planned.edits.is_empty() && planned.updates.is_empty() {
            work.by_hand.push(planned.change.instruction.clone());
            continue;
        }
        planned.edits.iter().try_for_each(|edit| work.edit(edit))?;
        updates.extend(planned.updates.iter().cloned());
    }
    if work.edited.contains_key(&work.lockfile) {
        work.tasks.push(Task::Complete);
    } else if !work.edited.is_empty() {
        work.tasks.push(Task::Resolve);
    }
    if !updates.is_empty() {
        updates.sort();
        updates.dedup();
        work.tasks.push(Task::Update { names: updates, workspace });
    }
    Ok(Some(work))
}

/// Every file that an edit or the package manager may write, as it is now.
fn originals(folder: &Path, graph: &DependencyGraph) -> anyhow::Result<Contents> {
    let mut files =
        vec![graph.file().to_path_buf(), folder.join("package.json"), folder.join("pnpm-workspace.yaml")];
    // Where there is none yet, one may come.
    files.extend(gather::LOCKFILE_NAMES.iter().map(|name| folder.join(name)));
    files.extend(graph.roots().iter().filter_map(|&root| match &graph.package(root).origin {
        nodeward_package::Origin::Workspace { path } => Some(folder.join(&**path).join("package.json")),
        _ => None,
    }));
    files
        .into_iter()
        .map(|file| match disk::read_bounded(&file, lockfile::MAX_FILE_BYTES) {
            Ok(bytes) => Ok((file, Some(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((file, None)),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        })
        .collect()
}

impl Work {
    fn edit(&mut self, edit: &Edit) -> anyhow::Result<()> {
        let file = match edit {
            Edit::Requirement { folder, .. } if !folder.is_empty() => {
                self.folder.join(folder).join("package.json")
            }
            Edit::Requirement { .. } | Edit::ManifestOverride { .. } => self.folder.join("package.json"),
            Edit::WorkspaceOverride { .. } => self.folder.join("pnpm-workspace.yaml"),
            Edit::Forget { .. } => self.lockfile.clone(),
        };
        let text = match self.edited.get(&file) {
            Some(text) => text.clone(),
            None => match self.before.get(&file) {
                Some(Some(bytes)) => String::from_utf8(bytes.clone())
                    .map_err(|_| anyhow::anyhow!("{}: not UTF-8", file.display()))?,
                Some(None) if matches!(edit, Edit::WorkspaceOverride { .. }) => String::new(),
                _ => bail!("{}: no such file, but a change is planned for it", file.display()),
            },
        };
        let edited = match edit {
            Edit::Requirement { name, specifier, .. } => remedy::set_requirement(&text, name, specifier),
            Edit::ManifestOverride { path, selector, version } => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                remedy::set_manifest_override(&text, &path, selector, version)
            }
            Edit::Forget { name, version } if self.manager == PackageManager::YarnClassic => {
                Ok(remedy::forget_yarn_release(&text, name, version))
            }
            Edit::Forget { name, version } => Ok(remedy::forget_pnpm_release(&text, name, version)),
            Edit::WorkspaceOverride { selector, version } => {
                remedy::set_workspace_override(&text, selector, version)
            }
        };
        self.edited.insert(file.clone(), edited.with_context(|| file.display().to_string())?);
        Ok(())
    }

    /// What would be done, one line each.
    pub(crate) fn describe(&self) -> Vec<String> {
        let files = self.edited.keys().map(|file| format!("edit {}", file.display()));
        let tasks = self
            .tasks
            .iter()
            .map(|task| format!("run {}", package_manager::command_line(self.manager, task)));
        let by_hand = self.by_hand.iter().map(|instruction| format!("by hand: {instruction}"));
        files.chain(tasks).chain(by_hand).collect()
    }

    /// Whether there is something to do that is no person's job.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Where the work is, and what it may change there.
    pub(crate) fn reach(&self) -> (&Path, &Contents) {
        (&self.folder, &self.before)
    }

    /// An error where a file that may change is behind a symbolic link that leads out of the project.
    pub(crate) fn refuse_leading_out(&self) -> anyhow::Result<()> {
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        for file in self.before.keys().chain(self.edited.keys()) {
            let below = file.strip_prefix(&self.folder).unwrap_or(file);
            disk::refuse_leading_out(below, folder)
                .with_context(|| format!("cannot write {}; nothing was changed", file.display()))?;
        }
        Ok(())
    }

    /// Does it; where any of it fails or the user asks to stop, every file is as it was.
    pub(crate) fn apply(&self, journal: &Journal, watch: &Watch, session: &Session) -> anyhow::Result<()> {
        self.try_apply(journal, watch, session).map_err(|error| match self.restore() {
            Ok(()) => error.context("nothing was changed"),
            Err(broken) => error.context(format!("the files could not be put back: {broken:#}")),
        })
    }

    fn try_apply(&self, journal: &Journal, watch: &Watch, session: &Session) -> anyhow::Result<()> {
        let run =
            |task: &Task| package_manager::run(self.manager, task, &self.folder, journal, watch, session);
        for (file, text) in &self.edited {
            watch.check()?;
            write(file, text.as_bytes())?;
        }
        for task in &self.tasks {
            run(task)?;
        }
        // bun raises the ranges of what it updates; the manifest is the user's, and the lockfile can follow it.
        if self.reset_manifests()? {
            run(&Task::Resolve)?;
        }
        Ok(())
    }

    /// Undoes what the package manager did to manifests; whether there was anything.
    fn reset_manifests(&self) -> anyhow::Result<bool> {
        let mut reset = false;
        for (file, before) in &self.before {
            let meant = self.edited.get(file).map(String::as_bytes).or(before.as_deref());
            if let Some(meant) = meant
                && file.ends_with("package.json")
                && std::fs::read(file).ok().as_deref() != Some(meant)
            {
                write(file, meant)?;
                reset = true;
            }
        }
        Ok(reset)
    }

    /// Puts every file back as it was.
    pub(crate) fn restore(&self) -> anyhow::Result<()> {
        undo::put_back(self.before.iter().map(|(file, before)| (file.as_path(), before.as_deref()))).map(drop)
    }
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    disk::replace(file, |out| out.write_all(bytes))
        .with_context(|| format!("cannot write {}", file.display()))
}
