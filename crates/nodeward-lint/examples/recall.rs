//! Measures.
#![allow(clippy::print_stdout, clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::path::Path;
use serde_json::Value;

fn files(root: &Path, dir: &Path, out: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), ".git") {
                files(root, &path, out);
            }
        } else {
            let relative = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let is_js = [".js", ".cjs", ".mjs", ".ts", ".jsx", ".tsx"].iter().any(|end| name.ends_with(end)) && !name.ends_with(".d.ts");
            let is_script = !name.contains('.') && std::fs::read(&path).is_ok_and(|b| b.starts_with(b"#!") && b.iter().take(60).copied().collect::<Vec<_>>().windows(4).any(|w| w == b"node"));
            if (is_js || is_script) && entry.metadata().is_ok_and(|m| m.len() < 3_000_000) {
                if let Ok(bytes) = std::fs::read(&path) {
                    out.insert(relative, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
    }
}

fn main() {
    std::thread::Builder::new().stack_size(1 << 29).spawn(run).unwrap().join().unwrap();
}

fn run() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "dir" {
        let mut sources = BTreeMap::new();
        let root = Path::new(&args[2]);
        files(root, root, &mut sources);
        let bytes: usize = sources.values().map(String::len).sum();
        let started = std::time::Instant::now();
        let (found, errors) = nodeward_lint::probe::probe(&sources, args.get(3).is_none_or(|m| m == "library"));
        println!("{} files {} bytes {:?}", sources.len(), bytes, started.elapsed());
        for f in &found {
            println!("{}:{} {} {} {:?}", f.file, f.line, f.kind, f.note, f.path);
        }
        println!("{errors:?} {}", found.len());
        return;
    }
    let labels: Vec<Value> = serde_json::from_slice(&std::fs::read(&args[1]).unwrap()).unwrap();
    let corpus = Path::new(&args[2]);
    let mut by_package: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for label in &labels {
        let name = format!("{}@{}", label["package"].as_str().unwrap().trim(), label["version"].as_str().unwrap()).replace('/', "+");
        by_package.entry(name).or_default().push(label);
    }
    let only = args.get(3).cloned().unwrap_or_default();
    for (name, labels) in by_package {
        if !only.is_empty() && !labels.iter().any(|l| l["class"].as_str().unwrap().contains(&only)) && !name.contains(&only) { continue; }
        let dir = corpus.join(&name);
        if !dir.join("done").exists() { for l in labels { println!("ABSENT\t{}\t{}", l["class"].as_str().unwrap(), name); } continue; }
        let Some(root) = std::fs::read_dir(&dir).unwrap().flatten().map(|e| e.path()).find(|p| p.is_dir()) else { println!("EMPTY {name}"); continue };
        let mut sources = BTreeMap::new();
        files(&root, &root, &mut sources);
        let started = std::time::Instant::now();
        let (found, errors) = nodeward_lint::probe::probe(&sources, true);
        let took = started.elapsed();
        println!("PACKAGE\t{name}\t{} files\t{} bytes\t{} ms\t{} found\t{errors:?}", sources.len(), sources.values().map(String::len).sum::<usize>(), took.as_millis(), found.len());
        for label in labels {
            let class = label["class"].as_str().unwrap();
            let sinks: Vec<(String, usize)> = label["points"].as_array().unwrap().iter().filter(|p| p["kind"] == "sink").map(|p| {
                let f = p["file"].as_str().unwrap_or_default().trim_start_matches("./").trim_start_matches('/').trim_start_matches("package/").to_owned();
                let base = label["package"].as_str().unwrap().trim().rsplit('/').next().unwrap().to_owned();
                let f = match f.strip_prefix(&format!("{base}/")) { Some(rest) if !sources.contains_key(&f) => rest.to_owned(), _ => f };
                (f, usize::try_from(p["line"].as_u64().unwrap_or(0)).unwrap())
            }).collect();
            let hit: Vec<_> = found.iter().filter(|f| sinks.iter().any(|(file, line)| &f.file == file && f.line <= *line + 1 && f.last_line + 1 >= *line)).collect();
            let near: Vec<_> = found.iter().filter(|f| sinks.iter().any(|(file, line)| &f.file == file && f.line <= *line + 15 && f.last_line + 15 >= *line)).collect();
            let sinks: Vec<(String, usize)> = sinks.into_iter().map(|(f, l)| {
                if f.is_empty() || sources.contains_key(&f) { return (f, l); }
                let name = f.rsplit('/').next().unwrap().to_owned();
                match sources.keys().find(|k| k.rsplit('/').next() == Some(&name)) { Some(k) => (k.clone(), l), None => (f, l) }
            }).collect();
            let status = if !hit.is_empty() { "HIT" } else if !near.is_empty() { "NEAR" } else if sinks.iter().any(|(f, _)| sources.contains_key(f)) { "MISS" } else { "NOFILE" };
            let shown = if hit.is_empty() { &near } else { &hit };
            println!("{status}\t{class}\t{name}\t{sinks:?}\t{}", shown.iter().map(|f| format!("{}@{}:{}({})", f.kind, f.file, f.line, f.note)).collect::<Vec<_>>().join("; "));
        }
    }
}
