//! Where harm is done.

use crate::flow::graph::Taint;

/// What kind of harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SinkKind {
    /// A shell parses the command.
    ShellCommand,
    /// A program is started by name.
    ProgramName,
    /// Arguments of a program; an option may be among them.
    ProgramArguments,
    /// A string is run as code.
    Code,
    /// A timer is set: what it is given is mostly a function, and text only in browsers.
    Timer,
    /// A module is loaded by name.
    ModuleName,
    /// A file is opened by path.
    FilePath,
    /// A file is sent to a client by path.
    ServedPath,
    /// SQL.
    Sql,
    /// A query document.
    NoSql,
    /// LDAP, XPath, GraphQL text.
    OtherQuery,
    /// Markup is sent or shown.
    Markup,
    /// A template is compiled from text.
    Template,
    /// A template is chosen by name.
    ViewName,
    /// A request is sent to a host.
    Request,
    /// A browser is sent elsewhere.
    Redirect,
    /// A header is written.
    Header,
    /// A prototype is written to.
    PrototypeWrite,
    /// A serialised object is revived.
    Deserialise,
    /// A slow pattern meets a text.
    SlowPattern,
    /// A pattern is compiled from text.
    PatternText,
    /// Memory is allocated by number, or a loop runs by it.
    Allocation,
    /// Something leaves the machine.
    Sent,
    /// Something fetched is run or written where it runs.
    RunsFetched,
    /// A message of a log.
    LogText,
    /// A method is chosen by name and called.
    MethodName,
    /// All that an object has is copied; which object is chosen by name.
    CopiedObject,
}

impl SinkKind {
    /// What in a value makes it dangerous here.
    pub(crate) const fn taint(self) -> Taint {
        match self {
            Self::ShellCommand | Self::ProgramName => Taint::SHELL,
            Self::ProgramArguments => Taint::OPTION,
            Self::Code | Self::Timer | Self::Template => Taint::CODE,
            Self::ModuleName => Taint::MODULE,
            Self::FilePath | Self::ServedPath | Self::ViewName => Taint::PATH,
            Self::Sql | Self::OtherQuery => Taint::QUERY,
            Self::NoSql => Taint::OPERATOR,
            Self::Markup => Taint::MARKUP,
            Self::Request => Taint::HOST,
            Self::Redirect => Taint::REDIRECT,
            // Node.js refuses line breaks itself; what is left is the choice of the value.
            Self::Header => Taint::LINE.and(Taint::MARKUP),
            Self::LogText => Taint::LINE,
            Self::MethodName => Taint::KEY.and(Taint::CONSTRUCTOR),
            Self::CopiedObject => Taint::PROTOTYPE,
            Self::PrototypeWrite => Taint::PROTOTYPE,
            Self::Deserialise => Taint::SERIALISED,
            Self::SlowPattern | Self::PatternText => Taint::LENGTH,
            Self::Allocation => Taint::NUMBER,
            Self::Sent => Taint::SECRET,
            Self::RunsFetched => Taint::FETCHED,
        }
    }
}

/// Which of a call's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The argument at this place.
    At(usize),
    /// Any argument.
    Any,
    /// Arguments from this place on.
    From(usize),
}

const FIRST: Which = Which::At(0);

