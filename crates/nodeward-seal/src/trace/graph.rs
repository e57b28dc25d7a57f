//! Pictures of a trace: by package, since a node for each file is a wall. The page opens a package to its files, and a
//! file to what leads to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::Trace;

/// The most packages that are drawn. A larger picture shows nobody anything; the page lists them all.
const MOST_DRAWN: usize = 200;

const STYLE: &str = include_str!("graph.css");
const SCRIPT: &str = include_str!("graph.js");

/// Packages and which loads which.
#[derive(Debug)]
struct Packages<'t> {
    /// Names; the project's own files stand first, under the empty name.
    names: Vec<&'t str>,
    files: Vec<(usize, u64)>,
    /// By how many packages the shortest way from an entry leads to it.
    depth: Vec<usize>,
    loads: BTreeSet<(usize, usize)>,
    of_source: Vec<usize>,
}

impl<'t> Packages<'t> {
    fn of(trace: &'t Trace) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::from([("", 0)]);
        for source in &trace.list.sources {
            places.entry(source.package.as_deref().unwrap_or_default()).or_default();
        }
        let names: Vec<&str> = places.keys().copied().collect();
        names.iter().enumerate().for_each(|(place, name)| *places.entry(name).or_default() = place);
        let of_source: Vec<usize> = trace
            .list
            .sources
            .iter()
            .map(|source| places[source.package.as_deref().unwrap_or_default()])
            .collect();
        let mut files = vec![(0, 0); names.len()];
        for (source, &place) in trace.list.sources.iter().zip(&of_source) {
            files[place].0 += 1;
            files[place].1 += source.size;
        }
        let between = trace.edges.iter().map(|edge| (of_source[edge.from], of_source[edge.to]));
        let loads: BTreeSet<(usize, usize)> = between.filter(|(from, to)| from != to).collect();
        let mut depth = vec![usize::MAX; names.len()];
        let mut open: VecDeque<usize> = VecDeque::new();
        let starts = trace.list.sources.iter().zip(&of_source);
        for (source, &place) in starts {
            if trace.list.entries.contains(&source.path) && depth[place] != 0 {
                depth[place] = 0;
                open.push_back(place);
            }
        }
        while let Some(package) = open.pop_front() {
            for &(_, to) in loads.range((package, 0)..=(package, usize::MAX)) {
                if depth[to] == usize::MAX {
                    depth[to] = depth[package] + 1;
                    open.push_back(to);
                }
            }
        }
        Self { names, files, depth, loads, of_source }
    }

    fn label(&self, place: usize) -> &'t str {
        if self.names[place].is_empty() { "(project)" } else { self.names[place] }
    }

    /// The packages that are drawn: those with files, the nearest and largest first.
    fn drawn(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.names.len()).filter(|&place| self.files[place].0 > 0).collect();
        all.sort_by_key(|&place| (self.depth[place], std::cmp::Reverse(self.files[place].1)));
        all.truncate(MOST_DRAWN);
        all
    }
}

/// For Graphviz: a node for each package, an edge where one loads another.
pub fn dot(trace: &Trace) -> String {
    let packages = Packages::of(trace);
    let mut text =
        String::from("digraph trace {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (place, (files, size)) in packages.files.iter().enumerate().filter(|(_, (files, _))| *files > 0) {
        let label = format!("{}\\n{files} files, {}", quoted(packages.label(place)), bytes(*size));
        let _ = writeln!(text, "  p{place} [label=\"{label}\"];");
    }
    for (from, to) in &packages.loads {
        let _ = writeln!(text, "  p{from} -> p{to};");
    }
    text.push_str("}\n");
    text
}

/// A text within quotes of Graphviz.
fn quoted(text: &str) -> String {
    let safe = text.chars().filter(|character| !character.is_control());
    safe.flat_map(|character| match character {
        '"' | '\\' => vec!['\\', character],
        other => vec![other],
    })
    .collect()
}

const COLUMN: usize = 260;
const ROW: usize = 34;

/// A picture: packages in columns by how far they are from the entries.
pub fn svg(trace: &Trace) -> String {
    let packages = Packages::of(trace);
    let drawn = packages.drawn();
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for &package in &drawn {
        let column = packages.depth[package].min(drawn.len());
        let row = rows.entry(column).or_default();
        let at = rows_before(&packages, column);
        places.insert(package, (20 + at * COLUMN, 20 + *row * ROW));
        *row += 1;
    }
    let width = places.values().map(|place| place.0).max().unwrap_or(0) + COLUMN;
    let height = places.values().map(|place| place.1).max().unwrap_or(0) + ROW + 20;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (from, to) in &packages.loads {
        let (Some(start), Some(end)) = (places.get(from), places.get(to)) else { continue };
        let (x1, y1, x2, y2) = (start.0 + 200, start.1 + 12, end.0, end.1 + 12);
        let bend = (x1 + x2) / 2;
        let _ = writeln!(
            text,
            "<path d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#8aa\" stroke-opacity=\".45\"/>"
        );
    }
    for (package, (x, y)) in &places {
        let (files, size) = packages.files[*package];
        let label = packages.label(*package);
        let short: String = label.chars().take(30).collect();
        let _ = writeln!(
            text,
            "<g><title>{}: {files} files, {}</title><rect x=\"{x}\" y=\"{y}\" width=\"200\" height=\"24\" rx=\"4\" \
             fill=\"#eef4f8\" stroke=\"#567\"/><text x=\"{}\" y=\"{}\">{}</text></g>",
            escaped(label),
            bytes(size),
            x + 8,
            y + 16,
            escaped(&short),
        );
    }
    let left_out = packages.files.iter().filter(|(files, _)| *files > 0).count() - drawn.len();
    if left_out > 0 {
        let _ = writeln!(text, "<text x=\"20\" y=\"{}\">and {left_out} more packages</text>", height - 6);
    }
    text.push_str("</svg>\n");
    text
}

