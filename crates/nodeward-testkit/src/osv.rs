//! A made-up OSV export for tests and measurements: as many records as wanted, in the shape of the real one, the
//! same each time.

use std::fmt::Write as _;

/// The records of an export of `count`: four in five about malware (as published for npm), the others about flaws,
/// over at least a quarter as many names.
pub fn export(count: usize) -> impl Iterator<Item = (String, String)> {
    (0..count).map(record)
}

/// The name of one of the packages that [`export`] has flaws for.
pub fn flawed_package(number: usize) -> String {
    format!(
        "{}{}-{number}",
        if number.is_multiple_of(7) { "@example/" } else { "" },
        WORDS[number % WORDS.len()]
    )
}

const WORDS: [&str; 24] = [
    "parser", "server", "request", "stream", "buffer", "config", "logger", "router", "client", "schema",
    "loader", "plugin", "format", "colour", "socket", "cookie", "upload", "render", "string", "number",
    "deploy", "search", "report", "editor",
];

/// The id and the JSON of one record.
fn record(number: usize) -> (String, String) {
    if number % 5 == 4 { flaw(number) } else { malware(number) }
}

fn malware(number: usize) -> (String, String) {
    let id = format!("MAL-2025-{number}");
    let name = format!("{}-{}-{number:x}", word(number), word(number / 24));
    let versions = if number.is_multiple_of(3) {
        format!(r#""versions":["1.0.{}","99.{}.1"]"#, number % 40, number % 100)
    } else {
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"versions":[]"#.to_owned()
    };
    let json = format!(
        r#"{{"modified":"{time}","published":"{time}","schema_version":"1.7.0","id":"{id}","summary":"Malicious code in {name} (npm)","details":"{details}","affected":[{{"package":{{"ecosystem":"npm","name":"{name}","purl":"pkg:npm/{name}"}},{versions},"database_specific":{{"cwes":[{{"cweId":"CWE-506","name":"Embedded Malicious Code","description":"The product contains code that appears to be malicious in nature."}}]}}}}],"references":[{{"type":"WEB","url":"https://example.org/packages/{name}"}}],"database_specific":{{"malicious-packages-origins":[{{"id":"origin-{number}","import_time":"{time}","source":"example","sha256":"{hash}"}}]}}}}"#,
        time = time(number),
        details = prose(number, 1 + number % 3),
        hash = hash(number),
    );
    (id, json)
}

fn flaw(number: usize) -> (String, String) {
    let id = format!("GHSA-{:04x}-{:04x}-{:04x}", number % 0xffff, number / 7 % 0xffff, number / 0xffff);
    // Few packages have many flaws, most have one.
    let package = number / 5 % (1 + number / 5 / (1 + number % 3));
    let name = flawed_package(package);
    let (major, minor) = (1 + number % 9, number % 30);
    let second = if number.is_multiple_of(4) {
        format!(r#",{{"introduced":"{}.0.0"}},{{"fixed":"{}.1.0-rc.{minor}"}}"#, major + 2, major + 2)
    } else {
        String::new()
    };
    let json = format!(
        r#"{{"schema_version":"1.4.0","id":"{id}","modified":"{time}","published":"{time}","aliases":["CVE-2024-{number}"],"summary":"{name} handles {word} input wrongly","details":"{details}","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}],"affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{major}.{minor}.1"}}{second}]}}]}}],"references":[{{"type":"WEB","url":"https://example.org/{id}"}},{{"type":"ADVISORY","url":"https://example.org/CVE-2024-{number}"}}],"database_specific":{{"cwe_ids":["CWE-400"],"severity":"HIGH","github_reviewed":true}}}}"#,
        time = time(number),
        word = word(number / 11),
        details = prose(number, 6 + number % 12),
    );
    (id, json)
}

fn word(number: usize) -> &'static str {
    WORDS[number % WORDS.len()]
}

fn time(number: usize) -> String {
    format!("2025-{:02}-{:02}T{:02}:{:02}:00Z", 1 + number % 12, 1 + number % 28, number % 24, number % 60)
}

fn hash(number: usize) -> String {
    let mut state = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut text = String::with_capacity(64);
    for _ in 0..4 {
        state = scramble(state);
        write!(text, "{state:016x}").expect("a string takes what is written to it");
    }
    text
}

/// SplitMix64's mixing.
fn scramble(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Sentences that pack about as well as real ones.
fn prose(number: usize, sentences: usize) -> String {
    let mut text = String::new();
    let mut state = number as u64 + 1;
    for _ in 0..sentences {
        text.push_str("Versions of the package before this one");
        for _ in 0..9 {
            state = scramble(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
            write!(text, " {}{}", word(state as usize), if state.is_multiple_of(5) { "s" } else { "" })
                .expect("a string takes what is written to it");
        }
        text.push_str(". ");
    }
    text
}
