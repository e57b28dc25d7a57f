//! What enforcement costs: the start of a large program, and each request to a server, against plain Node.js.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::trace::install;
use super::{Bench, Sample, median, sample};
use crate::{nodes, run as run_command, say};

/// About 600 modules that load at once, 14 MB of text.
const PACKAGES: [&str; 5] = ["express", "fastify", "typescript", "eslint", "pug"];
const PROGRAM: &str = "program.cjs";

const SERVER: &str = "const app = require('express')();
app.get('/', (request, response) => response.json({ hello: 'world', at: request.url }));
app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
";

/// Lines of Node.js, and whether their code can be sealed.
const LINES: [(&str, bool); 4] = [("20", false), ("22", true), ("24", true), ("26", true)];

const ROUNDS: usize = 15;

impl Bench {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let versions =
            std::env::var_os("NODEWARD_NODES").map_or_else(|| self.root.join("target/nodes"), PathBuf::from);
        nodes::fetch(&versions)?;
        let node = |line: &str| versions.join(format!("v{line}/package/bin/node"));
        let folder = self.folder.join("run");
        let (plain, cached) = (folder.join("plain"), folder.join("cached"));
        let program: String = PACKAGES.iter().map(|package| format!("require('{package}');\n")).collect();
        for folder in [&plain, &cached] {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join(PROGRAM), &program)?;
            std::fs::write(folder.join("server.cjs"), SERVER)?;
            std::fs::write(folder.join("nodeward.toml"), "[seal]\neval = { mode = \"permissive\" }\n")?;
            install(folder, &PACKAGES)?;
            let mut seal = Command::new(&self.binary);
            seal.args(["seal", "--quiet", PROGRAM, "server.cjs"]).current_dir(folder);
            if folder == &cached {
                seal.arg("--code-cache").env("PORT", "0");
                for (line, _) in LINES.iter().filter(|(_, is_sealed)| *is_sealed) {
                    seal.arg("--node").arg(node(line));
                }
            }
            run_command(&mut seal)?;
        }
        say(
            "\n| start of 600 modules | plain, wall | enforced, wall | difference, median of rounds: wall | CPU |\n|---|---|---|---|---|",
        );
        for (line, is_sealed) in LINES {
            self.start(&format!("Node.js {line}"), &node(line), &plain)?;
            if is_sealed {
                self.start(&format!("Node.js {line}, sealed code cache"), &node(line), &cached)?;
            }
        }
        say("\nRequests to an Express server, enforced against plain:");
        for (line, _) in LINES {
            let mut requests = Command::new(node("24"));
            requests.arg(self.root.join("bench/requests.mjs")).arg(&plain).arg(node(line)).arg(&self.binary);
            run_command(&mut requests)?;
        }
        Ok(())
    }

    /// In turn, and the order of two turned round from round to round, so that the differences hold when the
    /// machine's speed drifts.
    fn start(&self, name: &str, node: &Path, folder: &Path) -> anyhow::Result<()> {
        let mut plain = Command::new(node);
        plain.arg(PROGRAM).current_dir(folder);
        let mut enforced = Command::new(&self.binary);
        enforced.args(["run", "--quiet", "--node"]).arg(node).args(["--", "node", PROGRAM]);
        enforced.current_dir(folder);
        let mut rounds: Vec<(Sample, Sample)> = Vec::new();
        for round in 0..=ROUNDS {
            let pair = if round % 2 == 0 {
                let first = sample(&plain, &[0])?;
                (first, sample(&enforced, &[0])?)
            } else {
                let first = sample(&enforced, &[0])?;
                (sample(&plain, &[0])?, first)
            };
            // The first warms the file cache.
            if round > 0 {
                rounds.push(pair);
            }
        }
        let wall = |of: fn(&(Sample, Sample)) -> f64| median(rounds.iter().map(of)).unwrap_or_default();
        let ratio = median(rounds.iter().map(|(plain, enforced)| enforced.wall / plain.wall));
        let cpu = median(rounds.iter().filter_map(|(plain, enforced)| Some(enforced.cpu? / plain.cpu?)));
        let percent = |ratio: Option<f64>| ratio.map(|ratio| (ratio - 1.0) * 100.0);
        say(&format!(
            "| {name} | {:.0} ms | {:.0} ms | {:+.1} % | {:+.1} % |",
            wall(|(plain, _)| plain.wall) * 1e3,
            wall(|(_, enforced)| enforced.wall) * 1e3,
            percent(ratio).context("no round")?,
            percent(cpu).context("GNU time is not installed")?,
        ));
        Ok(())
    }
}
