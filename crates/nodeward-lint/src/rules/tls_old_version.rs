//! Versions of TLS that are broken.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "tls-old-version",
    summary: "a version of TLS that is broken is allowed",
    threat: Threat::Cry,
    cwes: &[326, 327],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("tls_old_version.md"),
    checks: &[Check::Nodes { kinds: &[AstType::ObjectProperty], check }],
};

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    let Some(name) = property.key.static_name() else { return };
    if !matches!(&*name, "secureProtocol" | "minVersion" | "maxVersion") {
        return;
    }
    let Some(version) = context.constant_text(&property.value) else { return };
    let old = match &*name {
        "secureProtocol" => {
            let version =
                version.trim_end_matches("_method").trim_end_matches("_client").trim_end_matches("_server");
            matches!(version, "SSLv2" | "SSLv3" | "TLSv1" | "TLSv1_1")
        }
        _ => matches!(&*version, "TLSv1" | "TLSv1.1"),
    };
    if old {
        let title = format!("{version} is broken and was withdrawn in 2021");
        context.report(
            Issue::new(&RULE, property.span, title).next("leave the versions to Node, or ask for TLSv1.2"),
        );
    }
}
