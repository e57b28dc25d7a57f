//! XML that reads files.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "xml-entities",
    summary: "XML may name files and addresses that are read into it",
    threat: Threat::Exf,
    cwes: &[611, 776, 827],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("xml_entities.md"),
    checks: &[Check::Calls {
        of: &[
            ".parseXml",
            ".parseXmlString",
            ".parseXmlAsync",
            ".parseHtml",
            ".parseHtmlString",
            ".parseXML",
            "libxmljs.parseXml",
            "libxmljs2.parseXml",
        ],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for name in ["noent", "replaceEntities", "dtdload", "dtdvalid"] {
        for at in [1, 2] {
            if let Some(value) = call.option(context, at, name).value()
                && context.is_boolean(value, true)
                && call.argument(0).is_some_and(|text| !context.is_fixed(text))
            {
                let issue = Issue::new(
                    &RULE,
                    value.span(),
                    "entities in the text are replaced by the files that they name",
                );
                return context.report(issue.next("leave the option out"));
            }
        }
    }
}
