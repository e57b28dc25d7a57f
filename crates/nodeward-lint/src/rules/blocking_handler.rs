//! Work that keeps everybody waiting while one request is answered.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "blocking-handler",
    summary: "a request is answered with work that stops all others",
    threat: Threat::Dos,
    cwes: &[400, 834],
    severity: Severity::Low,
    confidence: Confidence::Medium,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("blocking_handler.md"),
    checks: &[Check::Calls {
        of: &[
            "fs.readFileSync",
            "fs.writeFileSync",
            "fs.appendFileSync",
            "fs.copyFileSync",
            "fs.readdirSync",
            "fs.rmSync",
            "fs.cpSync",
            "fs-extra.readFileSync",
            "fs-extra.writeFileSync",
            "fs-extra.readJsonSync",
            "fs-extra.copySync",
            "fs-extra.removeSync",
            "child_process.execSync",
            "child_process.execFileSync",
            "child_process.spawnSync",
            "shelljs.exec",
            "crypto.pbkdf2Sync",
            "crypto.scryptSync",
            "crypto.generateKeyPairSync",
            "crypto.generatePrimeSync",
            "crypto.checkPrimeSync",
            "crypto.argon2Sync",
            "zlib.gzipSync",
            "zlib.gunzipSync",
            "zlib.deflateSync",
            "zlib.inflateSync",
            "zlib.deflateRawSync",
            "zlib.inflateRawSync",
            "zlib.unzipSync",
            "zlib.brotliCompressSync",
            "zlib.brotliDecompressSync",
            "zlib.zstdCompressSync",
            "zlib.zstdDecompressSync",
            "bcrypt.hashSync",
            "bcrypt.compareSync",
            "bcryptjs.hashSync",
            "bcryptjs.compareSync",
            "glob.sync",
            "glob.globSync",
        ],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(path) = call.path.as_deref() else { return };
    // shelljs waits for the program unless it is told not to.
    let is_async = path == "shelljs.exec"
        && (call.arguments.len() > 2
            || call.option(context, 1, "async").value().is_some_and(|value| context.is_boolean(value, true)));
    if is_async || !context.answers_requests(call.node) || is_lazy(context, call.node) {
        return;
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let (severity, next) = if path.starts_with("fs") || path.starts_with("glob") {
        ("a file", "use the function of fs.promises, or read it once at start")
    } else {
        ("its end", "use the asynchronous function of the same name")
    };
    let title = format!("while {name} waits for {severity} no other request is answered");
    context.report(Issue::new(&RULE, call.span, title).next(next));
}

/// `cache = cache || readFileSync(…)`, `if (!cache) cache = readFileSync(…)`: once in the life of the process.
fn is_lazy(context: &Context<'_, '_>, node: nodeward_javascript::oxc::NodeId) -> bool {
    context
        .semantic
        .nodes()
        .ancestor_kinds(node)
        .take_while(|kind| !matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)))
        .any(|kind| match kind {
            AstKind::LogicalExpression(logical) => !logical.operator.is_and(),
            AstKind::AssignmentExpression(assignment) => assignment.operator.is_logical(),
            AstKind::IfStatement(choice) => {
                matches!(&choice.test, Expression::UnaryExpression(unary) if unary.operator.is_not())
            }
            _ => false,
        })
}
