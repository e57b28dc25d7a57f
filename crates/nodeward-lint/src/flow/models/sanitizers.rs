//! Functions whose results can no longer do certain things.

use crate::flow::graph::Taint;

const TEXT: Taint = Taint::OPERATOR.and(Taint::OBJECT).and(Taint::SERIALISED).and(Taint::PROTOTYPE);

/// What is gone from a result, and of which functions.
pub(super) const RESULTS: &[(Taint, &[&str])] = &[
    (
        Taint::OUTSIDE.and(Taint::PROTOTYPE).without(Taint::NUMBER),
        &["global.{parseInt,parseFloat,Number,BigInt}", "global.Number.{parseInt,parseFloat}"],
    ),
    (
        Taint(u32::MAX),
        &[
            "global.{Boolean,Symbol,isNaN,isFinite}",
            "global.Date.new",
            "global.Math.*",
            "global.Array.isArray",
            "global.Number.{isInteger,isNaN,isFinite,isSafeInteger}",
            "fs.{existsSync,statSync,lstatSync,accessSync,writeFileSync,unlinkSync,mkdirSync,stat,exists}",
            "fs.{readFileSync,readFile,createReadStream,createWriteStream,readdir,readdirSync}",
            "fs.promises.{readFile,stat,access,writeFile,readdir}",
            "{fs/promises,fs-extra,graceful-fs}.*",
            "crypto.{createHash,createHmac,randomBytes,pbkdf2Sync,scryptSync,timingSafeEqual,createCipheriv}",
            "crypto.createHash.().update.().digest",
            "{bcrypt,bcryptjs,argon2}.*",
            "child_process.*",
            "{uuid,nanoid}.{v1,v3,v4,v5,v6,v7,nanoid,customAlphabet}",
        ],
    ),
    (
        Taint::NONE,
        &[
            "global.Object.{keys,values,entries,getOwnPropertyNames,getOwnPropertySymbols,fromEntries}",
            "global.Reflect.{ownKeys,get}",
            "global.Array.{from,of}",
            "global.JSON.parse",
            "{lodash,underscore}.{keys,values,toPairs,pairs,map,filter,flatten,toPath,split}",
            "{querystring,qs}.{parse,unescape}",
            "url.{parse,resolve,format}",
            "global.URL.new",
            "url.URL.new",
            "global.{decodeURIComponent,decodeURI,unescape}",
            "global.Buffer.from",
        ],
    ),
    (TEXT, &["global.String", "util.format"]),
    // Elements, whatever was asked for.
    (Taint::OUTSIDE, &["global.{$,jQuery}", "{jquery}"]),
    (
        Taint::MARKUP.and(Taint::PATH).and(Taint::HOST).and(Taint::LINE).and(Taint::REDIRECT).and(TEXT),
        &["global.encodeURIComponent"],
    ),
    (
        Taint::LINE.and(TEXT),
        &["global.{encodeURI,escape}", "global.JSON.stringify", "util.inspect", "querystring.stringify"],
    ),
    (Taint::PATH.and(TEXT), &["path.{basename,extname}", "path.{posix,win32}.{basename,extname}"]),
    (
        Taint::HOST.and(Taint::REDIRECT).and(TEXT),
        &["path.{join,resolve,normalize,dirname,relative}", "path.{posix,win32}.{join,resolve,normalize}"],
    ),
    (Taint::PATH.and(TEXT), &["sanitize-filename", "{sanitize-filename,filenamify}.()"]),
    (
        Taint::SHELL.and(TEXT),
        &[
            "shell-quote.quote",
            "{shell-escape,shellescape,puka,shescape}",
            "{any-shell-escape,shell-escape-tag}",
            "shescape.{quote,escape,quoteAll,escapeAll}",
            "{puka}.{sh,quoteForShell}",
        ],
    ),
    (
        Taint::MARKUP.and(TEXT),
        &[
            "{escape-html,html-escape,he,entities,xss,dompurify,sanitize-html,isomorphic-dompurify,striptags}",
            "{he,entities,html-entities}.{encode,escape,encodeXML,encodeHTML,escapeUTF8}",
            "{dompurify,isomorphic-dompurify}.sanitize",
            "{lodash,underscore}.escape",
            "validator.escape",
        ],
    ),
    (
        Taint::QUERY.and(TEXT),
        &[
            "{mysql,mysql2,sqlstring}.{escape,escapeId,format}",
            "pg-format",
            "pg.{escapeLiteral,escapeIdentifier}",
            "pg-escape",
        ],
    ),
    (
        Taint::LENGTH.and(TEXT),
        &[
            "{lodash,underscore}.escapeRegExp",
            "{escape-string-regexp,escape-regexp,escape-regex-string,lodash.escaperegexp,regex-escape}",
            "global.RegExp.escape",
        ],
    ),
];
