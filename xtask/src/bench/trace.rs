//! The list of what a server can load, by Nodeward and by @vercel/nft.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{Bench, Sample, median, sample};
use crate::{run as run_command, say};

/// What the server is made of. Its text requires each, and does nothing else.
const PACKAGES: [&str; 12] = [
    "express",
    "mongoose",
    "pug",
    "ejs",
    "jsonwebtoken",
    "lodash",
    "axios",
    "winston",
    "mysql2",
    "sequelize",
    "socket.io",
    "fastify",
];

/// The folder of @vercel/nft, where it is not to be fetched.
const NFT: &str = "NODEWARD_NFT";

const ROUNDS: usize = 5;

impl Bench {
    /// All in turn, round by round, so that the ratios hold when the machine's speed drifts.
    pub(super) fn trace(&self) -> anyhow::Result<()> {
        let folder = self.folder.join("trace");
        let nft = prepare(&folder)?;
        let mut peer = Command::new("node");
        peer.arg(self.root.join("bench/trace/nft.mjs")).arg(nft).arg(&folder).arg("server.js");
        let mut trace = Command::new(&self.binary);
        trace.args(["trace", "server.js", "--format", "json"]);
        let mut seal = Command::new(&self.binary);
        seal.args(["seal", "server.js"]);
        let mut rows =
            [("@vercel/nft", peer), ("nodeward trace", trace), ("nodeward seal, tracing included", seal)]
                .map(|(name, mut command)| {
                    command.current_dir(&folder);
                    (name, command, Vec::<Sample>::new())
                });
        for round in 0..=ROUNDS {
            for (_, command, samples) in &mut rows {
                // Loads of anything in dependencies are findings.
                let taken = sample(command, &[0, 1])?;
                // The first warms the file cache.
                if round > 0 {
                    samples.push(taken);
                }
            }
        }
        say(
            "\n| what a server of 12 dependencies can load | CPU | wall | peak memory | @vercel/nft takes, median of rounds |\n|---|---|---|---|---|",
        );
        let nft = rows[0].2.clone();
        for (name, _, samples) in &rows {
            let cpu = |samples: &[Sample]| median(samples.iter().filter_map(|sample| sample.cpu));
            let seconds = cpu(samples).context("GNU time is not installed")?;
            let wall = median(samples.iter().map(|sample| sample.wall)).unwrap_or_default();
            let memory = samples.iter().filter_map(|sample| sample.kibibytes).max().unwrap_or_default();
            let ratio = median(nft.iter().zip(samples).filter_map(|(nft, own)| Some(nft.cpu? / own.cpu?)));
            say(&format!(
                "| {name} | {seconds:.2} s | {wall:.2} s | {:.0} MB | {:.1} times the CPU time |",
                memory as f64 / 1e3 * 1.024,
                ratio.unwrap_or_default(),
            ));
        }
        Ok(())
    }
}

/// Makes the server and fetches what it is held against, once, into the build folder; gives the folder of the latter.
fn prepare(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let server: String = PACKAGES.iter().map(|package| format!("require('{package}');\n")).collect();
    std::fs::write(folder.join("server.js"), server)?;
    install(folder, &PACKAGES)?;
    match std::env::var_os(NFT) {
        Some(given) => Ok(given.into()),
        None => {
            let peer = folder.with_file_name("nft");
            std::fs::create_dir_all(&peer)?;
            install(&peer, &["@vercel/nft"])?;
            Ok(peer.join("node_modules/@vercel/nft"))
        }
    }
}

pub(super) fn install(folder: &Path, packages: &[&str]) -> anyhow::Result<()> {
    if packages.iter().all(|package| folder.join("node_modules").join(package).exists()) {
        return Ok(());
    }
    std::fs::write(
        folder.join("package.json"),
        "{\"name\": \"server\", \"version\": \"1.0.0\", \"private\": true}\n",
    )?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]).args(packages);
    run_command(npm.current_dir(folder))
}