/// Columns are counted without gaps.
fn rows_before(packages: &Packages<'_>, column: usize) -> usize {
    let depths: BTreeSet<usize> = packages.drawn().iter().map(|&place| packages.depth[place]).collect();
    depths.iter().take_while(|&&depth| depth < column).count()
}

/// One page that loads nothing: packages by size, each opens to its files, each file to the way that leads to it.
pub fn html(trace: &Trace) -> String {
    let packages = Packages::of(trace);
    let names: Vec<&str> = (0..packages.names.len()).map(|place| packages.label(place)).collect();
    let sources: Vec<serde_json::Value> = trace
        .list
        .sources
        .iter()
        .zip(&packages.of_source)
        .map(|(source, place)| {
            serde_json::json!([source.path, place, source.size, source.kind.name(), source.origin.name()])
        })
        .collect();
    let edges: Vec<serde_json::Value> = trace
        .edges
        .iter()
        .map(|edge| serde_json::json!([edge.from, edge.to, edge.line, edge.how.name()]))
        .collect();
    let dynamic: Vec<serde_json::Value> = trace
        .dynamic
        .iter()
        .map(|dynamic| serde_json::json!([dynamic.file, dynamic.line, dynamic.pattern, dynamic.matched]))
        .collect();
    let data = serde_json::json!({
        "entries": trace.list.entries, "packages": names, "sources": sources, "edges": edges, "dynamic": dynamic,
    });
    // `<` could end the script; escaped, it means the same to a JSON reader.
    let data = data
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let script = format!("const trace = {data};\n{SCRIPT}");
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>What can load</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>What can load</h1><p id=\"summary\"></p><label>Find <input id=\"find\" type=\"search\"></label></header>\n\
         <main><nav id=\"packages\" aria-label=\"Packages\"></nav><section id=\"detail\" aria-live=\"polite\"></section></main>\n\
         <noscript>This page needs JavaScript to be gone through; `--graph dot` and `--graph svg` do not.</noscript>\n\
         <script>{script}</script>\n</body>\n</html>\n",
        hash(STYLE),
        hash(&script),
    )
}

/// A text of a package within XML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            other if other.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// A size as people read it.
pub fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} kB", size as f64 / 1e3),
        _ => format!("{:.1} MB", size as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Origin, Source, SourceKind};
    use crate::trace::{Edge, How};
    use nodeward_javascript::Act;

    fn sample() -> Trace {
        let mut trace = Trace::default();
        let source = |path: &str, package: Option<&str>| Source {
            path: path.to_owned(),
            kind: SourceKind::Cjs,
            origin: Origin::Static,
            package: package.map(str::to_owned),
            size: 1_500,
        };
        trace.list.entries = vec!["a.js".to_owned()];
        trace.list.sources = vec![
            source("a.js", None),
            source("node_modules/x/</script><script>alert(1)//.js", Some("x\"<b>@1")),
        ];
        trace.edges = vec![Edge { from: 0, to: 1, line: 2, how: How::Loads(Act::Require) }];
        trace
    }

    #[test]
    fn names_stay_text() {
        let trace = sample();
        assert!(dot(&trace).contains("x\\\"<b>@1\\n1 files, 1.5 kB"));
        assert!(dot(&trace).contains("p0 -> p1;"));
        let picture = svg(&trace);
        assert!(picture.contains("x&quot;&lt;b&gt;@1") && !picture.contains("<b>"));
        let page = html(&trace);
        assert_eq!(page.matches("<script>").count(), 1);
        assert_eq!(page.matches("</script>").count(), 1);
    }

    #[test]
    fn many_packages_are_not_all_drawn() {
        let mut trace = sample();
        for number in 0..300 {
            trace.list.sources.push(Source {
                path: format!("node_modules/p{number}/i.js"),
                kind: SourceKind::Cjs,
                origin: Origin::Static,
                package: Some(format!("p{number}@1")),
                size: 1,
            });
        }
        trace.list.sources.sort_by(|left, right| left.path.cmp(&right.path));
        assert!(svg(&trace).contains("and 102 more packages"));
    }
}