/// Kind, which value, of which interfaces.
pub(super) const SINKS: &[(SinkKind, Which, &[&str])] = &[
    (
        SinkKind::ShellCommand,
        FIRST,
        &[
            "child_process.{exec,execSync}",
            "{async-execute,async-exec,node-exec-promise,exec-as-promised,promisify-child-process,exec-sh-promise}",
            "{promisify-child-process,teen_process,async-child-process,async-exec}.{exec,execAsync}",
            "{child-process-promise,child_process_promise,mz/child_process,child-process-es6-promise}.exec",
            "{shelljs,shelljs/global}.exec",
            "global.exec",
            "{execa}.{command,commandSync,shell,shellSync}",
            "{exec-sh,sync-exec,execsyncs,exec-sync,npm-run,execSync,exec-then,exec-promise,shell-exec,await-exec}",
            "{shell-promise,promised-exec,promise-exec,@npmcli/promise-spawn,exec-async,then-exec,execp,super-exec}",
            "ssh2.Client.new.exec",
            "node-ssh.NodeSSH.new.execCommand",
            "bun.$",
            "node-cmd.{run,get,runSync}",
        ],
    ),
    (
        SinkKind::ProgramName,
        FIRST,
        &[
            "child_process.{spawn,spawnSync,execFile,execFileSync,fork}",
            "{cross-spawn,execa,spawn-please,win-spawn,cross-spawn-async,spawn-sync,foreground-child}",
            "cross-spawn.{spawn,sync}",
            "foreground-child.foregroundChild",
            "execa.{sync,execa,execaSync}",
        ],
    ),
    (
        SinkKind::ProgramArguments,
        Which::At(1),
        &[
            "child_process.{spawn,spawnSync,execFile,execFileSync,fork}",
            "{cross-spawn,execa,foreground-child}",
            "cross-spawn.{spawn,sync}",
            "foreground-child.foregroundChild",
            "execa.{sync,execa,execaSync}",
        ],
    ),
    // What opens a file or an address hands it to a program of the system.
    (SinkKind::ProgramArguments, FIRST, &["{open,opn,opener}", "open.{default,open,openApp}"]),
    (SinkKind::Code, Which::Any, &["global.{eval,execScript}", "global.Function", "global.Function.new"]),
    (SinkKind::Timer, FIRST, &["global.{setTimeout,setInterval}"]),
    (
        SinkKind::Code,
        FIRST,
        &[
            "vm.{runInThisContext,runInNewContext,runInContext,compileFunction,Script,createScript}",
            "vm.Script.new",
            "vm2.{VM,NodeVM}.new.run",
            "module.new._compile",
            "{static-eval,eval,node-eval,safe-eval,notevil,require-from-string,_eval,require-string}",
            "{mathjs}.{eval,evaluate}",
            "global.{Script}",
        ],
    ),
    (
        SinkKind::ModuleName,
        FIRST,
        &[
            "global.require",
            "global.require.resolve",
            "module.createRequire.()",
            "global.importScripts",
            "{ffi-napi,ffi}.Library",
            "{ffi-napi,ffi}.Library.new",
            "koffi.load",
        ],
    ),
    (SinkKind::ModuleName, Which::At(1), &["global.process.dlopen", "process.dlopen"]),
    (
        SinkKind::FilePath,
        FIRST,
        &[
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{readFile,readFileSync,createReadStream,open,openSync}",
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{writeFile,writeFileSync,appendFile,appendFileSync}",
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{createWriteStream,unlink,unlinkSync,rmdir,rmdirSync,rm,rmSync}",
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{rename,renameSync,mkdir,mkdirSync,readdir,readdirSync,chmod}",
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{copyFile,copyFileSync,symlink,symlinkSync,link,linkSync,readlink,truncate}",
            "{fs-extra,graceful-fs}.{readJson,readJSON,remove,copy,move,outputFile,emptyDir,ensureDir,readJsonSync}",
            "fs.promises.{readFile,writeFile,open,unlink,rm,readdir,mkdir,appendFile,rename,copyFile}",
            "fs/promises.{readFile,writeFile,open,unlink,rm,readdir,mkdir,appendFile,rename,copyFile}",
            "{rimraf,del,mkdirp,load-json-file,write-file-atomic,jsonfile,read,filed,readable-stream}",
            "jsonfile.{readFile,readFileSync,writeFile,writeFileSync}",
            "filed",
            "{vinyl-fs,glob-stream,gulp}.{src,dest}",
        ],
    ),
    (
        SinkKind::FilePath,
        Which::At(1),
        &[
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{rename,renameSync,copyFile,copyFileSync,cp,cpSync}",
            "{fs,fs-extra,graceful-fs,mz/fs,original-fs}.{symlink,symlinkSync,link,linkSync}",
            "fs.promises.{rename,copyFile,cp,symlink,link}",
            "fs/promises.{rename,copyFile,cp,symlink,link}",
            "fs-extra.{copy,copySync,move,moveSync}",
        ],
    ),
    (
        SinkKind::ServedPath,
        FIRST,
        &["~response.{sendFile,sendfile,download}", "~context.sendFile", "{koa-send}"],
    ),
    (SinkKind::ServedPath, Which::At(1), &["{send,koa-send}"]),
    (
        SinkKind::Sql,
        FIRST,
        &[
            "{mysql,mysql2,mysql2/promise,mariadb}.{createConnection,createPool}.().{query,execute}",
            "{mysql,mysql2}.{createPool}.().getConnection.@0.1.{query,execute}",
            "pg.{Client,Pool}.new.query",
            "pg.{Client,Pool}.{query}",
            "pg.connect.@*.1.query",
            "{pg-promise}.().().{query,any,one,none,many,oneOrNone,manyOrNone,result,multi}",
            "{sqlite3,sqlite3-offline}.Database.new.{run,get,all,exec,each,prepare}",
            "sqlite3.verbose.().Database.new.{run,get,all,exec,each,prepare}",
            "better-sqlite3.new.{prepare,exec}",
            "better-sqlite3.().{prepare,exec}",
            "sqlite.DatabaseSync.new.{prepare,exec}",
            "knex.().{raw,schema,whereRaw,orderByRaw,havingRaw,joinRaw,fromRaw,groupByRaw}",
            "sequelize.Sequelize.new.{query,literal}",
            "sequelize.new.{query,literal}",
            "sequelize.{Sequelize}.literal",
            "sequelize.literal",
            "@prisma/client.PrismaClient.new.{$queryRawUnsafe,$executeRawUnsafe}",
            "mssql.{query,Request}",
            "mssql.Request.new.{query,batch}",
            "mssql.connect.().request.().query",
            "{mysql2}.{createConnection,createPool}.().promise.().{query,execute}",
            "{mysql2/promise,mysql2,mariadb}.createPool.().getConnection.().{query,execute}",
            "{pg,pg-pool}.{Pool}.new.connect.().query",
            "pg-pool.new.query",
            "{postgres,slonik}.().unsafe",
            "@vercel/postgres.sql.query",
            "@neondatabase/serverless.neon.().query",
            "{drizzle-orm}.sql.raw",
            "typeorm.{getConnection,getManager,createConnection}.().query",
            "typeorm.{DataSource,Connection}.new.query",
            "~entities.query",
            "~builder.{where,andWhere,orWhere,having,andHaving,orHaving,orderBy,addOrderBy,groupBy,addGroupBy}",
            "~builder.{select,addSelect,set}",
            "oracledb.getConnection.().execute",
            "tedious.Request.new",
        ],
    ),
    (
        SinkKind::NoSql,
        FIRST,
        &[
            "mongoose.model.().{find,findOne,findOneAndUpdate,updateOne,updateMany,deleteOne,deleteMany,count,where}",
            "mongoose.model.().{findOneAndDelete,findOneAndRemove,countDocuments,remove,update,exists,distinct}",
            "mongodb.MongoClient.new.db.().collection.().{find,findOne,updateOne,updateMany,deleteOne,deleteMany}",
            "mongodb.MongoClient.connect.@*.1.db.().collection.().{find,findOne,updateOne,updateMany,deleteOne}",
            "mongodb.MongoClient.connect.@*.1.collection.().{find,findOne,update,remove,updateOne,deleteOne}",
            "{monk,mongojs,mongoskin}.().{collection,get}.().{find,findOne,update,remove}",
        ],
    ),
    (
        SinkKind::OtherQuery,
        Which::Any,
        &[
            "ldapjs.createClient.().search",
            "xpath.{select,evaluate,select1}",
            "xpath",
            "graphql.{graphql,buildSchema}",
        ],
    ),
    (
        SinkKind::Markup,
        FIRST,
        &[
            "~response.{send,write,end}",
            "global.document.{write,writeln}",
            "global.document.getElementById.().insertAdjacentHTML",
            "{jquery}.().{html,append,prepend,after,before,replaceWith}",
            "global.$.().{html,append,prepend,after,before,replaceWith}",
            "global.jQuery.().{html,append,prepend,after,before,replaceWith}",
            "{jquery}",
            "global.{$,jQuery}",
        ],
    ),
    (
        SinkKind::Template,
        FIRST,
        &[
            "{ejs,pug,jade,handlebars,mustache,nunjucks,dot,hogan.js,swig,eta,art-template,dust}.{compile,render}",
            "{ejs,nunjucks,swig,art-template,mustache,eta,squirrelly}.{renderString,template,renderAsync}",
            "{lodash,underscore}.template",
            "{lodash.template,ejs-compile,dot}",
            "doT.{template,compile}",
        ],
    ),
    (SinkKind::ViewName, FIRST, &["~response.render", "~context.render", "~app.render"]),
    (
        SinkKind::Request,
        FIRST,
        &[
            "{http,https}.{get,request}",
            "global.fetch",
            "{axios,got,needle,node-fetch,request,request-promise,superagent,phin,bent,undici,cross-fetch,follow-redirects}",
            "{axios,got,needle,request,request-promise,superagent,undici}.{get,post,put,delete,head,patch,request,fetch,stream}",
            "{node-fetch,cross-fetch,isomorphic-fetch}.{default,fetch}",
            "{puppeteer,playwright}.launch.().newPage.().goto",
            "{net,tls}.{connect,createConnection}",
            "net.Socket.new.connect",
        ],
    ),
    (SinkKind::Request, Which::At(1), &["{net,tls}.{connect,createConnection}", "net.Socket.new.connect"]),
    (SinkKind::Redirect, Which::Any, &["~response.redirect", "~context.redirect"]),
    (SinkKind::Redirect, FIRST, &["~response.location", "global.{location}.{assign,replace}"]),
    (SinkKind::Header, Which::From(1), &["~response.{setHeader,writeHead,header,set,append}"]),
    (
        SinkKind::Deserialise,
        FIRST,
        &[
            "{node-serialize,serialize-to-js,funcster,cryo,serialijse}.{unserialize,deserialize,deepDeserialize,parse}",
            "js-yaml.{load,loadAll,safeLoadAll}",
            "v8.deserialize",
            "{php-unserialize,php-serialize}.unserialize",
        ],
    ),
    (SinkKind::PatternText, FIRST, &["global.RegExp", "global.RegExp.new"]),
    (
        SinkKind::Allocation,
        FIRST,
        &[
            "global.Buffer.{alloc,allocUnsafe,allocUnsafeSlow}",
            "buffer.Buffer.{alloc,allocUnsafe}",
            "global.Array",
            "global.Array.new",
            "global.Buffer.new",
            "global.Buffer",
        ],
    ),
    (
        SinkKind::Sent,
        Which::Any,
        &[
            "{http,https}.{get,request}",
            "{http,https}.request.().{write,end}",
            "global.fetch",
            "{axios,got,needle,node-fetch,request,superagent}",
            "{axios,got,needle,request,superagent}.{post,put,get}",
            "dns.{lookup,resolve,resolve4,resolveTxt}",
            "net.Socket.new.write",
            "net.connect.().write",
        ],
    ),
    (
        SinkKind::RunsFetched,
        Which::Any,
        &[
            "global.{eval,Function}",
            "global.Function.new",
            "child_process.{exec,execSync,spawn,spawnSync,execFile,execFileSync}",
            "vm.{runInThisContext,runInNewContext}",
        ],
    ),
    (
        SinkKind::LogText,
        Which::Any,
        &[
            "global.console.{log,info,warn,error,debug,trace}",
            "console.{log,info,warn,error,debug,trace}",
            "winston.{log,error,warn,info,http,verbose,debug}",
            "winston.createLogger.().{log,error,warn,info,http,verbose,debug}",
            "log4js.getLogger.().{trace,debug,info,warn,error,fatal}",
            "{npmlog,loglevel,signale,consola}.{log,error,warn,info,debug,trace,notice,success}",
        ],
    ),
];

