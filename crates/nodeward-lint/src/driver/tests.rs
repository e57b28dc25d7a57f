//! The same findings whatever the threads and the order; and what is not checked is said.

use std::time::Duration;

use super::*;

const TLS: &str = "module.exports = { rejectUnauthorized: false };\n";

pub(super) fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: Arc::from(Path::new(path)),
        text: Text::Memory(text.into()),
        origin: Origin::FirstParty,
    }
}

pub(super) fn all() -> Options {
    Options { policy: Policy::Experimental, ..Options::default() }
}

pub(super) fn of_dependency(mut file: SourceFile) -> SourceFile {
    let name = PackageName::parse("example").expect("a name");
    file.origin = Origin::Dependency { name, version: "1.0.0".into() };
    file
}

pub(super) fn shown(outcome: &Outcome) -> Vec<String> {
    let finding = |linted: &Linted| format!("{} {}", linted.finding.rule, linted.finding.place);
    outcome.findings.iter().map(finding).chain(outcome.gaps.iter().map(|gap| gap.message.clone())).collect()
}

#[test]
fn threads_and_order_change_nothing() {
    let mut files: Vec<SourceFile> =
        (0..40).map(|at| file(&format!("src/{at:02}.js"), &TLS.repeat(at % 3))).collect();
    files.push(file("src/broken.js", "function ( {"));
    let one = lint(&files, &all());
    files.reverse();
    for threads in [2, 3, 8] {
        let options = Options { threads: NonZeroUsize::new(threads), ..all() };
        let many = lint(&files, &options);
        assert_eq!(shown(&one), shown(&many));
        assert_eq!((one.files, one.bytes), (many.files, many.bytes));
    }
    assert_eq!(one.files, 40);
}

#[test]
fn what_is_over_budget_or_broken_was_not_checked() {
    let small = Options { budget: Budget { bytes: 40, nodes: 1_000, ..Budget::default() }, ..all() };
    let outcome = lint(&[file("a.js", TLS)], &small);
    assert_eq!((outcome.gaps.len(), outcome.files), (1, 0));
    let few = Options { budget: Budget { bytes: 4_000, nodes: 3, ..Budget::default() }, ..all() };
    assert_eq!(lint(&[file("a.js", TLS)], &few).gaps.len(), 1);
    let broken = lint(&[file("a.js", "function ( {")], &all());
    assert_eq!(broken.gaps.len(), 1);
    assert_eq!(shown(&broken)[0], "syntax-error a.js:1:10");
    assert!(broken.gaps[0].message.contains("line 1, column 10"), "{:?}", broken.gaps);
    let late = Options { budget: Budget { time: Duration::ZERO, ..Budget::default() }, ..all() };
    let outcome = lint(&[file("a.js", &TLS.repeat(100))], &late);
    assert_eq!((outcome.gaps.len(), outcome.files), (1, 0), "{:?}", outcome.gaps);
    for behind in ["\0", "\u{fffd}", "f(1) # "] {
        let cut = lint(&[file("a.js", &format!("{TLS}{behind}{TLS}"))], &all());
        assert_eq!((cut.gaps.len(), cut.files), (1, 0), "{behind:?}");
        assert!(shown(&cut).iter().any(|shown| shown.starts_with("syntax-error")), "{behind:?}");
        assert!(
            shown(&cut).contains(&"tls-unverified a.js:1:20".to_owned()),
            "{behind:?}: {:?}",
            shown(&cut)
        );
    }
    let missing = SourceFile { text: Text::Disk("/nowhere/a.js".into()), ..file("a.js", "") };
    assert_eq!(lint(&[missing], &all()).gaps.len(), 1);
}

#[test]
fn comments_hide_findings_of_the_project_and_not_of_a_dependency() {
    let hidden = format!("// nodeward-ignore tls-unverified: a socket of this machine\n{TLS}");
    let own = lint(&[file("a.js", &hidden)], &all());
    assert_eq!((own.findings.len(), own.hidden.len()), (0, 1));
    assert_eq!(own.hidden[0].reason, "a socket of this machine");
    let dependency = lint(&[of_dependency(file("a.js", &hidden))], &all());
    assert_eq!(shown(&dependency), ["tls-unverified a.js:2:20"]);
}

#[test]
fn where_a_comment_may_stand() {
    for text in [
        "x({ rejectUnauthorized: false }); // nodeward-ignore tls-unverified: why\n",
        "x({ rejectUnauthorized: false }); /* nodeward-ignore tls-unverified: why */ y();\n",
        "/* nodeward-ignore tls-unverified: why */\n\n// and another comment\nx({ rejectUnauthorized: false });\n",
        "/*\n * nodeward-ignore tls-unverified, weak-cipher: why\n */\nx({ rejectUnauthorized: false });\n",
    ] {
        let options = Options { only: vec!["tls-unverified".into()], ..all() };
        let outcome = lint(&[file("a.js", text)], &options);
        assert_eq!((outcome.findings.len(), outcome.hidden.len()), (0, 1), "{text}");
    }
    let elsewhere = "// nodeward-ignore tls-unverified: why\ny();\nx({ rejectUnauthorized: false });\n";
    assert_eq!(lint(&[file("a.js", elsewhere)], &all()).findings.len(), 2);
}

