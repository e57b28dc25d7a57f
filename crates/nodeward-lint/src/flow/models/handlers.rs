//! Handlers that are not given to a server by a call of their own: as properties of options, by the names under which
//! a file exports them, by the types and decorators of their parameters.

use super::Origin;

/// Types and decorators of parameters, and what such a parameter is.
pub(super) const TYPES: &[(&[&str], &str)] = &[
    (
        &[
            "Request",
            "IncomingMessage",
            "Http2ServerRequest",
            "ExpressRequest",
            "FastifyRequest",
            "KoaRequest",
            "NextApiRequest",
            "NextRequest",
            "VercelRequest",
            "HttpRequest",
            "@Req",
            "@Request",
        ],
        "~request",
    ),
    (
        &[
            "Response",
            "ServerResponse",
            "Http2ServerResponse",
            "ExpressResponse",
            "FastifyReply",
            "NextApiResponse",
            "VercelResponse",
            "@Res",
            "@Response",
        ],
        "~response",
    ),
    (&["ParameterizedContext", "RouterContext", "KoaContext", "@Ctx"], "~context"),
    (&["Repository", "EntityManager", "DataSource", "QueryRunner"], "~entities"),
    (&["SelectQueryBuilder"], "~builder"),
    (&["GetServerSidePropsContext", "NextPageContext"], "~page"),
    (&["LoaderFunctionArgs", "ActionFunctionArgs", "LoaderArgs", "ActionArgs", "RequestEvent"], "~loader"),
    (
        &[
            "APIGatewayProxyEvent",
            "APIGatewayProxyEventV2",
            "APIGatewayEvent",
            "ALBEvent",
            "LambdaFunctionURLEvent",
            "SQSEvent",
            "SNSEvent",
            "S3Event",
            "DynamoDBStreamEvent",
            "KinesisStreamEvent",
        ],
        "~lambda",
    ),
    (
        &[
            "@Body",
            "@BodyParam",
            "@BodyProp",
            "@Query",
            "@QueryParam",
            "@QueryParams",
            "@Queries",
            "@Param",
            "@Params",
            "@Path",
            "@PathParams",
            "@Headers",
            "@Header",
            "@HeaderParam",
            "@HeaderParams",
            "@Cookies",
            "@CookieParam",
            "@CookieParams",
            "@UploadedFile",
            "@UploadedFiles",
            "@RawBody",
            "@HostParam",
            "@FormField",
            "@Payload",
            "@MessageBody",
            "@Args",
            "@Arg",
        ],
        "~message",
    ),
];

