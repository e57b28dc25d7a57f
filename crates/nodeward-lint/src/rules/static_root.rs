//! Folders that are served with more in them than was meant.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "static-root",
    summary: "more files are served than were meant",
    threat: Threat::Exf,
    cwes: &[538, 548, 552],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("static_root.md"),
    checks: &[
        Check::Calls {
            of: &[
                "express.static",
                "serve-static",
                "koa-static",
                "connect.static",
                "sirv",
                "node-static.Server",
                "st",
            ],
            check: folder,
        },
        Check::Calls {
            of: &[
                "hono/serve-static.serveStatic",
                "@hono/node-server/serve-static.serveStatic",
                "hono/bun.serveStatic",
                "@nestjs/serve-static.ServeStaticModule.forRoot",
            ],
            check: options_alone,
        },
        Check::Calls { of: &[".register"], check: plugin },
        Check::Calls { of: &["serve-index", "express.directory"], check: listing },
    ],
};

fn folder<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(root) = call.argument(0) {
        served(context, root);
    }
    if let Some(value) = call.option(context, 1, "dotfiles").value() {
        dot_files(context, value);
    }
}

fn options_alone<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for name in ["root", "rootPath"] {
        if let Some(root) = call.option(context, 0, name).value() {
            served(context, root);
        }
    }
}

/// `fastify.register(require('@fastify/static'), { root })`.
fn plugin<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let path = call.argument(0).and_then(|plugin| context.api_path(plugin));
    if !path.is_some_and(|path| matches!(&*path, "@fastify/static" | "fastify-static")) {
        return;
    }
    if let Some(root) = call.option(context, 1, "root").value() {
        served(context, root);
    }
    if let Some(value) = call.option(context, 1, "dotfiles").value() {
        dot_files(context, value);
    }
    if let Some(value) = call.option(context, 1, "list").value()
        && context.is_boolean(value, true)
    {
        report(context, value.span(), "everybody can list the folder", "name the files that are meant");
    }
}

/// A folder that is chosen when the program starts is its user's own.
fn listing<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if !call.argument(0).is_some_and(|root| context.is_fixed(root)) {
        return;
    }
    report(context, call.span, "everybody can list the folder", "name the files that are meant");
}

fn dot_files<'a>(context: &Context<'_, 'a>, value: &'a Expression<'a>) {
    if context.constant_text(value).is_some_and(|text| text == "allow") {
        let title = "files whose names begin with a dot are served: .env, .git, .npmrc";
        report(context, value.span(), title, "leave dotfiles at ignore");
    }
}

fn served<'a>(context: &Context<'_, 'a>, root: &'a Expression<'a>) {
    if let Some(what) = too_much(context, root) {
        let title = format!("{what} is served to everybody");
        report(context, root.span(), title, "serve a folder that holds nothing but what is public");
    }
}

fn report(context: &Context<'_, '_>, span: Span, title: impl Into<String>, next: &'static str) {
    context.report(Issue::new(&RULE, span, title).next(next));
}

/// What a folder is, if it holds more than pages and pictures.
fn too_much<'a>(context: &Context<'_, 'a>, root: &'a Expression<'a>) -> Option<&'static str> {
    if let Some(text) = context.constant_text(root) {
        return by_text(&text);
    }
    let known = context.api_path(root);
    match known.as_deref() {
        Some("__dirname" | "import.meta.dirname") => return Some(OWN_SOURCE),
        Some("process.cwd()") => return Some(WORKING_FOLDER),
        Some("os.homedir()" | "process.env.HOME") => return Some("a home folder"),
        _ => {}
    }
    match without_wrapping(root) {
        Expression::Identifier(identifier) => match without_wrapping(context.value_of(identifier)?) {
            // One step is enough, and cannot go round in circles.
            Expression::Identifier(_) => None,
            value => joined(context, value),
        },
        root => joined(context, root),
    }
}

const OWN_SOURCE: &str = "the folder of this program's source";
const WORKING_FOLDER: &str = "the folder that the program is started in, with its source and settings,";

/// `path.join(__dirname, '..')`, `__dirname + '/'`, `path.resolve('.')`.
fn joined<'a>(context: &Context<'_, 'a>, root: &'a Expression<'a>) -> Option<&'static str> {
    match root {
        Expression::CallExpression(call) => {
            let path = context.api_path(&call.callee)?;
            if !matches!(&*path, "path.join" | "path.resolve" | "path.normalize") {
                return None;
            }
            let parts: Vec<&Expression<'a>> =
                call.arguments.iter().map(|part| part.as_expression()).collect::<Option<_>>()?;
            folders(context, &parts)
        }
        Expression::BinaryExpression(sum) => folders(context, &[&sum.left, &sum.right]),
        Expression::TemplateLiteral(template) => {
            let [base] = template.expressions.as_slice() else { return None };
            let rest = template.quasis.last()?.value.cooked.as_ref()?;
            (template.quasis[0].value.raw.is_empty() && leads_nowhere(rest))
                .then(|| base_of(context, base))?
        }
        _ => None,
    }
}

fn folders<'a>(context: &Context<'_, 'a>, parts: &[&'a Expression<'a>]) -> Option<&'static str> {
    let Some((first, rest)) = parts.split_first() else { return Some(WORKING_FOLDER) };
    let texts: Vec<_> = rest.iter().map(|part| context.constant_text(part)).collect::<Option<_>>()?;
    if let Some(last) = texts.last()
        && last.trim_matches(['.', '/']) == "node_modules"
    {
        return by_text("node_modules");
    }
    if !texts.iter().all(|text| leads_nowhere(text)) {
        return None;
    }
    base_of(context, first)
}

fn base_of<'a>(context: &Context<'_, 'a>, base: &'a Expression<'a>) -> Option<&'static str> {
    match context.api_path(base).as_deref() {
        Some("__dirname" | "import.meta.dirname") => Some(OWN_SOURCE),
        Some("process.cwd()") => Some(WORKING_FOLDER),
        _ => by_text(&context.constant_text(base)?),
    }
}

/// `.`, `..`, `/`, `../..`: steps that name no folder.
fn leads_nowhere(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'.' | b'/'))
}

fn by_text(text: &str) -> Option<&'static str> {
    match text {
        "/" => Some("the whole disk"),
        text if leads_nowhere(text) => Some(WORKING_FOLDER),
        text if text.rsplit('/').find(|part| !part.is_empty()) == Some("node_modules") => {
            Some("every installed package, with its version and its files,")
        }
        _ => None,
    }
}
