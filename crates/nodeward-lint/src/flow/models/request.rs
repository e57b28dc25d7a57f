//! Requests, messages, arguments: where values from outside come in.

use super::Origin;

/// Interfaces that are the same as others. The target is the first named; a path may name several.
pub(super) const ALIASES: &[(&str, &str)] = &[
    // Node.js.
    ("{http,https}.createServer.@*.0", "~request"),
    ("{http,https}.createServer.@*.1", "~response"),
    ("{http,https}.Server.new.on.@1.0", "~request"),
    ("{http,https}.createServer.().on.@1.0", "~request"),
    ("{http,https}.createServer.().on.@1.1", "~response"),
    ("http2.{createServer,createSecureServer}.@*.0", "~request"),
    ("http2.{createServer,createSecureServer}.@*.1", "~response"),
    // Express and those that look like it.
    ("express.()", "~app"),
    ("express.Router.()", "~app"),
    ("express.Router.new", "~app"),
    ("router.()", "~app"),
    ("connect.()", "~app"),
    ("{restify,polka,restana}.{createServer,create}.()", "~app"),
    ("{polka,restana,fastify,find-my-way,0http,tinyhttp,ultimate-express}.()", "~app"),
    ("fastify.fastify.()", "~app"),
    ("@tinyhttp/app.App.new", "~app"),
    ("~app.route.()", "~app"),
    ("~app.{get,post,put,delete,patch,all,use,head,options,del,param,route,any,on}.()", "~app"),
    ("~app.{get,post,put,delete,patch,all,use,head,options,del,any,route}.@*.0", "~request"),
    ("~app.{get,post,put,delete,patch,all,use,head,options,del,any,route}.@*.1", "~response"),
    ("~app.param.@1.0", "~request"),
    ("~app.param.@1.1", "~response"),
    ("~app.{addHook,decorate}.@1.0", "~request"),
    // Koa and Hono.
    ("koa.new", "~koa"),
    ("koa.()", "~koa"),
    ("{koa-router,@koa/router}.new", "~koa"),
    ("{koa-router,@koa/router}.()", "~koa"),
    ("hono.Hono.new", "~koa"),
    ("~koa.{get,post,put,delete,patch,all,use,head,options,del,prefix}.()", "~koa"),
    ("~koa.{get,post,put,delete,patch,all,use,head,options,del}.@*.0", "~context"),
    ("~context.{request,req}", "~request"),
    ("~context.{response,res}", "~response"),
    // What a response gives back is the response.
    (
        "~response.{status,type,set,header,setHeader,contentType,cookie,append,vary,links,code,headers}.()",
        "~response",
    ),
    // Sockets.
    ("ws.{Server,WebSocketServer}.new.on.@1.0", "~socket"),
    ("ws.{Server,WebSocketServer}.new.on.@1.1", "~request"),
    ("socket%io.Server.new.{on,of}.@1.0", "~socket"),
    ("socket%io.().on.@1.0", "~socket"),
    ("net.createServer.@*.0", "~socket"),
    ("~socket.on.@1.0", "~message"),
    ("~request.on.@1.0", "~message"),
];

/// Values from outside.
pub(super) const SOURCES: &[(&[&str], Origin)] = &[
    (
        &[
            "~request.{body,query,params,headers,cookies,signedCookies,url,originalUrl,path,hostname,rawBody}",
            "~request.{rawHeaders,subdomains,host,href,search,querystring,payload,raw,text,json,baseUrl,fields}",
            "~request.{param,get,header,formData,parseBody,queries,arrayBuffer}.()",
            "~request.{json,text}.()",
            "~request.query.()",
            "~request.url.()",
            "~context.{query,params,url,path,originalUrl,headers,href,querystring,search,hostname,host}",
            "~context.{get}.()",
            "~message",
            "~socket.on.@1.0",
            "kafkajs.Kafka.new.consumer.().run.@0.0",
            "amqplib.connect.().createChannel.().consume.@1.0",
        ],
        Origin::Remote,
    ),
    (
        &[
            "global.process.argv",
            "global.process.env",
            "process.argv",
            "process.env",
            "{minimist,yargs-parser,mri,arg,getopts}.()",
            "yargs.argv",
            "yargs.().argv",
            "optimist.argv",
            "nopt.()",
            "commander.program.opts.()",
        ],
        Origin::Launch,
    ),
    (
        &[
            "global.process.env.{NPM_TOKEN,NODE_AUTH_TOKEN,GITHUB_TOKEN,GH_TOKEN,GITLAB_TOKEN,CI_JOB_TOKEN}",
            "global.process.env.{AWS_SECRET_ACCESS_KEY,AWS_SESSION_TOKEN,AWS_ACCESS_KEY_ID,VAULT_TOKEN}",
            "global.process.env.{DATABASE_URL,OPENAI_API_KEY,ANTHROPIC_API_KEY,STRIPE_SECRET_KEY}",
            "os.{userInfo,hostname}.()",
        ],
        Origin::Secret,
    ),
    (
        &[
            "{axios,got,needle,node-fetch,request-promise,superagent,undici,phin,bent}.{get,post,request,fetch}.()",
            "{axios,got,node-fetch,request-promise,phin}.()",
            "global.fetch.()",
            "request.@*.2",
            "request.{get,post}.@*.2",
        ],
        Origin::Fetched,
    ),
    // What refuses names that climb by itself (yauzl, extract-zip, decompress with a folder) is left out.
    (
        &[
            "adm-zip.new.getEntries.()",
            "adm-zip.().getEntries.()",
            "{unzipper,unzip,unzip2,unzip-stream,node-unzip-2}.{Parse,ParseOne}.().on.@1.0",
            "{unzipper,unzip,unzip2,unzip-stream,node-unzip-2}.{Parse,ParseOne}.new.on.@1.0",
            "unzipper.Open.{file,buffer,url,s3,custom}.().files",
            "tar-stream.extract.().on.@1.0",
            "tar.{Parse,Parser}.new.on.@1.0",
            "jszip.loadAsync.().files",
            "jszip.loadAsync.().forEach.@0.0",
            "jszip.new.files",
            "jszip.new.forEach.@0.0",
            "jszip.new.loadAsync.().files",
            "jszip.new.loadAsync.().forEach.@0.0",
            "node-stream-zip.new.on.@1.0",
            "node-stream-zip.new.entries.()",
            "node-stream-zip.async.new.entries.()",
        ],
        Origin::Archive,
    ),
];

/// Those of the values from outside that cannot hold a line break: addresses and headers, as they were sent.
pub(super) const ONE_LINE: &[&str] = &[
    "~request.{headers,url,originalUrl,path,hostname,rawHeaders,subdomains,host,href,search,querystring,baseUrl}",
    "~request.{get,header,url}.()",
    "~context.{url,path,originalUrl,headers,href,querystring,search,hostname,host}",
    "~context.get.()",
];

/// Of these those that are texts, or objects of texts, whatever a client sends.
pub(super) const TEXTS: &[&str] = &[
    "~request.{params,headers,url,originalUrl,path,hostname,rawHeaders,subdomains,host,href,search,querystring}",
    "~request.{baseUrl,text,raw}",
    "~request.{get,header}.()",
    "~request.text.()",
    "~context.{params,url,path,originalUrl,headers,href,querystring,search,hostname,host}",
    "~context.{get}.()",
];

/// Of these those that are where the request was sent to.
pub(super) const ADDRESSES: &[&str] = &[
    "~request.{url,originalUrl,path,href,baseUrl}",
    "~context.{url,path,originalUrl,href}",
    "~loader.url",
    "~route.0.url",
];
