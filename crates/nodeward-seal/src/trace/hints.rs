//! Conventions of well-known packages: what they load that no text says.
//!
//! One line a convention. `when` is the file of the package whose presence in the list means that the convention
//! applies; empty for any. A package that is not installed, or a file that is not there, adds nothing.

/// What a convention brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brings {
    /// Files of the same package by path; `*` is any text. They are loaded as code.
    Code(&'static [&'static str]),
    /// Files of the same package by path; `*` is any text. They are read only.
    Data(&'static [&'static str]),
    /// Packages, or files of packages, that the package itself can resolve.
    Modules(&'static [&'static str]),
    /// Files of the project by path; `*` is any text. They are read only.
    Project(&'static [&'static str]),
    /// Files of the project by path; `*` is any text. They are loaded as code.
    Own(&'static [&'static str]),
    /// Files by path, loaded as code, of each package that the package or the project depends on and whose manifest
    /// has this field.
    Plugins(&'static str, &'static [&'static str]),
    /// Of these packages, those that the project has among its own production dependencies.
    Chosen(&'static [&'static str]),
}

/// One convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The package.
    pub package: &'static str,
    /// The file of it that makes the convention count.
    pub when: &'static str,
    /// What it brings along.
    pub brings: Brings,
}

const fn code(package: &'static str, when: &'static str, files: &'static [&'static str]) -> Hint {
    Hint { package, when, brings: Brings::Code(files) }
}

const fn data(package: &'static str, when: &'static str, files: &'static [&'static str]) -> Hint {
    Hint { package, when, brings: Brings::Data(files) }
}

const fn modules(package: &'static str, when: &'static str, names: &'static [&'static str]) -> Hint {
    Hint { package, when, brings: Brings::Modules(names) }
}

const fn chosen(package: &'static str, when: &'static str, names: &'static [&'static str]) -> Hint {
    Hint { package, when, brings: Brings::Chosen(names) }
}

const fn project(package: &'static str, when: &'static str, files: &'static [&'static str]) -> Hint {
    Hint { package, when, brings: Brings::Project(files) }
}

const fn own(package: &'static str, when: &'static str, files: &'static [&'static str]) -> Hint {
    Hint { package, when, brings: Brings::Own(files) }
}

const fn plugins(package: &'static str, field: &'static str, files: &'static [&'static str]) -> Hint {
    Hint { package, when: "", brings: Brings::Plugins(field, files) }
}

/// What Egg's loader looks for in an application, in a plugin and in the framework itself.
const EGG: &[&str] = &["app.js", "agent.js", "app/*", "config/*"];

/// Where a program of oclif's, or a plugin, has its commands and hooks.
const OCLIF: &[&str] = &["lib/commands/*", "lib/hooks/*", "dist/commands/*", "dist/hooks/*"];

/// Engines that render views by the extension of a file.
const VIEW_ENGINES: &[&str] = &[
    "pug",
    "ejs",
    "hbs",
    "express-handlebars",
    "handlebars",
    "nunjucks",
    "mustache",
    "eta",
    "liquidjs",
    "twig",
    "dot",
    "squirrelly",
    "haml",
    "jade",
    "consolidate",
    "marko",
    "vash",
    "atpl",
    "eco",
    "swig-templates",
];

/// Drivers of relational databases.
const SQL_DRIVERS: &[&str] = &[
    "mysql2",
    "mysql",
    "mariadb",
    "pg",
    "pg-hstore",
    "pg-native",
    "pg-query-stream",
    "sqlite3",
    "better-sqlite3",
    "tedious",
    "oracledb",
    "snowflake-sdk",
    "ibm_db",
    "sql.js",
];

