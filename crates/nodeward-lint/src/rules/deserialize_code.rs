//! Formats whose reading runs code.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "deserialize-code",
    summary: "reading this data can run code that stands in it",
    threat: Threat::Rce,
    cwes: &[502],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("deserialize_code.md"),
    checks: &[
        Check::Calls {
            of: &[
                "node-serialize.unserialize",
                "serialize-to-js.deserialize",
                "funcster.deepDeserialize",
                "cryo.parse",
                "js-yaml.unsafeLoad",
                "js-yaml.unsafeLoadAll",
            ],
            check: reader,
        },
        Check::Calls { of: &["js-yaml.load", "js-yaml.loadAll"], check: yaml },
    ],
};

fn reader<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(data) = call.argument(0) else { return };
    if !context.is_fixed(data) {
        report(context, call.span);
    }
}

/// The schemas that build functions; the default of today does not.
fn yaml<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let schema = (1..=2).find_map(|at| call.option(context, at, "schema").value());
    let full = schema.and_then(|schema| context.api_path(schema));
    if full.is_some_and(|path| path.ends_with("DEFAULT_FULL_SCHEMA") || path.ends_with("UNSAFE_SCHEMA")) {
        report(context, call.span);
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    context.report(
        Issue::new(&RULE, span, "this format holds functions, and reading it runs them")
            .next("use JSON, or js-yaml with its default schema"),
    );
}
