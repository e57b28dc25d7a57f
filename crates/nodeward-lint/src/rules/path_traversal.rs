//! Paths from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "path-traversal",
    summary: "a value from outside decides which file is used",
    threat: Threat::Exf,
    cwes: &[22, 23, 36, 73],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("path_traversal.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::FilePath, SinkKind::ServedPath, SinkKind::ViewName],
        does: "decides which file is used",
        next: "resolve the path, and test that it begins with the folder and a separator",
        accept: grade::outside,
    }],
};
