//! GraphQL that shows its schema to everybody.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "graphql-exposed",
    summary: "a GraphQL server shows its schema or a console to everybody",
    threat: Threat::Exf,
    cwes: &[200, 489],
    severity: Severity::Low,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("graphql_exposed.md"),
    checks: &[Check::Calls {
        of: &[
            "apollo-server.ApolloServer",
            "apollo-server-express.ApolloServer",
            "apollo-server-koa.ApolloServer",
            "@apollo/server.ApolloServer",
            "apollo-server-lambda.ApolloServer",
            "express-graphql",
            "express-graphql.graphqlHTTP",
            "graphql-yoga.createYoga",
            "graphql-yoga.GraphQLServer",
        ],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for option in ["introspection", "playground", "graphiql"] {
        if let Some(value) = call.option(context, 0, option).value()
            && context.is_boolean(value, true)
        {
            let issue = Issue::new(&RULE, value.span(), format!("{option} is on in production too"));
            context.report(issue.next("let the environment decide, and leave it off in production"));
        }
    }
}
