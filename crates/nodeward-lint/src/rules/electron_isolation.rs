//! Windows whose pages reach Node.js.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "electron-isolation",
    summary: "a page in a window of Electron can reach Node.js or other sites",
    threat: Threat::Rce,
    cwes: &[1188, 653, 346],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("electron_isolation.md"),
    checks: &[Check::Nodes { kinds: &[AstType::ObjectProperty], check }],
};

/// Settings, the value that takes the protection away, and what follows.
const OPENED: &[(&str, bool, &str)] = &[
    ("nodeIntegration", true, "every script in this window's pages can use Node.js"),
    ("nodeIntegrationInWorker", true, "every worker of this window's pages can use Node.js"),
    ("nodeIntegrationInSubFrames", true, "every frame in this window can use Node.js"),
    ("contextIsolation", false, "scripts in this window's pages share their objects with the preload script"),
    ("webSecurity", false, "pages in this window can read every other site"),
    ("allowRunningInsecureContent", true, "pages in this window run scripts that came unencrypted"),
    ("enableRemoteModule", true, "scripts in this window's pages can use the main process"),
];

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    if !property.key.is_specific_static_name("webPreferences") {
        return;
    }
    let Some(preferences) = context.object(&property.value) else { return };
    for (name, opens, title) in OPENED {
        if let Some(value) = setting_of(preferences, name).value()
            && context.is_boolean(value, *opens)
        {
            let issue = Issue::new(&RULE, value.span(), *title);
            context.report(issue.next("leave the setting out, and offer what pages need by contextBridge"));
        }
    }
}