/// Names under which a file exports what a framework calls.
pub(super) const EXPORTED: &[(&[&str], &str)] = &[
    (&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"], "~route"),
    (&["getServerSideProps", "getInitialProps"], "~rendered"),
    (&["loader", "action"], "~loads"),
    (&["default"], "~worker"),
];

/// Interfaces that are the same as others, as in `request.rs`.
pub(super) const ALIASES: &[(&str, &str)] = &[
    // Next.js, SvelteKit, Remix, workers: functions that a file exports.
    ("~route.0", "~request"),
    ("~route.0.request", "~request"),
    ("~rendered.0", "~page"),
    ("~page.req", "~request"),
    ("~loads.0", "~loader"),
    ("~loader.request", "~request"),
    ("~worker.fetch.0", "~request"),
    ("global.Bun.serve.@0.fetch.0", "~request"),
    ("global.Deno.serve.@*.0", "~request"),
    // hapi.
    ("{@hapi/hapi,hapi}.{server,Server}.()", "~hapi"),
    ("{@hapi/hapi,hapi}.Server.new", "~hapi"),
    ("~hapi.route.@0.{handler,config,options}", "~handles"),
    ("~handles.handler", "~handles"),
    ("~handles.0", "~request"),
    ("~hapi.ext.@1.0", "~request"),
    // Fastify: all of a route in one object.
    ("~app.route.@*.{handler,preHandler,preValidation,onRequest}.0", "~request"),
    ("~app.route.@*.{handler,preHandler,preValidation,onRequest}.1", "~response"),
    (
        "~app.{get,post,put,delete,patch,all,head,options}.@*.{handler,preHandler,preValidation,onRequest}.0",
        "~request",
    ),
    ("~app.{register,withTypeProvider}.@0.0", "~app"),
    // Hono.
    ("~koa.{basePath,use,all,on,route}.()", "~koa"),
    ("~koa.on.@*.0", "~context"),
    // Functions of clouds.
    ("@google-cloud/functions-framework.http.@1.0", "~request"),
    ("@google-cloud/functions-framework.http.@1.1", "~response"),
    ("{firebase-functions,firebase-functions/v1}.https.onRequest.@*.0", "~request"),
    ("{firebase-functions,firebase-functions/v1}.https.onRequest.@*.1", "~response"),
    ("{firebase-functions/v2/https,firebase-functions/https}.onRequest.@*.0", "~request"),
    ("@azure/functions.app.{http,get,post,put,deleteRequest,patch}.@1.handler.0", "~request"),
    // tRPC: a chain that ends in a query or a mutation.
    ("@trpc/server.initTRPC.create.()", "~trpc"),
    ("@trpc/server.initTRPC.{context,meta}.().create.()", "~trpc"),
    ("~trpc.procedure", "~procedure"),
    ("~procedure.{input,output,use,meta,concat}.()", "~procedure"),
    // GraphQL.
    (
        "{apollo-server,apollo-server-express,@apollo/server,graphql-yoga}.{ApolloServer,GraphQLServer}.@0.resolvers",
        "~resolvers",
    ),
    (
        "{graphql-yoga,graphql-tools,@graphql-tools/schema}.{createSchema,makeExecutableSchema}.@0.resolvers",
        "~resolvers",
    ),
    ("~resolvers.*.*", "~resolver"),
    ("~resolver.1", "~message"),
    ("~resolver.{resolve,subscribe}.1", "~message"),
    // Uploads.
    ("~request.file", "~upload"),
    ("~request.files", "~uploads"),
    ("formidable.().parse.@1.2", "~uploads"),
    ("formidable.{IncomingForm,Formidable}.new.parse.@1.2", "~uploads"),
    ("multiparty.Form.new.parse.@1.2", "~uploads"),
    ("~uploads.*", "~upload"),
    ("~uploads.[]", "~upload"),
    ("~upload.[]", "~upload"),
    // TypeORM: what is handed in by type, and texts of queries that are put together.
    ("typeorm.{getRepository,getManager,getConnection}.()", "~entities"),
    ("typeorm.{DataSource,Connection}.new", "~entities"),
    ("~entities.{getRepository,manager}.()", "~entities"),
    ("~entities.manager", "~entities"),
    ("~entities.createQueryBuilder.()", "~builder"),
    (
        "~builder.{where,andWhere,orWhere,having,orderBy,addOrderBy,select,addSelect,leftJoin,innerJoin}.()",
        "~builder",
    ),
    (
        "~builder.{leftJoinAndSelect,innerJoinAndSelect,from,groupBy,skip,take,limit,offset,setParameter}.()",
        "~builder",
    ),
    // Clients with settings of their own.
    ("axios.create.()", "axios"),
    ("got.extend.()", "got"),
    ("{request,request-promise}.defaults.()", "request"),
    // Sockets in a namespace.
    ("socket%io.Server.new.of.().on.@1.0", "~socket"),
    ("socket%io.().of.().on.@1.0", "~socket"),
    ("socket%io.().sockets.on.@1.0", "~socket"),
    ("socket%io.Server.new.sockets.on.@1.0", "~socket"),
    // Servers of the Model Context Protocol: what a model is talked into sends these.
    (
        "{@modelcontextprotocol/sdk/server/index%js,@modelcontextprotocol/sdk/server}.Server.new.setRequestHandler.@1.0",
        "~message",
    ),
    ("{@modelcontextprotocol/sdk/server/mcp%js,@modelcontextprotocol/sdk/server/mcp}.McpServer.new", "~mcp"),
    ("~mcp.server.setRequestHandler.@1.0", "~message"),
    ("~mcp.{tool,registerTool,prompt,registerPrompt}.@*.0", "~message"),
    ("~mcp.{resource,registerResource}.@*.{0,1}", "~message"),
    ("fastmcp.FastMCP.new.addTool.@0.execute.0", "~message"),
    // Queues.
    ("{bull,bee-queue}.new.process.@*.0", "~job"),
    ("{bull,bee-queue}.().process.@*.0", "~job"),
    ("bullmq.Worker.@1.0", "~job"),
    ("~job.data", "~message"),
];

/// Values from outside, as in `request.rs`.
pub(super) const SOURCES: &[(&[&str], Origin)] = &[
    (
        &[
            "~route.1.params",
            "~route.0.{params,url,cookies}",
            "~request.{nextUrl,formData,searchParams,params,payload,input,info,state}",
            "~request.[]",
            "~page.{query,params,asPath,resolvedUrl,pathname}",
            "~loader.{params,url,cookies}",
            "~lambda.{body,queryStringParameters,multiValueQueryStringParameters,pathParameters,headers,Records}",
            "~lambda.{multiValueHeaders,rawPath,rawQueryString,arguments}",
            "~procedure.{query,mutation,subscription}.@0.0.{input,rawInput}",
            "{firebase-functions,firebase-functions/v1}.https.onCall.@*.0",
            "{firebase-functions/v2/https,firebase-functions/https}.onCall.@*.0.data",
            "global.{getQuery,readBody,getRouterParam,getRouterParams,readRawBody,readFormData}.()",
            "global.{getValidatedQuery,readMultipartFormData,getHeader,getHeaders,getRequestHeaders,getCookie}.()",
            "h3.{getQuery,readBody,getRouterParam,getRouterParams,readRawBody,readFormData,getCookie}.()",
            "h3.{readMultipartFormData,getHeader,getHeaders,getRequestHeaders,getRequestURL}.()",
            "next/headers.{cookies,headers}.()",
            // Uploads.
            "busboy.().on.@1.{0,1,2}",
            "busboy.new.on.@1.{0,1,2}",
            "formidable.().parse.@1.1",
            "formidable.{IncomingForm,Formidable}.new.parse.@1.1",
            "multiparty.Form.new.parse.@1.1",
            // Where a file was put the parser decides.
            "~upload.{originalname,originalFilename,name,mimetype,type,buffer,data,fieldname,encoding,headers}",
            // Queues and chats.
            "kafkajs.Kafka.new.consumer.().run.@0.{eachMessage,eachBatch}.0.{message,batch}",
            "{amqplib,amqplib/callback_api}.connect.@*.1.createChannel.@*.1.consume.@1.0",
            "{amqplib,amqplib/callback_api}.connect.().{createChannel,createConfirmChannel}.().consume.@1.0",
            "{mqtt,async-mqtt}.{connect,connectAsync}.().on.@1.{0,1}",
            "{redis,ioredis}.createClient.().on.@1.{0,1,2}",
            "redis.createClient.().{subscribe,pSubscribe}.@1.{0,1}",
            "ioredis.new.on.@1.{0,1,2}",
            "{nats}.connect.().subscribe.@*.{0,1}",
            "{nats}.connect.().subscribe.().[]",
            "@google-cloud/pubsub.PubSub.new.subscription.().on.@1.0",
            "sqs-consumer.Consumer.create.@0.{handleMessage,handleMessageBatch}.0",
            "zeromq.socket.().on.@1.{0,1,2}",
            "discord%js.Client.new.on.@1.0",
            "node-telegram-bot-api.new.{on,onText}.@1.{0,1}",
            "@slack/bolt.App.new.{message,command,action,event,shortcut,view}.@*.0.{message,body,payload,command,event}",
            "electron.ipcMain.{on,handle,once,handleOnce}.@1.{1,2,3}",
        ],
        Origin::Remote,
    ),
    (
        &[
            "commander.program.command.().{action}.@0.{0,1,2}",
            "commander.program.{action}.@0.{0,1,2}",
            "commander.{Command}.new.{action}.@0.{0,1,2}",
            "yargs.command.@*.handler.0",
            "cac.().command.().action.@0.{0,1,2}",
            "sade.().command.().action.@0.{0,1,2}",
            "util.parseArgs.()",
            "inquirer.prompt.()",
        ],
        Origin::Launch,
    ),
];
