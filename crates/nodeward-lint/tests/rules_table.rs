//! The table of rules in the documents is that of the rules.

use std::path::Path;

use nodeward_lint::RULES;

/// The page `docs/rules/README.md`, from the rules themselves.
fn table() -> String {
    let mut page = String::from(
        "# Rules\n\nWritten by a test from the rules themselves: `NODEWARD_WRITE_DOCS=1 cargo test -p nodeward-lint`. A \
         rule's own page is `nodeward lint --explain RULE`, and `crates/nodeward-lint/src/rules/*.md`. The policy is \
         the narrowest that shows any of its findings; some of them may only be shown by a wider one. What the rules \
         find of known flaws is in [recall.md](recall.md), what was read of what they find in \
         [precision.md](precision.md).\n\n| rule | what it finds | threat | CWE | severity | policy |\n|---|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let cwes: Vec<String> = rule.cwes.iter().map(u16::to_string).collect();
        page += &format!(
            "| `{}` | {} | {} | {} | {} | {} |\n",
            rule.id,
            rule.summary,
            rule.threat.code(),
            cwes.join(", "),
            rule.severity.name(),
            rule.policy
        );
    }
    page += "\n## Threats\n\n| threat | rules |\n|---|---|\n";
    for threat in nodeward_report::Threat::ALL {
        let rules: Vec<String> =
            RULES.iter().filter(|rule| rule.threat == threat).map(|rule| format!("`{}`", rule.id)).collect();
        let rules = if rules.is_empty() { "none: no code shows it".to_owned() } else { rules.join(", ") };
        page += &format!("| {} | {rules} |\n", threat.code());
    }
    page
}

#[test]
fn the_table_of_rules_is_that_of_the_documents() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules/README.md");
    let page = table();
    if std::env::var_os("NODEWARD_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&file).is_ok_and(|written| written == page), "write it anew");
}