/// Every convention, by package.
pub const HINTS: &[Hint] = &[
    // Started in a thread of its own, by a path that is put together there.
    code("thread-stream", "", &["lib/worker.js", "lib/indexes.js"]),
    code("pino", "lib/transport.js", &["lib/worker.js", "file.js", "lib/worker-pipeline.js"]),
    modules("pino", "lib/transport.js", &["thread-stream", "pino-abstract-transport", "sonic-boom"]),
    chosen(
        "pino",
        "lib/transport.js",
        &[
            "pino-pretty",
            "pino-roll",
            "pino-socket",
            "pino-loki",
            "pino-opentelemetry-transport",
            "pino-elasticsearch",
            "pino-sentry-transport",
            "pino-datadog-transport",
            "pino-http-send",
            "pino-mongodb",
        ],
    ),
    code("piscina", "", &["dist/worker.js", "dist/esm-wrapper.mjs"]),
    code("tinypool", "", &["dist/entry/*"]),
    code("workerpool", "", &["src/worker.js", "src/generated/*", "dist/worker*.js"]),
    code("jest-worker", "", &["build/processChild.js", "build/threadChild.js", "build/workers/*.js"]),
    code("synckit", "", &["lib/*"]),
    code("bullmq", "", &["dist/cjs/classes/main*.js", "dist/esm/classes/main*.js", "dist/cjs/scripts/*.js"]),
    data("bullmq", "", &["dist/cjs/commands/*.lua", "dist/esm/commands/*.lua"]),
    code("bull", "", &["lib/process/master.js", "lib/commands/*"]),
    // The engine is named after the extension of the view.
    chosen("express", "lib/view.js", VIEW_ENGINES),
    project("express", "lib/view.js", &["views/*"]),
    project(
        "next",
        "dist/server/lib/start-server.js",
        &[".next/server/*", ".next/static/*", ".next/*.json", ".next/BUILD_ID", "public/*"],
    ),
    project("config", "", &["config/*"]),
    chosen("koa-views", "", VIEW_ENGINES),
    chosen("@ladjs/consolidate", "", VIEW_ENGINES),
    chosen("consolidate", "", VIEW_ENGINES),
    chosen("@fastify/view", "", VIEW_ENGINES),
    chosen("email-templates", "", VIEW_ENGINES),
    // The driver is named after the dialect.
    chosen("sequelize", "", SQL_DRIVERS),
    chosen("@sequelize/core", "", SQL_DRIVERS),
    chosen("knex", "", SQL_DRIVERS),
    chosen("typeorm", "", SQL_DRIVERS),
    chosen(
        "typeorm",
        "",
        &["mongodb", "redis", "ioredis", "@sap/hana-client", "typeorm-aurora-data-api-driver"],
    ),
    chosen("@mikro-orm/core", "", SQL_DRIVERS),
    chosen("objection", "", &["knex"]),
    chosen(
        "keyv",
        "",
        &[
            "@keyv/redis",
            "@keyv/mongo",
            "@keyv/sqlite",
            "@keyv/postgres",
            "@keyv/mysql",
            "@keyv/etcd",
            "@keyv/memcache",
        ],
    ),
    // Loaded by a name that is handed to a helper.
    chosen(
        "@nestjs/core",
        "",
        &[
            "@nestjs/platform-express",
            "@nestjs/platform-fastify",
            "@nestjs/websockets",
            "@nestjs/microservices",
            "class-transformer",
            "class-validator",
        ],
    ),
    modules("@nestjs/common", "", &["class-transformer", "class-validator"]),
    chosen("@nestjs/websockets", "", &["@nestjs/platform-socket.io", "@nestjs/platform-ws"]),
    chosen(
        "@nestjs/microservices",
        "",
        &[
            "@grpc/grpc-js",
            "@grpc/proto-loader",
            "kafkajs",
            "mqtt",
            "nats",
            "ioredis",
            "amqplib",
            "amqp-connection-manager",
        ],
    ),
    chosen(
        "@nestjs/graphql",
        "",
        &["@nestjs/apollo", "@nestjs/mercurius", "@apollo/server", "ts-morph", "graphql-subscriptions"],
    ),
    chosen("@nestjs/serve-static", "", &["express", "@fastify/static"]),
    chosen(
        "@nestjs/swagger",
        "",
        &["swagger-ui-express", "@fastify/static", "swagger-ui-dist", "class-transformer", "class-validator"],
    ),
    data("swagger-ui-dist", "", &["*.js", "*.css", "*.html", "*.png"]),
    chosen(
        "@nestjs/terminus",
        "",
        &[
            "@nestjs/typeorm",
            "@nestjs/mongoose",
            "@nestjs/sequelize",
            "@nestjs/axios",
            "@nestjs/microservices",
        ],
    ),
    // Generated beside the package when the schema is compiled.
    code("@prisma/client", "", &["runtime/library.js", "runtime/binary.js", "runtime/client.js"]),
    data("@prisma/client", "", &["runtime/query_*.wasm*", "runtime/query_compiler_bg.*", "schema.prisma"]),
    code(".prisma", "", &["client/*.js", "client/*.mjs", "client/*.node", "client/*.wasm"]),
    data(".prisma", "", &["client/schema.prisma", "client/query-engine-*"]),
    data("@prisma/engines", "", &["query-engine-*", "schema-engine-*", "libquery_engine-*"]),
    // The library that the add-on of the same system needs.
    modules(
        "sharp",
        "",
        &[
            "@img/sharp-linux-x64/sharp.node",
            "@img/sharp-linux-arm64/sharp.node",
            "@img/sharp-linuxmusl-x64/sharp.node",
            "@img/sharp-linuxmusl-arm64/sharp.node",
            "@img/sharp-darwin-x64/sharp.node",
            "@img/sharp-darwin-arm64/sharp.node",
            "@img/sharp-win32-x64/sharp.node",
            "@img/sharp-wasm32/sharp.node",
        ],
    ),
    data("canvas", "", &["build/Release/*.so*", "build/Release/*.dll", "build/Release/*.dylib"]),
    code("oracledb", "", &["build/Release/oracledb-*.node"]),
    // Files that are read by paths from another file's folder.
    data(
        "jsdom",
        "",
        &["lib/jsdom/browser/default-stylesheet.css", "lib/jsdom/browser/default-stylesheet.js"],
    ),
    code("jsdom", "", &["lib/jsdom/living/xhr/xhr-sync-worker.js"]),
    data("google-gax", "", &["build/protos/*", "protos/*"]),
    data("@grpc/grpc-js", "", &["proto/*"]),
    data("google-proto-files", "", &["google/*"]),
    data("protobufjs", "", &["google/*"]),
    modules("@protobufjs/inquire", "", &["long"]),
    data("uglify-js", "", &["lib/*.js", "tools/*.js", "tools/*.json"]),
    data("pdfkit", "", &["js/data/*"]),
    data("geoip-lite", "", &["data/*"]),
    data("i18n-iso-countries", "", &["langs/*"]),
    data("mime-db", "", &["db.json"]),
    data("argon2", "", &["lib/binding/*"]),
    data("tiktoken", "", &["*.wasm"]),
    data("web-tree-sitter", "", &["*.wasm", "debug/*.wasm"]),
    data("puppeteer-core", "", &["lib/*/injected/*"]),
    code("playwright-core", "", &["browsers.json", "lib/server/*", "lib/utils*"]),
    code("mathjax", "", &["input/*.js", "output/*.js", "adaptors/*.js", "a11y/*.js", "ui/*.js", "*.js"]),
    data("mathjax", "", &["sre/*"]),
    modules("mathjax", "", &["@mathjax/mathjax-newcm-font/svg.js", "@mathjax/mathjax-newcm-font/chtml.js"]),
    code("@mathjax/mathjax-newcm-font", "", &["svg/*.js", "chtml/*.js", "svg.js", "chtml.js"]),
    code("pdfjs-dist", "build/pdf.mjs", &["build/pdf.worker.mjs"]),
    code("pdfjs-dist", "build/pdf.min.mjs", &["build/pdf.worker.min.mjs"]),
    code("pdfjs-dist", "legacy/build/pdf.mjs", &["legacy/build/pdf.worker.mjs"]),
    code("pdfjs-dist", "legacy/build/pdf.min.mjs", &["legacy/build/pdf.worker.min.mjs"]),
    data("pdfjs-dist", "", &["cmaps/*", "standard_fonts/*", "wasm/*", "iccs/*"]),
    modules(
        "jest-config",
        "",
        &["@jest/test-sequencer", "jest-circus/runner", "jest-environment-node", "babel-jest"],
    ),
    modules("grunt-cli", "", &["grunt"]),
    data("axe-core", "", &["axe.min.js", "axe.js"]),
    data("socket.io", "", &["client-dist/*"]),
    // Locales and languages are named when they are first asked for.
    code("moment", "moment.js", &["locale/*.js"]),
    code("ajv-i18n", "", &["localize/*"]),
    code("shiki", "", &["dist/langs/*", "dist/themes/*"]),
    // Named by configuration files or options.
    chosen(
        "winston",
        "",
        &[
            "winston-daily-rotate-file",
            "winston-transport",
            "winston-mongodb",
            "winston-elasticsearch",
            "winston-loki",
            "winston-syslog",
        ],
    ),
    code("log4js", "", &["lib/appenders/*.js"]),
    chosen("log4js", "", &["nodemailer", "@log4js-node/smtp", "@log4js-node/gelf", "@log4js-node/slack"]),
    chosen(
        "mongoose",
        "",
        &["mongodb-client-encryption", "kerberos", "snappy", "@mongodb-js/zstd", "aws4", "socks"],
    ),
    chosen(
        "mongodb",
        "",
        &[
            "mongodb-client-encryption",
            "kerberos",
            "snappy",
            "@mongodb-js/zstd",
            "aws4",
            "socks",
            "gcp-metadata",
            "@aws-sdk/credential-providers",
        ],
    ),
    chosen("ws", "", &["bufferutil", "utf-8-validate"]),
    chosen("socket.io", "", &["uws", "eiows", "bufferutil", "utf-8-validate", "@socket.io/redis-adapter"]),
    chosen("i18next-fs-backend", "", &["json5", "js-yaml", "jsonc-parser"]),
    chosen(
        "config",
        "",
        &["js-yaml", "yaml", "toml", "json5", "hjson", "cson", "properties", "x2js", "ts-node"],
    ),
    chosen(
        "@apollo/server",
        "",
        &[
            "@apollo/server-plugin-landing-page-graphql-playground",
            "@as-integrations/express5",
            "@as-integrations/express4",
        ],
    ),
    chosen("apollo-server-core", "", &["apollo-server-plugin-base"]),
    chosen("agenda", "", &["mongodb"]),
    // The server reads its parts by names that its builder chose; the standalone build lists them beside it.
    code(
        "next",
        "dist/server/lib/start-server.js",
        &[
            "dist/server/*.js",
            "dist/compiled/next-server/*.js",
            "dist/shared/lib/*.js",
            "dist/lib/*.js",
            "dist/compiled/*",
        ],
    ),
    modules(
        "next",
        "dist/server/lib/start-server.js",
        &[
            "react",
            "react-dom",
            "react-dom/server",
            "react/jsx-runtime",
            "styled-jsx",
            "styled-jsx/style",
            "@swc/helpers/_/_interop_require_default",
            "@next/env",
            "sharp",
        ],
    ),
    // Everything that has its place in the folders of an application or a plugin.
    own("egg", "", EGG),
    code("egg", "", EGG),
    code("egg", "", &["dist/commonjs/*", "dist/esm/*"]),
    plugins(
        "egg",
        "eggPlugin",
        &["app.js", "agent.js", "app/*", "config/*", "dist/commonjs/*", "dist/esm/*"],
    ),
    // Commands and hooks of a program and of its plugins, by the names in its manifest.
    own("@oclif/core", "", OCLIF),
    project("@oclif/core", "", &["oclif.manifest.json"]),
    plugins("@oclif/core", "oclif", OCLIF),
    plugins("@oclif/core", "oclif", &["oclif.manifest.json", "lib/index.js", "dist/index.js"]),
    // Instrumentations are looked up by the name of what is loaded.
    code("@opentelemetry/sdk-node", "", &["build/src/*.js"]),
    code("dd-trace", "", &["packages/datadog-instrumentations/src/*", "packages/datadog-plugin-*"]),
    code("newrelic", "", &["lib/instrumentation/*"]),
    // Modules of a compiler or a linter, by the names of rules and plugins.
    code("eslint", "", &["lib/rules/*.js", "lib/cli-engine/formatters/*", "lib/linter/*"]),
    data("typescript", "", &["lib/lib*.d.ts"]),
    data("svgo", "", &["plugins/*"]),
    code("mathjs", "", &["lib/cjs/entry/*"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_something_once() {
        let mut seen = std::collections::BTreeSet::new();
        for hint in HINTS {
            let names = match hint.brings {
                Brings::Code(names)
                | Brings::Data(names)
                | Brings::Modules(names)
                | Brings::Project(names)
                | Brings::Own(names)
                | Brings::Plugins(_, names)
                | Brings::Chosen(names) => names,
            };
            assert!(!names.is_empty(), "{}", hint.package);
            for name in names {
                assert!(!name.starts_with('/'), "{}: {name}", hint.package);
                let kind = std::mem::discriminant(&hint.brings);
                assert!(
                    seen.insert((hint.package, hint.when, format!("{kind:?}"), *name)),
                    "{}: {name}",
                    hint.package
                );
            }
        }
    }
}
