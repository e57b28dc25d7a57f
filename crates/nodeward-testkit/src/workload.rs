//! A made-up project of a given size, for measurements.

use std::fmt::Write as _;

use crate::osv::flawed_package;

/// How many of a project's releases are of packages that the made-up export has flaws for: one in this many.
const FLAWED_ONE_IN: usize = 10;

/// A manifest and a `package-lock.json` (version 3) with `releases` releases, each required by the one before or
/// by the project, one in ten of a package that [`crate::osv::export`] has flaws for.
pub fn npm_project(releases: usize) -> (String, String) {
    let names: Vec<String> = (0..releases).map(name).collect();
    let direct = names.iter().enumerate().filter(|(number, _)| number % 25 == 0);
    let direct: Vec<String> =
        direct.map(|(number, name)| format!("{name:?}:{:?}", format!("^{}", version(number)))).collect();
    let dependencies = direct.join(",");
    let manifest =
        format!("{{\"name\":\"measured\",\"version\":\"1.0.0\",\"dependencies\":{{{dependencies}}}}}\n");
    let mut lockfile = format!(
        "{{\n  \"name\": \"measured\",\n  \"version\": \"1.0.0\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {{\n    \"\": {{\"name\": \"measured\", \"version\": \"1.0.0\", \"dependencies\": {{{dependencies}}}}}"
    );
    for (number, name) in names.iter().enumerate() {
        let required = names.get(number + 1).filter(|_| number % 25 != 24);
        let required = required.map_or(String::new(), |next| {
            format!(
                ",\n      \"dependencies\": {{\n        {next:?}: {:?}\n      }}",
                format!("^{}", version(number + 1))
            )
        });
        write!(
            lockfile,
            ",\n    \"node_modules/{name}\": {{\n      \"version\": {:?},\n      \"resolved\": \"https://registry.example.org/{name}/-/{}-{}.tgz\",\n      \"integrity\": \"sha512-{}==\",\n      \"license\": \"MIT\",\n      \"engines\": {{\n        \"node\": \">=12\"\n      }}{required}\n    }}",
            version(number),
            name.rsplit('/').next().unwrap_or(name),
            version(number),
            digest(number),
        )
        .expect("a string takes what is written to it");
    }
    lockfile.push_str("\n  }\n}\n");
    (manifest, lockfile)
}

fn name(number: usize) -> String {
    if number.is_multiple_of(FLAWED_ONE_IN) {
        flawed_package(number)
    } else {
        format!("harmless-module-{number}")
    }
}

fn version(number: usize) -> String {
    format!("{}.{}.{}", 1 + number % 6, number % 20, number % 7)
}

/// 86 base64 characters, as long as a SHA-512 digest.
fn digest(number: usize) -> String {
    let mut text = String::new();
    while text.len() < 85 {
        write!(text, "{:x}", number.wrapping_mul(2_654_435_761).wrapping_add(text.len()))
            .expect("a string takes what is written to it");
    }
    text.truncate(85);
    text.push('A');
    text
}