/// Files of the project and of dependencies, with findings of every sort.
fn many_sorts() -> Vec<SourceFile> {
    let mut files = vec![
        file("a.js", TLS),
        file(
            "b.js",
            &format!(
                "// nodeward-ignore tls-unverified: a socket\n{TLS}exports.b = new Buffer('é'.length);\n"
            ),
        ),
        file("broken.js", "function ( {"),
        file(
            "c.js",
            "const { exec } = require('child_process');\nmodule.exports = (n) => exec('git ' + n);\n",
        ),
        file("package.json", r#"{ "name": "own", "main": "c.js" }"#),
    ];
    for at in 0..3 {
        let mut dependency =
            of_dependency(file(&format!("node_modules/d{at}/index.js"), &TLS.repeat(at + 1)));
        let Origin::Dependency { version, .. } = &mut dependency.origin else { continue };
        *version = format!("{at}.0.0").into();
        files.push(dependency);
    }
    files
}

#[test]
fn what_is_recalled_is_what_was_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let cached = |files: &[SourceFile], options: &Options| {
        let cache = Arc::new(Cache::new(folder.path().to_path_buf(), std::time::SystemTime::UNIX_EPOCH));
        lint(files, &Options { cache: Some(cache), ..options.clone() })
    };
    let same = |a: &Outcome, b: &Outcome| {
        assert_eq!((&a.findings, &a.hidden, &a.gaps), (&b.findings, &b.hidden, &b.gaps));
        assert_eq!((a.files, a.bytes), (b.files, b.bytes));
    };
    let requirement = crate::requirement::tests::requirement(crate::requirement::Demand::BannedProperty(
        vec![crate::requirement::Name::parse(".exports", None).expect("a name")],
        crate::requirement::Access::Write,
    ));
    let mut files = many_sorts();
    for options in [
        all(),
        Options { audience: Some(Audience::Callers), ..all() },
        Options { requirements: vec![requirement], directory: "/p".into(), ..all() },
        Options { only: vec!["buffer-constructor".into()], threads: NonZeroUsize::new(3), ..all() },
    ] {
        let plain = lint(&files, &options);
        assert!(!plain.findings.is_empty());
        same(&plain, &cached(&files, &options));
        same(&plain, &cached(&files, &options));
        files.reverse();
        same(&plain, &cached(&files, &options));
    }
    // One byte is another text, and what is damaged is found again.
    files.retain(|file| *file.path != *Path::new("a.js"));
    files.push(file("a.js", &TLS.replace("false", "0 !==")));
    files.push(file("a2.js", TLS));
    same(&lint(&files, &all()), &cached(&files, &all()));
    let entries = || {
        let folders = std::fs::read_dir(folder.path()).expect("a folder").flatten();
        folders.flat_map(|folder| std::fs::read_dir(folder.path()).expect("a folder").flatten())
    };
    for entry in entries() {
        std::fs::write(entry.path(), "damaged").expect("it can be written");
    }
    same(&lint(&files, &all()), &cached(&files, &all()));
}

#[test]
fn units_are_kept_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Arc::new(Cache::new(folder.path().to_path_buf(), std::time::SystemTime::UNIX_EPOCH));
    let options = Options { cache: Some(cache), ..all() };
    let files = many_sorts();
    lint(&files, &options);
    let count = || {
        let folders = std::fs::read_dir(folder.path()).expect("a folder").flatten();
        folders.map(|folder| std::fs::read_dir(folder.path()).expect("a folder").count()).sum::<usize>()
    };
    assert_eq!(count(), 4, "one for the project, one for each dependency");
    lint(&files, &options);
    assert_eq!(count(), 4);
    let missing = SourceFile { text: Text::Disk("/nowhere/a.js".into()), ..file("d.js", "") };
    let gaps = lint(&[missing], &options).gaps;
    assert_eq!((gaps.len(), count()), (1, 4), "what could not be read is tried again");
}

#[test]
fn what_is_annotated_for_flow_is_told_once_and_is_no_finding() {
    let text =
        "/**\n * @flow strict\n */\nexport interface Spec extends T { +get: () => Promise<string>; }\n";
    let of_flow = |path: &str| file(path, text);
    let outcome = lint(&[of_flow("a.js")], &all());
    assert_eq!(shown(&outcome), ["a.js was not checked: it is annotated for Flow"]);
    assert_eq!(outcome.files, 0);
    let files =
        [of_flow("a.js"), of_flow("b.js"), file("c.js", TLS), of_dependency(of_flow("node_modules/d/a.js"))];
    let outcome = lint(&files, &all());
    let told = [
        "tls-unverified c.js:1:20",
        "2 files of the project were not checked: they are annotated for Flow, as a.js is",
        "node_modules/d/a.js was not checked: it is annotated for Flow",
    ];
    assert_eq!((shown(&outcome), outcome.files), (told.map(str::to_owned).to_vec(), 1));
    // What engines run is checked, whatever it says; and what is only broken says nothing of Flow.
    assert_eq!(lint(&[file("a.js", &format!("// @flow\n{TLS}"))], &all()).findings.len(), 1);
    let broken = lint(&[file("a.js", "f();\n// @flow\nfunction ( {")], &all());
    assert!(shown(&broken)[0].starts_with("syntax-error a.js:"));
}