/// Methods that do harm whatever they belong to, by name: for objects that nothing is known of.
pub(crate) const NAMED: &[(&str, Which, SinkKind)] = &[
    ("query", FIRST, SinkKind::Sql),
    ("execSync", FIRST, SinkKind::ShellCommand),
    ("execAsync", FIRST, SinkKind::ShellCommand),
    ("runInThisContext", FIRST, SinkKind::Code),
    ("runInNewContext", FIRST, SinkKind::Code),
    ("sendFile", FIRST, SinkKind::ServedPath),
    ("sendfile", FIRST, SinkKind::ServedPath),
    ("createReadStream", FIRST, SinkKind::FilePath),
    ("readFileSync", FIRST, SinkKind::FilePath),
    ("insertAdjacentHTML", Which::At(1), SinkKind::Markup),
    ("$where", FIRST, SinkKind::Code),
    ("$queryRawUnsafe", FIRST, SinkKind::Sql),
    ("$executeRawUnsafe", FIRST, SinkKind::Sql),
    ("whereRaw", FIRST, SinkKind::Sql),
    ("raw", FIRST, SinkKind::Sql),
    ("unserialize", FIRST, SinkKind::Deserialise),
    ("findOne", FIRST, SinkKind::NoSql),
    ("findOneAndUpdate", FIRST, SinkKind::NoSql),
    ("findOneAndDelete", FIRST, SinkKind::NoSql),
    ("updateOne", FIRST, SinkKind::NoSql),
    ("updateMany", FIRST, SinkKind::NoSql),
    ("deleteOne", FIRST, SinkKind::NoSql),
    ("deleteMany", FIRST, SinkKind::NoSql),
    ("countDocuments", FIRST, SinkKind::NoSql),
];

/// Functions that do harm whatever they are, by name: made of others, or of packages that nothing is known of.
pub(crate) const NAMED_FUNCTIONS: &[(&str, Which, SinkKind)] = &[
    ("exec", FIRST, SinkKind::ShellCommand),
    ("execSync", FIRST, SinkKind::ShellCommand),
    ("execAsync", FIRST, SinkKind::ShellCommand),
    ("execPromise", FIRST, SinkKind::ShellCommand),
    ("execP", FIRST, SinkKind::ShellCommand),
    ("execCommand", FIRST, SinkKind::ShellCommand),
    ("execShellCommand", FIRST, SinkKind::ShellCommand),
    ("promisedExec", FIRST, SinkKind::ShellCommand),
];

/// Properties that do harm when written.
pub(crate) const PROPERTIES: &[(&str, SinkKind)] = &[
    ("innerHTML", SinkKind::Markup),
    ("outerHTML", SinkKind::Markup),
    ("srcdoc", SinkKind::Markup),
    // What Koa sends: a text is markup unless a type was set.
    ("ctx.body", SinkKind::Markup),
    ("$where", SinkKind::Code),
];
